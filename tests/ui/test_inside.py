"""What the tab Inside does: one selection for all views, each looked for only when it is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tokimp.errors import OptionError
from tokimp.internals.looks import LOOKS
from tokimp.models.text_model import TextModel
from tokimp.share import from_link
from tokimp.types import Task
from tokimp.ui.desk import Desk
from tokimp.ui.inside import handlers, sharing
from tokimp.ui.inside.display import DEPENDS, FOLLOWING
from tokimp.ui.inside.payloads import DRAWN
from tokimp.ui.inside.pointing import pointed
from tokimp.ui.inside.state import Selection, Shown
from tokimp.ui.inside.tab import VIEW_OF, VIEW_PARTS
from tokimp.ui.looking import Looking
from tokimp.ui.state import Asked
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "inside")
TASK: Task = "next-token"


@pytest.fixture
def shown(decoder: TextModel) -> Shown:
    return Shown(Asked(TASK, decoder.key, TEXTS[TASK], ""))


def run(desk: Desk, shown: Shown, *views: str, settings: Any = None) -> list[dict[str, Any]]:
    changes = handlers.follow(desk, shown, views, settings or {}, VISITOR)
    if "turn" not in changes:
        return [changes]
    found = handlers.run(desk, changes["question"], changes["shown"], VISITOR, changes["turn"])
    return [changes, *found]


def told(payload: dict[str, Any]) -> str:
    return " ".join("".join(text for text, _ in line["parts"]) for line in payload.get("value", payload)["lines"])


def test_every_look_has_a_view_and_every_part_a_place() -> None:
    assert set(LOOKS) == set(VIEW_PARTS)
    assert set(DRAWN) == set(DEPENDS) == set(VIEW_OF)


def test_only_open_views_are_looked_for(desk: Desk, shown: Shown) -> None:
    changes = handlers.follow(desk, shown, ("network",), {}, VISITOR)
    assert [asked.view for asked in changes["question"]] == ["network"]
    last = run(desk, shown, "network")[-1]
    assert set(last["shown"].seen) == {"network"}
    assert last["stop"]["interactive"] is False
    assert desk.turns.current(VISITOR) is None


def test_what_is_kept_follows_a_click_without_a_turn(desk: Desk, shown: Shown) -> None:
    views = tuple(LOOKS)
    latest = run(desk, shown, *views)[-1]["shown"]
    for selection in (Selection(token=1), Selection(token=1, layer=2, head=1), Selection(layer=0)):
        changes = handlers.follow(desk, replace(latest, selection=selection), views, {}, VISITOR)
        assert [asked.view for asked in changes.get("question", ())] == []
        latest = changes["shown"]


def test_only_what_changed_is_sent_again(desk: Desk, shown: Shown) -> None:
    latest = run(desk, shown, "attention", "token_probabilities")[-1]["shown"]
    moved = replace(latest, selection=Selection(layer=1))
    changes = handlers.follow(desk, moved, ("attention", "token_probabilities"), {}, VISITOR)
    assert "value" in changes["attention_map"]
    assert not {"attention_grid", "probability_text", "told_attention", "strip"} & set(changes)


def test_what_is_only_marked_is_not_sent_again(desk: Desk, shown: Shown) -> None:
    views = tuple(LOOKS)
    latest = run(desk, shown, *views)[-1]["shown"]
    changes = handlers.follow(desk, replace(latest, selection=Selection(token=1)), views, {}, VISITOR, moved=True)
    assert set(changes) & set(VIEW_OF) == {"lens_answer", "state_way", "state_similarity"}
    assert changes["pointed"]["at"] == {"token": 1, "layer": None, "head": None, "key": None}


@pytest.mark.parametrize("selection", [Selection(token=1), Selection(layer=2), Selection(layer=1, head=0), Selection()])
def test_a_click_changes_no_more_than_it_says(desk: Desk, shown: Shown, selection: Selection) -> None:
    views = tuple(LOOKS)
    latest = replace(run(desk, shown, *views)[-1]["shown"], selection=Selection(token=0, layer=0))
    known = handlers.follow(desk, replace(latest, selection=selection), views, {}, VISITOR, moved=True)
    desk.looking = Looking()
    asked = handlers.follow(desk, replace(latest, selection=selection), views, {}, VISITOR, moved=True)
    assert len(asked["question"]) == len(views)
    for changes in (known, asked):
        assert set(changes) <= set(FOLLOWING)


@pytest.mark.parametrize(
    ("part", "click", "wanted"),
    [
        ("strip", {"index": 2}, Selection(token=2)),
        ("strip", {"index": 99}, Selection()),
        ("strip", {"index": "2"}, Selection()),
        ("attention_grid", {"kind": "head", "index": [1, 3]}, Selection(layer=2, head=3)),
        ("attention_grid", {"kind": "head", "index": [None, None]}, Selection()),
        ("attention_grid", {"kind": "layer", "index": 0}, Selection(layer=1)),
        ("attention_map", {"kind": "cell", "index": [2, 1]}, Selection(token=2, key=1)),
        ("attention_map", {"kind": "cell", "index": [2]}, Selection()),
        ("lens_table", {"index": [1, 0]}, Selection(layer=1, token=0)),
        ("layer_scores", {"index": [2, 1]}, Selection(layer=2, token=1)),
        ("state_way", {"kind": "layer", "index": 1}, Selection(layer=1)),
        ("network_paths", {"kind": "token", "index": 1, "layer": 1}, Selection(token=1, layer=1)),
        ("agreement_chart", {}, Selection()),
    ],
)
def test_a_click_is_a_selection_or_nothing(
    desk: Desk, shown: Shown, part: str, click: dict[str, Any], wanted: Selection
) -> None:
    latest = run(desk, shown, *LOOKS)[-1]["shown"]
    assert pointed(part, click, latest) == wanted


def test_an_error_of_one_view_leaves_the_others(desk: Desk, shown: Shown) -> None:
    wrong = replace(shown, asked=replace(shown.asked, target=10**6))
    changes = run(desk, wrong, "layers", "attention")
    assert any("There is no output" in told(each["told_layers"]) for each in changes if "told_layers" in each)
    assert "attention" in changes[-1]["shown"].seen


def test_an_error_of_the_text_is_told_once_and_undims(desk: Desk, shown: Shown) -> None:
    last = run(desk, replace(shown, asked=replace(shown.asked, text=" ")), "attention")[-1]
    assert "There is no text yet." in told(last["status"])
    assert last["attention_map"]["state"] == "ready"


def test_what_is_taken_along_is_the_view_as_it_stands(desk: Desk, shown: Shown) -> None:
    pointing = replace(shown, selection=Selection(token=1, layer=1), active="hidden_states")
    latest = run(desk, pointing, "hidden_states")[-1]["shown"]
    payload = sharing.share_payload(latest.seen["hidden_states"])
    request = from_link(payload["code"])
    assert (request.view, dict(request.options)) == ("hidden_states", {"token": 1, "layer": 1})
    for suffix in sharing.FORMATS:
        assert sharing.file_payload(latest.seen["hidden_states"], suffix, {})["data"]


@pytest.mark.parametrize("view", list(LOOKS))
def test_a_picture_is_of_the_drawing_that_is_asked_for(desk: Desk, shown: Shown, view: str) -> None:
    seen = run(desk, shown, view)[-1]["shown"].seen[view]
    names = sharing.share_payload(seen)["figures"]
    files = [sharing.file_payload(seen, ".svg", {"figure": place})["data"] for place in range(len(names))]
    assert len(set(files)) == len(names) == len(set(names))
    assert sharing.file_payload(seen, ".svg", {"figure": "1"})["data"] == files[0]
    for place in (-1, len(names)):
        with pytest.raises(OptionError, match="no drawing"):
            sharing.file_payload(seen, ".svg", {"figure": place})


def test_a_click_before_a_view_is_on_screen_gives_it_a_turn(desk: Desk, shown: Shown) -> None:
    views = tuple(LOOKS)
    latest = run(desk, shown, *views)[-1]["shown"]
    early = replace(latest.without("layers", VIEW_PARTS["layers"]), selection=Selection(token=1))
    changes = handlers.follow(desk, early, views, {}, VISITOR, moved=True)
    assert set(changes) <= set(FOLLOWING)
    assert [asked.view for asked in changes["question"]] == ["layers"]
    last = list(handlers.run(desk, changes["question"], changes["shown"], VISITOR, changes["turn"]))[-1]
    assert {"layer_scores", "layer_text", "told_layers"} <= set(last)
