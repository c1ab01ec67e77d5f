"""Every method on models whose right answer is written down."""

from __future__ import annotations

from collections.abc import Sequence
from math import tanh

import numpy as np
import pytest

import tokimp
from tests.toys import FORMULAS, NORM_1, NORM_2, TEXT, toy

FLAT_END = 1 - tanh(3) ** 2  # slope of the saturating model at the text

# Scores of "good" (worth 2) and "film" (worth 1) on [CLS] good film [SEP].
PERTURBED: dict[str, Sequence[float]] = {
    "additive": (2, 1),
    "product": (2, 2),  # each is needed for all of it
    "constant": (0, 0),
    "maximum": (1, 0),
    "first": (2, 0),
    "order": (2, 2),  # the second counts twice
    "saturating": (tanh(3) - tanh(1), tanh(3) - tanh(2)),
}
SHARED: dict[str, Sequence[float]] = {  # Shapley values, by hand
    **PERTURBED,
    "product": (1, 1),
    "maximum": (1.5, 0.5),
    "saturating": ((tanh(2) + tanh(3) - tanh(1)) / 2, (tanh(1) + tanh(3) - tanh(2)) / 2),
}
INTEGRATED: dict[str, Sequence[float]] = {
    **SHARED,
    "maximum": (2, 0),  # "good" is ahead all the way
    "saturating": (2 * tanh(3) / 3, tanh(3) / 3),
}
MULTIPLIED: dict[str, Sequence[float]] = {
    **PERTURBED,
    "maximum": (2, 0),
    "saturating": (2 * FLAT_END, FLAT_END),  # gradients die where the model is sure
}
SLOPES: dict[str, Sequence[float]] = {  # by each token's value, special tokens included
    "additive": (1, 1, 1, 1),
    "product": (0, 1, 2, 0),
    "constant": (0, 0, 0, 0),
    "maximum": (0, 1, 0, 0),
    "first": (0, 1, 0, 0),
    "order": (0, 1, 2, 3),
    "saturating": (FLAT_END,) * 4,
}
ANSWERS = {
    "occlusion": PERTURBED,
    "shap_text": SHARED,
    "integrated_gradients": INTEGRATED,
    "gradient_x_input": MULTIPLIED,
}
EVERY_TOY = pytest.mark.parametrize("formula", FORMULAS)


def explained(formula: str, method: str, **options: str | int | bool) -> tokimp.Explanation:
    return tokimp.explain(toy(formula), TEXT, method, target="yes", **options)


@pytest.mark.parametrize("method", ANSWERS)
@EVERY_TOY
def test_words_get_their_share(formula: str, method: str) -> None:
    found = explained(formula, method)
    np.testing.assert_allclose(found.scores, [0, *ANSWERS[method][formula], 0], rtol=1e-5, atol=1e-6)


@EVERY_TOY
def test_saliency_is_the_length_of_the_slope(formula: str) -> None:
    slopes = np.array(SLOPES[formula])
    np.testing.assert_allclose(explained(formula, "saliency").scores, NORM_2 * slopes, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(explained(formula, "saliency", norm="l1").scores, NORM_1 * slopes, rtol=1e-5, atol=1e-7)


@EVERY_TOY
def test_attention_is_what_it_is_whatever_the_formula(formula: str) -> None:
    found = explained(formula, "attention")
    np.testing.assert_allclose(found.scores, [1 / 12, 9 / 12, 1 / 12, 1 / 12], rtol=1e-6)
    np.testing.assert_allclose(found.attribution.layers, [[0.25] * 4, [0, 1, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("formula", ["additive", "product", "first", "order", "saturating"])
def test_the_fixed_rule_too(formula: str) -> None:
    found = explained(formula, "integrated_gradients", adaptive=False, steps=20)
    np.testing.assert_allclose(found.scores, [0, *INTEGRATED[formula], 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["shap_text", "integrated_gradients"])
@EVERY_TOY
def test_complete_methods_share_out_everything(formula: str, method: str) -> None:
    found = explained(formula, method)
    assert found.baseline_output == pytest.approx(3 if formula == "constant" else 0, abs=1e-6)
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)


def test_the_order_of_words_counts() -> None:
    model = toy("order")
    for method in ("occlusion", "shap_text", "integrated_gradients", "gradient_x_input"):
        found = tokimp.explain(model, "film good", method, target="yes")
        np.testing.assert_allclose(found.scores, [0, 1, 4, 0], rtol=1e-5, atol=1e-6)


def test_deleting_moves_what_stands_behind() -> None:
    """Without "good", "film" stands first and counts once: 4 − 1; without "film", "good" stays: 4 − 2."""
    found = explained("order", "occlusion", replacement="delete")
    np.testing.assert_allclose(found.scores, [0, 3, 2, 0], rtol=1e-6)


def test_a_contrast_turns_the_scores_round() -> None:
    """The class "no" is always 0, so "no" rather than "yes" is minus "yes"."""
    for method in ANSWERS:
        forth = tokimp.explain(toy("saturating"), TEXT, method, target="yes", contrast="no")
        back = tokimp.explain(toy("saturating"), TEXT, method, target="no", contrast="yes")
        np.testing.assert_allclose(forth.scores, -back.scores, rtol=1e-6)
        np.testing.assert_allclose(forth.scores, [0, *ANSWERS[method]["saturating"], 0], rtol=1e-5, atol=1e-6)


def test_a_window_takes_neighbours_away_together() -> None:
    """ "good film", "film bad" and "bad not" cost 3, 0 and −0.5; each word gets the mean of its windows."""
    found = tokimp.explain(toy("additive"), "good film bad not", "occlusion", target="yes", window=2)
    np.testing.assert_allclose(found.scores, [0, 3, 1.5, -0.25, -0.5, 0], rtol=1e-6)


@pytest.mark.parametrize("method", ["occlusion", "gradient_x_input", "integrated_gradients", "shap_text"])
def test_an_additive_model_gives_every_word_its_worth(method: str) -> None:
    found = tokimp.explain(toy("additive"), "not a bad film not good you", method, target="yes")
    np.testing.assert_allclose(found.scores, [0, 0.5, 0, -1, 1, 0.5, 2, 0, 0], rtol=1e-5, atol=1e-6)
