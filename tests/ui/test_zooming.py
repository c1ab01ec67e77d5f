"""Looking into one sentence of a result and back: what is offered, asked, shown, linked, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import models
from tests.ui.posted import as_posted
from tokimp.models.text_model import TextModel
from tokimp.share import from_link, to_code
from tokimp.types import Role
from tokimp.ui import display, examples, handlers, opening, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.desk import Desk
from tokimp.ui.forms import OptionForm
from tokimp.ui.state import Asked, Result, asked_of
from tokimp.ui.visitors import Visitor
from tokimp.ui.zooming import asking, within
from tokimp.ui.zooming.row import BACK, chosen, row

VISITOR = Visitor("a session", "next-token")
START = next(start for start in examples.starts() if start.task == "next-token")
TEXT = "The film was good. Not bad.\n\nYou and the girl.\nThe little film.\n\nIn Paris it was not"
SENTENCES: dict[str, Any] = {"players": "sentences"}


@pytest.fixture(scope="module")
def model() -> TextModel:
    return models.tiny("gpt2", "next-token", n_positions=512)


@pytest.fixture(autouse=True)
def asks_it(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "model_for", lambda _asked: model)
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "1")


def result_of(method: str = "occlusion", text: str = TEXT, roles: tuple[Role, ...] = (), **options: Any) -> Result:
    asked = Asked("next-token", "tiny-gpt2", text, method, target=10, options=options, roles=roles)
    return work.answer(asked, lambda _: None)


def token_of(result: Result, word: str) -> int:
    return next(i for i, token in enumerate(result.explanation.tokens) if word.startswith(token.text.strip() or "?"))


def told(changes: dict[str, Any]) -> str:
    return "".join(text for line in changes["zoom_said"]["value"]["lines"] for text, _ in line["parts"])


def finished(desk: Desk, changes: dict[str, Any]) -> dict[str, Any]:
    """What is on screen at once, or once the turn that was begun has ended."""
    if "turn" not in changes:
        return changes
    steps: Iterator[dict[str, Any]] = handlers.run(desk, changes["question"], None, VISITOR, changes["turn"])
    return list(steps)[-1]


def zoomed(desk: Desk, result: Result, token: int) -> dict[str, Any]:
    return finished(desk, asking.pressed(desk, result, token, None, VISITOR))


def test_a_click_chooses_the_sentence_around_it() -> None:
    result = result_of(**SENTENCES)
    offered = row(result)
    assert told(offered) == "Choose a word of the text to look into its sentence."
    assert offered["zoom"] == chosen(result, None)["zoom"]
    assert (offered["zoom"]["visible"], offered["zoom"]["interactive"]) == (True, False)
    picked = chosen(result, token_of(result, "girl"))
    assert told(picked) == "You and the girl."
    assert (picked["zoom"]["value"], picked["zoom"]["interactive"]) == ("Zoom into this sentence", True)
    assert chosen(replace(result, finished=False), 0) == {}


def test_the_sentence_is_asked_about_and_its_tokens_are_the_players() -> None:
    desk, result = Desk(), result_of(**SENTENCES)
    token = token_of(result, "girl")
    begun = asking.pressed(desk, result, token, None, VISITOR)
    assert begun["zoomed_from"] == result.explanation.request
    asked = begun["question"]
    assert (asked.text, asked.target, dict(asked.options)) == (TEXT, 10, {})
    assert as_posted(OptionForm(render=False), begun["options"]) == {}
    last = finished(desk, begun)
    assert told(last) == "Only this sentence can be taken away; everything else stays."
    assert last["zoom"]["value"] == BACK
    inside = last["shown"].explanation
    start, end = TEXT.index("\n\nYou"), TEXT.index("girl.") + 5
    free = np.array([start <= each.start < end for each in inside.tokens])
    np.testing.assert_array_equal(inside.scores != 0, free)
    assert inside.output == pytest.approx(result.explanation.output, abs=1e-6)
    items = last["tokens"]["value"]["tokens"]["items"]
    np.testing.assert_array_equal([item["pinned"] for item in items], ~free)
    assert len(last["table"]["value"]["rows"]) == free.sum()


def test_the_way_back_is_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, result = Desk(), result_of(**SENTENCES)
    desk.results.keep(result)
    token = token_of(result, "girl")
    inside = zoomed(desk, result, token)["shown"]
    monkeypatch.setattr(work, "answer", None)
    for came_from in (result.explanation.request, None):
        changes = asking.pressed(desk, inside, 0, came_from, VISITOR)
        assert "turn" not in changes
        assert changes["shown"] is result
        assert told(changes) == "You and the girl."  # still chosen
        assert changes["zoom"]["interactive"] is True
        assert changes["zoomed_from"] is None
        assert as_posted(OptionForm(render=False), changes["options"]) == SENTENCES


def test_back_is_where_the_visitor_came_from() -> None:
    """A paragraph of one sentence may have been looked into from either."""
    desk, text = Desk(), "The film was good.\nNot bad.\nIn Paris it was"
    found = {kind: desk.results.keep(result_of(text=text, players=kind)) for kind in ("sentences", "paragraphs")}
    for result in found.values():
        inside = zoomed(desk, result, 0)["shown"]
        back = asking.pressed(desk, inside, None, result.explanation.request, VISITOR)
        assert back["shown"] is result


def test_a_link_opens_what_is_looked_into_with_the_way_back() -> None:
    arrival = Arrival(hub_reachable=False)
    result = result_of("shapley_sampling", budget=16, players="paragraphs")
    token = token_of(result, "girl")
    request = zoomed(arrival.desk, result, token)["shown"].explanation.request
    link = from_link(to_code(request))
    assert link == request
    fresh = Arrival(hub_reachable=False)
    opened = opening.opened(fresh, link, START, VISITOR)
    assert (opened["text"], opened["question"].roles) == (TEXT, request.roles)
    last = finished(fresh.desk, opened)
    assert told(last) == "Only this paragraph can be taken away; everything else stays."
    np.testing.assert_array_equal(
        last["shown"].explanation.scores,
        arrival.desk.results.find(request).explanation.scores,  # type: ignore[union-attr]
    )
    back = asking.pressed(fresh.desk, last["shown"], None, None, VISITOR)
    assert back["question"] == asked_of(result.explanation.request)
    again = opening.opened(arrival, link, START, VISITOR)
    assert "turn" not in again
    assert again["zoom"]["value"] == BACK


@pytest.mark.parametrize("kind", ["sentences", "paragraphs"])
@pytest.mark.parametrize(
    "roles", [(), ((0, 4, "pinned"),), ((0, 4, "template"), (4, 29, "system"), (29, len(TEXT), "user"))]
)
def test_every_unit_knows_the_way_back(kind: str, roles: tuple[Role, ...]) -> None:
    result = result_of(roles=roles, players=kind)
    entered = 0
    for token in range(len(result.explanation.tokens)):
        request = within.into(result.explanation, token)
        if request is None:
            continue
        entered += 1
        question = Asked("next-token", "tiny-gpt2", TEXT, "occlusion", target=10, roles=request.roles)
        if entered % 5 == 1:
            inside = work.answer(question, lambda _: None).explanation
            assert result.explanation.request in within.wholes(inside)
            assert within.looked_into(inside)
            assert within.kind_of(inside) == ""
    assert entered > 20


def test_what_is_pinned_by_hand_is_no_way_back() -> None:
    for roles in (((3, 9, "pinned"),), ((0, 7, "pinned"),), ((0, 7, "pinned"), (40, len(TEXT), "pinned"))):
        result = result_of(roles=roles)
        assert within.wholes(result.explanation) == []
        assert row(result)["zoom"]["visible"] is False


def test_it_is_offered_only_where_it_means_something() -> None:
    long = " ".join(["The film was not good."] * 40)
    nothing = [
        result_of(),  # each token's effect is known already
        result_of("gradient_x_input"),
        result_of(text="The film was good", **SENTENCES),
        result_of("shapley_sampling", budget=32),
        result_of(text=long),
        result_of(text=long, replacement="unk"),
    ]
    for result in nothing:
        assert row(result)["zoom"]["visible"] is False
        assert chosen(result, 0) == {}
        assert asking.pressed(Desk(), result, 0, None, VISITOR) == {}
    sampled = result_of("shapley_sampling", text=long, budget=32)
    assert within.kind_of(sampled.explanation) == "sentences"
    assert row(replace(sampled, finished=False))["zoom"]["visible"] is False
    assert row(None) == {name: value for name, value in display.emptied().items() if name in ("zoom", "zoom_said")}


def test_words_of_several_tokens_can_be_looked_into() -> None:
    result = result_of(text="The unbelievableness was good", players="words")
    words = [within.into(result.explanation, token) for token in range(len(result.explanation.tokens))]
    entered = {within.excerpt(result.explanation, each).strip() for each in words if each is not None}
    assert "unbelievableness" in entered
    assert told(row(result)) == "Choose a word of the text to look into its tokens."


@pytest.mark.parametrize("token", [None, -1, 10_000, "0", 1.0])
def test_what_is_no_token_is_not_looked_into(token: Any) -> None:
    result = result_of(**SENTENCES)
    assert asking.pressed(Desk(), result, token, None, VISITOR) == {}
    assert asking.pressed(Desk(), replace(result, finished=False), 0, None, VISITOR) == {}
    assert "no result at hand" in str(asking.pressed(Desk(), None, 0, None, VISITOR))


def test_the_form_asks_about_the_sentence_as_long_as_the_text_stays() -> None:
    desk, result = Desk(), result_of(**SENTENCES)
    inside = zoomed(desk, result, token_of(result, "girl"))["shown"]
    roles = inside.explanation.request.roles
    form = Asked("next-token", "tiny-gpt2", TEXT, "occlusion", target=11)
    assert asking.kept(form, inside) == replace(form, roles=roles)
    assert asking.kept(replace(form, method="kernel_shap"), inside).roles == roles
    other = (
        replace(form, text=TEXT + "."),
        replace(form, options=SENTENCES),
        replace(form, method="gradient_x_input"),
    )
    for asked in other:
        assert asking.kept(asked, inside) is asked
    assert asking.kept(form, result) is form
    assert asking.kept(form, None) is form


def test_a_paragraph_that_is_looked_into_can_have_sentences_for_players() -> None:
    desk, result = Desk(), result_of(players="paragraphs")
    inside = zoomed(desk, result, token_of(result, "girl"))["shown"]
    form = Asked("next-token", "tiny-gpt2", TEXT, "occlusion", target=10, options=SENTENCES)
    asked = asking.kept(form, inside)
    assert asked.roles == inside.explanation.request.roles
    by_sentences = work.answer(asked, lambda _: None)
    assert len(np.unique(by_sentences.explanation.scores)) == 4  # two sentences, the line end behind them, what stays
    assert told(row(by_sentences)).startswith("Only this paragraph")
    assert within.wholes(by_sentences.explanation)[0] == result.explanation.request
    assert asking.kept(replace(form, options={"players": "paragraphs"}), inside).roles == ()
