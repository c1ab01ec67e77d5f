"""Reasons on real weights: the first token of a decoder, and two words that only mean something together."""

from __future__ import annotations

import pytest

import tokimp
from tokimp.reasons import Reason
from tokimp.why import reasons, without_sinks

pytestmark = pytest.mark.packs

STORY = "In the middle of the night, the old man walked to the"


def rows(reason: Reason) -> dict[str, float]:
    return {row.name: row.value for row in reason.numbers}


def test_a_decoders_first_word_soaks_up_attention_that_carries_little() -> None:
    model = tokimp.load("smollm2-135m")
    explanation = tokimp.explain(model, STORY, "attention")
    found = next(each for each in reasons(model, explanation, 0) if each.reasons[-1].kind == "sink")
    sink = rows(found["sink"])
    assert found.sink is True
    assert found.sentence.startswith("Probably an attention sink: “In”, the first token,")
    assert sink["attention received"] > 0.5
    assert sink["attention of an ordinary token that carries as much"] < 0.4 * sink["attention received"]
    assert sink["change of the value without it"] < sink["change without another token, mean"]
    assert sink["attention that the next token receives as the first"] > 0.5
    assert "Without it “ the” comes first" in found["sink"].sentence
    sinks = without_sinks(model, explanation)
    assert sinks.positions == (0,)
    assert sinks.share > 0.5


def test_a_first_word_whose_removal_moves_the_place_is_told_by_others_in_its_place() -> None:
    model = tokimp.load("smollm2-135m")
    explanation = tokimp.explain(model, "To be or not to be, that is the", "attention")
    found = next(each for each in reasons(model, explanation, 0) if each.reasons[-1].kind == "sink")
    sink = rows(found["sink"])
    assert found.sink is True
    assert "with another token in its place the value changes by" in found.sentence
    typical = sink["change without another token, mean"]
    assert sink["change with another token in its place, mean"] < typical < sink["change of the value without it"]


def test_a_telling_word_is_no_sink() -> None:
    model = tokimp.load("smollm2-135m")
    explanation = tokimp.explain(model, "The capital of France is", "gradient_x_input")
    found = next(each for each in reasons(model, explanation, 3) if each.reasons[-1].kind == "sink")
    assert found.sink is False
    assert found.sentence.startswith("A real effect: the removal of “ France”")


def test_not_and_bad_work_together() -> None:
    model = tokimp.load("minilm-sentiment")
    explanation = tokimp.explain(model, "This film is not bad at all.", "gradient_x_input", target="positive")
    for token, partner in ((4, "bad"), (5, "not")):
        found = tokimp.why(model, explanation, token=token)["interactions"]
        assert f"It works together with “{partner}” most" in found.sentence
        assert "more towards the answer" in found.sentence
        index, *_ = found.numbers
        assert index.name.startswith(f"with “{partner}” (token {9 - token}), Shapley interaction")
        assert index.stderr is not None
        assert index.value > 1 > 10 * index.stderr
