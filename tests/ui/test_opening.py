"""A link fills the form and shows its result, or says what is the matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tests.ui.posted import as_posted
from tokimp.errors import LinkError
from tokimp.methods.base import METHODS, options_of
from tokimp.models.text_model import TextModel
from tokimp.share import from_link
from tokimp.types import Request
from tokimp.ui import controls, examples, handlers, opening, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.forms import Choice, OptionForm
from tokimp.ui.state import asked_of
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "next-token")
START = next(start for start in examples.starts() if start.task == "next-token")
REQUEST = Request(
    "gpt2",
    "",
    "next-token",
    "The girl was not",
    "shapley_sampling",
    target=5,
    contrast=" boy",
    output="prob",
    options={"budget": 40},
    seed=7,
    precision="bf16",
)


@pytest.fixture
def arrival() -> Arrival:
    return Arrival(hub_reachable=False)


def opened(arrival: Arrival, **changes: Any) -> dict[str, Any]:
    return opening.opened(arrival, replace(REQUEST, **changes), START, VISITOR)


def words(payload: dict[str, Any]) -> str:
    return " ".join("".join(text for text, _ in line["parts"]) for line in payload["lines"])


def test_the_form_asks_what_the_link_asks(arrival: Arrival) -> None:
    form = opening.form(REQUEST, START, arrival)
    choice = Choice(render=False)
    picks = [as_posted(choice, form[name]["value"]) for name in ("target", "contrast", "mask")]
    options = as_posted(OptionForm(render=False), form["options"])
    values = (form["text"], *(as_posted(choice, form[name]) for name in ("model", "method")), options, *picks)
    asked = handlers.asked_from("next-token", values)
    assert asked == replace(asked_of(REQUEST), revision=None)
    unlikely = form["target"]["value"]["groups"][0]["options"][-1]
    assert unlikely == {"value": 5, "label": "token 5"}


@pytest.mark.parametrize("key", METHODS)
def test_every_option_of_every_method_comes_back(arrival: Arrival, key: str) -> None:
    other = {
        each.name: each.choices[-1] if each.choices else each.high or each.low for each in options_of(METHODS[key])
    }
    changed = {name: value for name, value in other.items() if value is not None}
    form = opening.form(replace(REQUEST, method=key, options=changed), START, arrival)
    kept = as_posted(OptionForm(render=False), form["options"])
    defaults = {each.name: each.default for each in options_of(METHODS[key])}
    common = {"output": "prob", "precision": "bf16"} | ({"seed": 7} if METHODS[key].info.stochastic else {})
    assert kept == {name: value for name, value in changed.items() if value != defaults[name]} | common


def test_a_question_that_is_new_is_computed_as_the_link_asks_it(arrival: Arrival) -> None:
    changes = opened(arrival, revision="abc")
    assert changes["question"] == replace(asked_of(REQUEST), revision="abc")
    assert changes["turn"] == arrival.desk.turns.current(VISITOR)
    assert changes["tokens"]["value"] is None
    assert changes["shown"] is None
    assert changes["share"]["value"] is None


def test_a_stored_result_is_shown_at_once(
    arrival: Arrival, decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "1")
    request = Request(decoder.key, decoder.revision, "next-token", TEXTS["next-token"], "occlusion")
    result = work.answer(asked_of(request), lambda _: None)
    arrival.desk.results.keep(result)
    changes = opening.opened(arrival, request, START, VISITOR)
    assert changes["shown"].explanation.scores.tolist() == result.explanation.scores.tolist()
    assert "turn" not in changes
    assert changes["text"] == request.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "a" * 20_001}, "20,001 characters"),
        ({"text": " "}, "There is no text"),
        ({"method": "guessing"}, "There is no method 'guessing'"),
        ({"options": {"budget": -1}}, "budget = -1 will not do"),
        ({"options": {"patience": 3}}, "There is no option of shapley_sampling 'patience'"),
        ({"seed": 2**40}, "seed is too large"),
        ({"model": "someone/model"}, "not in this page's list"),
    ],
)
def test_a_link_is_checked_like_the_form(
    arrival: Arrival, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "0")
    changes = opened(arrival, **change)
    assert message in words(changes["notice"])
    assert "turn" not in changes
    assert changes["text"] == (change.get("text") or REQUEST.text)
    assert as_posted(Choice(render=False), changes["method"]) in METHODS
    chosen = as_posted(Choice(render=False), changes["model"])
    assert chosen == (arrival.models["next-token"] if "model" in change else REQUEST.model)
    assert "patience" not in as_posted(OptionForm(render=False), changes["options"])


def test_a_link_that_nothing_can_be_read_from_empties_the_form() -> None:
    changes = opening.refused(LinkError("This link is damaged.", "Copy it again."))
    assert changes["text"] == ""
    assert words(changes["notice"]) == "This link is damaged. Copy it again."
    assert changes["tokens"]["value"] is None
    assert changes["target"]["visible"] is False


def test_a_result_without_a_tab_is_pointed_to() -> None:
    request = Request("t5-small", "", "seq2seq", "The house is small.", "saliency", target="Haus")
    (line,) = opening.elsewhere(request)["notice"]["lines"]
    (address,) = [part[2] for part in line["parts"] if part[1] == "a"]
    assert address.startswith("e/")
    assert from_link(address.removeprefix("e/")) == request


def test_several_masks_are_told_apart(arrival: Arrival) -> None:
    request = Request("minilm-mlm", "", "masked-lm", "The [MASK] barked at the [MASK].", "occlusion", mask=1)
    form = opening.form(request, START, arrival)
    assert form["mask"]["visible"] is True
    assert as_posted(Choice(render=False), form["mask"]["value"]) == 1
    assert controls.mask_choice(request.text, 1) == form["mask"]["value"]
