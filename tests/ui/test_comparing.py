"""What the tabs that compare do: one question, shown piece by piece; links fill the form; tables become prompts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tests.ui.posted import as_posted
from tests.views.examples import HOSTILE
from tokimp.compare.templates import variations
from tokimp.models.text_model import TextModel
from tokimp.share import from_link, to_code
from tokimp.types import Request
from tokimp.ui import examples, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing import handlers, opening, payloads, tables
from tokimp.ui.comparing.components import MOST_BYTES, MethodList, TableFile
from tokimp.ui.comparing.display import sections
from tokimp.ui.comparing.kinds import COMPARE, KINDS, PROMPTS, Kind, method_list
from tokimp.ui.comparing.state import asked_from
from tokimp.ui.desk import Desk
from tokimp.ui.forms import Choice, OptionForm
from tokimp.ui.inside import opening as inside_opening
from tokimp.ui.state import Asked
from tokimp.ui.studies import sharing
from tokimp.ui.studies.base import FORMATS
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "compare")
METHODS = ("occlusion", "saliency")


@pytest.fixture
def arrival(desk: Desk) -> Arrival:
    return Arrival(hub_reachable=False, desk=desk)


def asked(kind: Kind, text: str = TEXTS["next-token"], **options: Any) -> Asked:
    given = {"evaluate": False, "keywords": "the"} | options
    return kind.with_options(kind.asked("next-token", "tiny", text, METHODS, None), given)


def ran(desk: Desk, question: Asked) -> list[dict[str, Any]]:
    changes = handlers.begin(desk, question, VISITOR)
    if "turn" not in changes:
        return [changes]
    return [changes, *handlers.run(desk, question, VISITOR, changes["turn"])]


def told(payload: dict[str, Any]) -> str:
    return " ".join("".join(text for text, _ in line["parts"]) for line in payload.get("value", payload)["lines"])


def parts_of(kind: Kind) -> set[str]:
    return {name for section in sections(kind.key) for name, _, _ in section.parts}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_run_ends_with_every_part(desk: Desk, kind: Kind) -> None:
    last = ran(desk, asked(kind))[-1]
    assert parts_of(kind) <= set(last)
    assert all(last[name]["state"] == "ready" for name in parts_of(kind))
    assert last["shown"].finished
    assert last["stop"]["interactive"] is False
    assert desk.turns.current(VISITOR) is None
    json.dumps([last[name]["value"] for name in parts_of(kind)], allow_nan=False)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_what_was_compared_before_is_shown_without_a_turn(desk: Desk, kind: Kind) -> None:
    first = ran(desk, asked(kind))[-1]["shown"]
    question = replace(asked(kind), revision=first.request.revision)
    changes = handlers.begin(desk, question, VISITOR)
    assert "turn" not in changes
    assert changes["shown"] is first
    assert changes["shown"].finished


def test_each_method_stands_there_as_it_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.001)
    seen = [
        len(changes["lines"]["value"]["lines"])
        for changes in ran(desk, asked(COMPARE, methods="x"))
        if "value" in changes.get("lines", {})
    ]
    assert seen[-1] == 3  # both methods, and all together
    assert seen == sorted(seen)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_stopping_keeps_what_is_known(desk: Desk, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.001)
    question = asked(kind, "one two three four\nfive six seven eight" if kind is PROMPTS else TEXTS["next-token"])
    begun = handlers.begin(desk, question, VISITOR)
    last: dict[str, Any] = {}
    for last in handlers.run(desk, question, VISITOR, begun["turn"]):
        if "told" in last and "shown" not in last:
            desk.turns.end(VISITOR)
    if last["shown"].finished:  # the last piece was as fast as the stop
        return
    assert "Stopped" in told(last["status"])
    assert last["share"]["value"] is None


def test_stopping_in_the_queue_undims(desk: Desk) -> None:
    begun = handlers.begin(desk, asked(COMPARE), VISITOR)
    assert begun["lines"]["state"] == "stale"
    changes = handlers.stop(desk, begun["question"], VISITOR, (begun["turn"], begun["turn"] - 1))
    assert changes["lines"]["state"] == "ready"
    assert "Stopped" in told(changes["status"])
    assert "lines" not in handlers.stop(desk, begun["question"], VISITOR, (begun["turn"], begun["turn"]))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (asked(COMPARE, " "), "There is no text yet."),
        (asked(COMPARE, "x" * (work.MOST_CHARACTERS + 1)), f"{work.MOST_CHARACTERS:,} are the limit"),
        (asked(PROMPTS, "line\n" * 51), "more than 50 prompts"),
        (replace(asked(COMPARE), options={"methods": ""}), "No method is chosen."),
    ],
)
def test_what_will_not_do_is_said_at_once(desk: Desk, question: Asked, sentence: str) -> None:
    changes = ran(desk, question)[-1]
    assert "turn" not in changes
    assert sentence in told(changes["status"])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_the_model_says_what_only_it_knows(desk: Desk, kind: Kind) -> None:
    last = ran(desk, replace(asked(kind), target=10**6))[-1]
    assert "There is no output" in told(last["status"])
    assert all(last[name]["state"] == "ready" for name in parts_of(kind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_hostile_texts_are_data(desk: Desk, kind: Kind) -> None:
    last = ran(desk, asked(kind, HOSTILE[:40], keywords="<script>, ${7*7}"))[-1]
    assert last["shown"].finished
    html = sharing.file_payload(last["shown"], ".html")["data"]
    assert html
    assert "<script>alert" not in last["share"]["value"]["embed"][1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_what_is_taken_along(desk: Desk, kind: Kind) -> None:
    shown = ran(desk, asked(kind))[-1]["shown"]
    assert from_link(sharing.share_payload(shown)["code"]) == shown.request  # type: ignore[index]
    for suffix in FORMATS:
        assert handlers.take_file(shown, suffix)["file"]["name"] == f"{kind.key}{suffix}"
    assert "There is no such format" in told(handlers.take_file(shown, ".exe")["status"])
    assert "Press Compare" in told(handlers.take_file(None, ".csv")["status"])
    assert handlers.take_file(shown, 7) == {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_the_form_asks_what_the_link_asks(arrival: Arrival, kind: Kind) -> None:
    question = replace(asked(kind, target=None), model="smollm2-135m", target="cat")
    request = question.request("")
    form = opening.form(arrival, kind, request)
    picks = [as_posted(Choice(render=False), form[name]) for name in ("model", "target")]
    chosen = as_posted(MethodList(render=False), form["methods"])
    options = as_posted(OptionForm(render=False), form["options"])
    assert asked_from(kind, (form["text"], picks[0], chosen, picks[1], options)) == question


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_link_opens_its_own_tab_and_shows_what_is_there(arrival: Arrival, kind: Kind) -> None:
    query = {"r": to_code(ran(arrival.desk, asked(kind))[-1]["shown"].request)}
    assert [opening.linked(query, each) is not None for each in KINDS] == [each is kind for each in KINDS]
    assert inside_opening.linked(query) is None
    linked = opening.linked(query, kind)
    assert linked is not None
    changes = opening.opened(arrival, kind, linked, VISITOR)
    assert changes["text"] == TEXTS["next-token"]
    assert changes["shown"].finished


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"methods": "guessing", "evaluate": "<b>", "colour": 1}, "view": "compare"},
        {"text": "{a: 1|2} {{{", "method": "guessing", "options": {"case": 3}, "view": "prompts"},
        {"text": "", "view": "compare"},
    ],
)
def test_a_hostile_link_fills_what_will_do_and_says_so(arrival: Arrival, wrong: dict[str, Any]) -> None:
    base = Request("smollm2-135m", "", "next-token", TEXTS["next-token"], "")
    request = replace(base, **wrong)
    kind = next(each for each in KINDS if each.key == request.view)
    assert opening.linked({"r": to_code(request)}, kind) == request
    changes = opening.opened(arrival, kind, request, VISITOR)
    assert "turn" not in changes
    assert changes["status"]["lines"][0]["kind"] == "error"
    assert changes["methods"]["chosen"]


@pytest.mark.parametrize("query", [{}, {"r": "1damaged"}, {"r": "9"}])
def test_other_links_are_told_of_elsewhere(query: dict[str, str]) -> None:
    assert [opening.linked(query, kind) for kind in KINDS] == [None, None]


def test_methods_that_a_model_does_not_offer_are_greyed_and_left_out(
    decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "offers", frozenset({"gradient"}))
    payload = method_list("next-token", ("attention", "occlusion"), decoder)
    entries = {each["value"]: each for group in payload["groups"] for each in group["options"]}
    assert entries["attention"]["disabled"]
    assert "attention weights" in entries["attention"]["reason"]
    assert payload["chosen"] == ["occlusion"]
    assert as_posted(MethodList(render=False), payload) == ("occlusion",)


def test_classes_can_be_picked_once_they_are_known(classifier: TextModel) -> None:
    payload = COMPARE.target_list("classification", 1, classifier)
    classes = payload["groups"][-1]["options"]
    assert [each["label"] for each in classes] == list(classifier.labels)
    assert payload["chosen"] == 1
    assert as_posted(Choice(render=False), COMPARE.target_list("next-token", " cat")) == " cat"


def test_one_of_several_payloads_is_shown() -> None:
    payload = payloads.switched({"a": {"tree": 1}, "b": {"tree": 2}}, {"a": "A", "b": "B"}, "Measure")
    assert payload is not None
    assert (payload["shown"], payload["tree"], payload["order"]) == ("a", 1, ["a", "b"])
    assert payloads.switched({}, {}, "Measure") is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_what_is_made_ready_is_what_the_form_asks_first(kind: Kind) -> None:
    example = kind.examples[0]
    chosen = as_posted(MethodList(render=False), method_list(example.task, kind.usual))
    options = as_posted(OptionForm(render=False), kind.form(example.options))
    assert asked_from(kind, (example.text, "minilm-sentiment", chosen, None, options)) == kind.first("minilm-sentiment")


def test_every_example_can_be_asked() -> None:
    tasks = {start.task for start in examples.starts()}
    for kind in KINDS:
        for example in kind.examples:
            assert example.task in tasks
            assert len(variations(example.text)) >= 1
            assert set(example.options) <= {each.name for each in kind.options}


@pytest.mark.parametrize(
    ("table", "column", "prompts"),
    [
        ("prompt,label\nA b,1\n\nC d,0\n", None, "A b\nC d"),
        ("x;y\n1;The film\n2;The book\n", 1, "The film\nThe book"),
        ('text\n"Two\nlines"\n', None, "Two lines"),
        ("text\n{a: 1|2}\n", None, "{{a: 1|2}}"),
        ("\ufeffonly one\nand another\n", None, "only one\nand another"),
        ("a,b\n1,2\n", None, None),
        ("", None, None),
        ("a\x00b", 5, "a\x00b"),
        ("text\n" + "line\n" * 51, None, None),
    ],
)
def test_a_table_becomes_prompts(table: str, column: int | None, prompts: str | None) -> None:
    offered, found = tables.taken({"text": table, "column": column})
    assert found == prompts
    assert offered["note"]
    if found is not None and "\x00" not in found:
        cells = [each.text for each in variations(found)]
        assert "{a: 1|2}" in cells or len(cells) == len(found.split("\n"))


@pytest.mark.parametrize("given", [{}, {"text": 7}, {"text": "x" * (MOST_BYTES + 1)}, {"text": "é" * MOST_BYTES}])
def test_what_is_no_table_is_refused(given: dict[str, Any]) -> None:
    offered, found = tables.taken(given)
    assert found is None
    assert "256 KB" in offered["note"]


@pytest.mark.parametrize("posted", [None, "", "[1]", "{", '{"chosen": [1, "a"]}', '{"chosen": "a"}'])
def test_what_a_browser_posts_is_read_with_care(posted: str | None) -> None:
    assert MethodList(render=False).preprocess(posted) in ((), ("a",))
    assert isinstance(TableFile(render=False).preprocess(posted), dict)
