"""Functions that say what comes next: over labels, over a vocabulary, as lists of the likeliest, for a fixed answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tokimp
from tests import models
from tokimp.errors import BlackBoxError, MethodUnavailableError, OptionError, UnknownTargetError

TEXT = "The capital of France is"


def told(texts: Sequence[str]) -> list[dict[str, float]]:
    """The likeliest next words, of which Paris is one only with France."""
    rows = []
    for text in texts:
        paris = {" Paris": -0.5} if "France" in text else {}
        rows.append({**paris, " Rome": -2.0 if "capital" in text else -4.0, " the": -3.0})
    return rows


def named(texts: Sequence[str]) -> Any:
    return [[row.get(" Paris", -9.0), row[" Rome"]] for row in told(texts)]


def test_labels_are_what_can_be_said() -> None:
    made = tokimp.black_box(named, task="next-token", labels=[" Paris", " Rome"], output="log-probabilities")
    found = tokimp.explain(made, TEXT, "occlusion", target="Paris")
    assert (found.target.label, found.output) == (" Paris", -0.5)
    np.testing.assert_allclose(found.scores, [0, 0, 0, 8.5, 0])
    assert tokimp.explain(made, TEXT, "occlusion", target=1).scores[1] == pytest.approx(2.0)
    with pytest.raises(UnknownTargetError, match=r"no answer of this model.* Paris,  Rome"):
        tokimp.explain(made, TEXT, "occlusion", target="London")
    unnamed = tokimp.black_box(named, task="next-token", output="log-probabilities")
    with pytest.raises(OptionError, match="labels"):
        tokimp.predict(unnamed, TEXT)


def test_lists_of_the_likeliest_are_enough() -> None:
    made = tokimp.black_box(told, task="next-token", output="log-probabilities")
    said = tokimp.predict(made, TEXT).candidates
    assert [(each.label, each.logit) for each in said] == [(" Paris", -0.5), (" Rome", -2.0), (" the", -3.0)]
    found = tokimp.explain(made, TEXT, "occlusion")
    assert found.target.label == " Paris"
    np.testing.assert_allclose(
        found.scores, [0, 0, 0, 2.5, 0], atol=1e-6
    )  # without France, −3 is the least that is listed
    assert any("1 of 6 copies did not list “ Paris”" in note for note in found.attribution.notes)
    rome = tokimp.explain(made, TEXT, "occlusion", target="Rome", contrast="the")
    np.testing.assert_allclose(rome.scores, [0, 2, 0, 0, 0], atol=1e-9)
    assert not any("copies" in note for note in rome.attribution.notes)
    with pytest.raises(UnknownTargetError, match="London"):
        tokimp.explain(made, TEXT, "occlusion", target="London")
    assert tokimp.explain(made, TEXT, "reagent", runs=2).scores.sum() == pytest.approx(1.0)
    assert tokimp.evaluate(made, found, ["comprehensiveness"], randoms=2)[0].value is not None
    assert tokimp.why(made, found, 3).finished


@pytest.mark.parametrize("row", [{}, {"a": 0.4}, {1: -1.0}, {"a": "x"}, {"a": math.nan}, [0.5]])
def test_lists_that_cannot_be_used_are_refused(row: Any) -> None:
    made = tokimp.black_box(
        lambda texts: [row, *[{"a": -1.0}] * len(texts)][: len(texts)], task="next-token", output="log-probabilities"
    )
    with pytest.raises((BlackBoxError, OptionError)):
        tokimp.predict(made, TEXT)


def test_a_vocabulary_is_that_of_the_tokenizer() -> None:
    model = models.shared("gpt2", "next-token")

    def fn(texts: list[str]) -> Any:
        ids = [model.tokenizer(text or "<|endoftext|>")["input_ids"] for text in texts]
        return [
            model.answers(np.array([row]), models.torch.tensor([[len(row) - 1]]))[0, 0].softmax(-1).numpy()
            for row in ids
        ]

    made = tokimp.black_box(fn, model.tokenizer, task="next-token")
    text = "the film was"
    mine, theirs = (tokimp.explain(each, text, "occlusion", output="log_prob") for each in (made, model))
    assert mine.target.index == theirs.target.index
    assert mine.target.label == theirs.target.label
    np.testing.assert_allclose(mine.scores[1:], theirs.scores[1:], atol=1e-4)
    written, wanted = (
        tokimp.explain_generation(each, text, max_new_tokens=2, method="occlusion") for each in (made, model)
    )
    assert len(written.rows) == 2
    assert written.log_probs[0] == pytest.approx(wanted.log_probs[0], abs=1e-4)


def scored(texts: Sequence[str]) -> list[list[float]]:
    """Log-probabilities of a fixed answer of three tokens: each has its word."""
    words = ("capital", "France", "is")
    return [[-1.0 - 2.0 * (word not in text) for word in words] for text in texts]


def test_a_fixed_answer_has_a_row_a_token_and_a_total() -> None:
    made = tokimp.black_box(scored, answer=[" Paris", ",", ","])
    found = tokimp.explain_generation(made, TEXT, method="occlusion")
    assert [token.text for token in found.answer] == [" Paris", ",", ","]
    assert found.log_probs == (-1.0, -1.0, -1.0)
    np.testing.assert_allclose(found.matrix[:, :5], [[0, 2, 0, 0, 0], [0, 0, 0, 2, 0], [0, 0, 0, 0, 2]], atol=1e-9)
    np.testing.assert_allclose(found.matrix[:, 5:], 0)
    assert found.total is not None
    np.testing.assert_allclose(found.total.scores[:5], [0, 2, 0, 2, 2], atol=1e-9)
    shares = tokimp.explain_generation(made, TEXT, " Paris,", method="shapley_sampling")
    assert len(shares.rows) == 2
    np.testing.assert_allclose(shares.matrix[:, :5], [[0, 2, 0, 0, 0], [0, 0, 0, 2, 0]], atol=1e-9)


def test_a_fixed_answer_tells_of_no_others() -> None:
    made = tokimp.black_box(scored, answer=[" Paris", ",", ","])
    with pytest.raises(MethodUnavailableError, match="one answer only"):
        tokimp.explain(made, TEXT, "reagent")
    assert [each.label for each in tokimp.predict(made, TEXT).candidates] == [" Paris"]


def test_each_text_of_an_answer_is_asked_once() -> None:
    calls: list[str] = []

    def fn(texts: list[str]) -> Any:
        calls.extend(texts)
        return scored(texts)

    tokimp.explain_generation(tokimp.black_box(fn, answer=["a", "b", "c"]), TEXT, method="occlusion")
    assert len(calls) == len(set(calls)) == 6
