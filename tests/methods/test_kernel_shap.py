"""Kernel SHAP against shap's own kernel explainer, and against captum's in the limit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.games import difference, games, whole
from tests.methods.test_shapley import values_of
from tests.references import EVERY_CASE, question
from tokimp.methods.coalitions import pairs_of
from tokimp.methods.probabilistic import SHAPLEY, every_coalition
from tokimp.methods.regression import additive_fit, kernel_regression, kernel_sizes, kernel_weights, leverage_sizes
from tokimp.types import Task


@EVERY_CASE
def test_it_is_what_shap_finds_from_all_coalitions(family: str, task: Task) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        asked = question(family, task)
        values, players = values_of(asked), len(asked.inputs.free)

        def value(rows: np.ndarray) -> np.ndarray:
            return np.array([values[frozenset(np.flatnonzero(row).tolist())] for row in rows])

        explainer = shap.KernelExplainer(value, np.zeros((1, players)))
        wanted = explainer.shap_values(
            np.ones((1, players)), nsamples=2**players, silent=True, l1_reg="num_features(99)"
        )
    found = asked.explain("kernel_shap").scores[asked.inputs.free]
    np.testing.assert_allclose(found, np.ravel(wanted), rtol=1e-4, atol=1e-5)


def test_the_regression_is_the_published_one() -> None:
    """Pairs give the weighted least squares of both sides, with the sum of values fixed by a Lagrange multiplier."""
    players = 7
    game = games(players)["network"]
    pairs = pairs_of(players, 25, kernel_sizes(players), np.random.default_rng(0))
    weights = kernel_weights(pairs)
    found, _ = additive_fit(pairs.coalitions, weights, difference(game, pairs.coalitions), whole(game, players))
    both = np.concatenate([pairs.coalitions, ~pairs.coalitions])
    design = np.sqrt(np.tile(weights, 2))[:, None] * both
    answers = np.sqrt(np.tile(weights, 2)) * (game(both) - game(np.zeros((1, players), dtype=bool)))
    ones = np.ones((players, 1))
    system = np.block([[design.T @ design, ones], [ones.T, np.zeros((1, 1))]])
    wanted = np.linalg.solve(system, [*(design.T @ answers), whole(game, players)])[:players]
    np.testing.assert_allclose(found, wanted, atol=1e-10)


@pytest.mark.parametrize("sizes", [kernel_sizes, leverage_sizes])
def test_weights_make_up_the_kernel_whatever_is_drawn(sizes: object) -> None:
    """Summed over pairs of a size, they are its kernel weight, on average over draws."""
    assert callable(sizes)
    players, rng = 8, np.random.default_rng(0)
    total = np.zeros(players)
    for _ in range(300):
        pairs = pairs_of(players, 40, sizes(players), rng)
        np.add.at(total, pairs.coalitions.sum(1), kernel_weights(pairs) / 300)
    wanted = kernel_sizes(players) / kernel_sizes(players)[0]
    assert total[1] / total[3] == pytest.approx(wanted[0] / wanted[2], rel=0.05)
    assert total[2] / total[3] == pytest.approx(wanted[1] / wanted[2], rel=0.05)


@pytest.mark.parametrize("name", ["network", "majority", "maximum"])
def test_all_coalitions_give_the_shapley_values_to_the_digit(name: str) -> None:
    players = 9
    game = games(players)[name]
    pairs = pairs_of(players, 255, kernel_sizes(players), np.random.default_rng(0))
    found = kernel_regression(pairs, difference(game, pairs.coalitions), whole(game, players))
    np.testing.assert_allclose(found.values, SHAPLEY.exact(game(every_coalition(players)), players), atol=1e-10)


def test_an_additive_game_is_found_at_once_and_without_doubt() -> None:
    players = 12
    game = games(players)["additive"]
    pairs = pairs_of(players, 30, kernel_sizes(players), np.random.default_rng(0))
    found = kernel_regression(pairs, difference(game, pairs.coalitions), whole(game, players))
    np.testing.assert_allclose(
        found.values, difference(game, np.eye(players, dtype=bool)) / 2 + whole(game, players) / 2, atol=1e-10
    )
    assert found.stderr.max() < 1e-10
