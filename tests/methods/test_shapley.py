"""Shapley and Banzhaf values of models: exact where the budget allows, refining and honest where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import tanh

import numpy as np
import pytest

import tokimp
from tests import models
from tests.references import EVERY_CASE, EVERY_OUTPUT, question, shapley
from tests.toys import FORMULAS, TEXT, toy
from tokimp.methods.shapley import ESTIMATORS
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.types import Floats, Output, Task
from tokimp.watch import Watch

LONG = "the little girl was not good and the film was bad"
SHARED: dict[str, Sequence[float]] = {
    "additive": (2, 1),
    "product": (1, 1),
    "constant": (0, 0),
    "maximum": (1.5, 0.5),
    "first": (2, 0),
    "order": (2, 2),
    "saturating": ((tanh(2) + tanh(3) - tanh(1)) / 2, (tanh(1) + tanh(3) - tanh(2)) / 2),
}
EXACT = ("kernel_shap", "shapley_sampling")


def values_of(asked: tokimp.api.Question) -> dict[frozenset[int], float]:
    """Every coalition of the free tokens and its value, by the masking that "auto" means."""
    free = asked.inputs.free
    every = [frozenset(c) for size in range(len(free) + 1) for c in combinations(range(len(free)), size)]
    keep = np.zeros((len(every), len(asked.inputs)), dtype=bool)
    for row, coalition in zip(keep, every, strict=True):
        row[free[sorted(coalition)]] = True
    edit = masking(asked.model, asked.inputs, asked.target)
    found = Scorer(asked.model, [asked.target], Watch())(edit.copies(keep))
    return dict(zip(every, found.tolist(), strict=True))


def banzhaf(players: int, values: dict[frozenset[int], float]) -> Floats:
    """By definition: the mean of what each player adds."""
    return np.array([np.mean([values[c | {i}] - values[c] for c in values if i not in c]) for i in range(players)])


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("method", [*EXACT, "banzhaf"])
def test_two_words_get_their_share(formula: str, method: str) -> None:
    found = tokimp.explain(toy(formula), TEXT, method, target="yes")
    np.testing.assert_allclose(found.scores, [0, *SHARED[formula], 0], atol=1e-6)
    np.testing.assert_array_equal(found.stderr, 0)
    assert found.attribution.notes == ("These scores are exact: all 4 coalitions were looked at.",)
    assert found.evaluations == 5


@EVERY_OUTPUT
@EVERY_CASE
def test_they_are_the_values_by_definition(family: str, task: Task, output: Output) -> None:
    asked = question(family, task, output)
    values = values_of(asked)
    players, free = len(asked.inputs.free), asked.inputs.free
    for method in EXACT:
        found = asked.explain(method)
        np.testing.assert_allclose(found.scores[free], shapley(players, values.__getitem__), rtol=1e-4, atol=1e-6)
        assert found.baseline_output == pytest.approx(values[frozenset()], abs=1e-6)
        assert found.completeness_gap == pytest.approx(0, abs=1e-5)
    found = asked.explain("banzhaf")
    np.testing.assert_allclose(found.scores[free], banzhaf(players, values), rtol=1e-4, atol=1e-6)
    assert found.baseline_output is None


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("gpt2", "next-token")])
def test_sampled_values_keep_their_budget_their_sum_and_their_word(family: str, task: Task, estimator: str) -> None:
    asked = tokimp.ask(models.shared(family, task), LONG, target=1)
    players = len(asked.inputs.free)
    if players > 12:
        asked = tokimp.ask(models.shared(family, task), "the film was not good", target=1)
        players = len(asked.inputs.free)
    wanted = shapley(players, values_of(asked).__getitem__)
    budget = 2 ** (players - 1)
    found = asked.explain("shapley_sampling", {"budget": max(budget, 16), "estimator": estimator})
    assert found.evaluations - asked.evaluations <= max(budget, 16)
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)
    assert found.stderr is not None
    assert found.attribution.notes == ()
    off = np.abs(found.scores[asked.inputs.free] - wanted)
    assert (off <= 3 * found.stderr[asked.inputs.free] + 1e-6).mean() >= 0.9
    assert np.linalg.norm(off) < 0.3 * np.linalg.norm(wanted)


@pytest.mark.parametrize("method", [*EXACT, "banzhaf", "lime"])
def test_it_refines_and_keeps_its_history(method: str) -> None:
    asked = tokimp.ask(models.shared("bert", "classification"), LONG, target=1)
    seen: list[tuple[float, Floats | None]] = []
    found = asked.explain(method, watch=lambda share, partial: seen.append((share, partial)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    history = found.attribution.history
    assert history is not None
    assert history.shape == (4, len(found.tokens))  # after 32, 64 and 128 evaluations, and all
    np.testing.assert_array_equal(history[-1], found.scores)
    distinct = [partial for _, partial in seen if partial is not None]
    np.testing.assert_array_equal(distinct[0], history[0])
    np.testing.assert_array_equal(distinct[-1], history[-1])
    assert np.linalg.norm(history[-2] - history[-1]) < 0.5 * np.linalg.norm(history[-1])


@pytest.mark.parametrize("method", [*EXACT, "banzhaf", "lime"])
def test_one_random_text_stands_for_all_that_is_missing(method: str) -> None:
    model = models.shared("bert", "classification")
    one, again, other = (
        tokimp.explain(model, "the film", method, target=1, replacement="random", seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.scores, again.scores)
    assert np.abs(one.scores - other.scores).max() > 1e-6
    assert "One random draw" in one.attribution.notes[-1]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_long_text_on_a_small_budget_still_adds_up(estimator: str) -> None:
    model = models.shared("bert", "classification")
    found = tokimp.explain(model, " ".join([LONG] * 3), "shapley_sampling", budget=16, estimator=estimator, target=1)
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)
    assert (found.stderr is None) == (estimator != "surrogate")
    if found.stderr is None:
        assert "too few samples" in found.attribution.notes[0]


def test_target_and_contrast_swapped_turn_sampled_scores_round() -> None:
    model = models.shared("bert", "classification")
    for method in ("lime", "kernel_shap", "shapley_sampling", "banzhaf"):
        forth, back = (
            tokimp.explain(model, LONG, method, target=one, contrast=other) for one, other in ((1, 2), (2, 1))
        )
        np.testing.assert_allclose(forth.scores, -back.scores, rtol=1e-6, atol=1e-9)


def test_banzhaf_values_of_a_product_shrink_with_its_length() -> None:
    """v = the product of three words: each Banzhaf value is a quarter, each Shapley value a third."""
    model = toy(lambda v: v[:, 1] * v[:, 2] * v[:, 3] / 4)
    for method, share in (("banzhaf", 1 / 4), ("shapley_sampling", 1 / 3)):
        found = tokimp.explain(model, "good film good", method, target="yes")
        np.testing.assert_allclose(found.scores, [0, share, share, share, 0], atol=1e-6)
