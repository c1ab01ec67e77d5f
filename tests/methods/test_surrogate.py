"""The Gaussian process: its values in closed form against enumeration, its learning against differences."""

from __future__ import annotations

import numpy as np
import pytest

from tests.games import difference, games, whole
from tokimp.methods.adjusted import guess
from tokimp.methods.coalitions import pairs_of, signs_of
from tokimp.methods.probabilistic import BANZHAF, SHAPLEY, every_coalition
from tokimp.methods.surrogate import Kernel, _surprise, learned

RNG = np.random.default_rng(3)
KERNEL = Kernel(reach=RNG.uniform(0.01, 0.9, size=7), linear=0.7, noise=1e-3)


@pytest.mark.parametrize("value", [SHAPLEY, BANZHAF])
def test_values_of_the_kernel_in_closed_form(value: object) -> None:
    assert value is SHAPLEY or value is BANZHAF
    every = every_coalition(7)
    covariances = KERNEL(signs_of(every), signs_of(every[::9]))  # each column is a game
    for column, shares in zip(covariances.T, KERNEL.shares(signs_of(every[::9]), value), strict=True):
        np.testing.assert_allclose(shares, value.exact(column, 7), atol=1e-12)


def test_the_kernel_is_odd_and_a_covariance() -> None:
    signs = signs_of(every_coalition(7))
    covariances = KERNEL(signs, signs)
    np.testing.assert_allclose(KERNEL(-signs, signs), -covariances, atol=1e-12)
    assert np.linalg.eigvalsh(covariances).min() > -1e-10


def test_the_kernel_of_very_many_players_is_finite() -> None:
    coalitions = np.random.default_rng(0).random((20, 500)) < 0.5
    many = Kernel(np.full(500, 0.97), 1.0, 1e-3)
    assert np.isfinite(many(signs_of(coalitions), signs_of(coalitions))).all()
    assert np.isfinite(many.shares(signs_of(coalitions), SHAPLEY)).all()


def test_the_gradient_is_the_slope() -> None:
    rng = np.random.default_rng(0)
    signs, values = rng.choice([-1.0, 1.0], (20, 6)), rng.normal(size=20)
    for _ in range(3):
        setting = rng.normal(size=9) - 1
        steps = 1e-5 * np.eye(9)
        slopes = [
            _surprise(setting + step, signs, values)[0] - _surprise(setting - step, signs, values)[0] for step in steps
        ]
        np.testing.assert_allclose(_surprise(setting, signs, values)[1], np.array(slopes) / 2e-5, rtol=1e-5, atol=1e-7)


def test_turned_values_teach_the_same_kernel_and_so_do_other_units() -> None:
    pairs = pairs_of(9, 60, SHAPLEY.sizes(9), np.random.default_rng(0))
    signs, values = signs_of(pairs.coalitions), difference(games(9)["network"], pairs.coalitions)
    plain, turned, scaled = (learned(signs, factor * values) for factor in (1, -1, 1024))
    for other in (turned, scaled):
        np.testing.assert_array_equal(other.reach, plain.reach)
        assert (other.linear, other.noise) == (plain.linear, plain.noise)


def test_who_interacts_reaches_further() -> None:
    """The product needs players 0, 2 and 3, and no other."""
    pairs = pairs_of(10, 80, SHAPLEY.sizes(10), np.random.default_rng(0))
    reach = learned(signs_of(pairs.coalitions), difference(games(10)["product"], pairs.coalitions)).reach
    assert set(np.argsort(reach)[-3:]) == {0, 2, 3}


def test_nothing_to_learn_gives_nothing() -> None:
    pairs = pairs_of(9, 40, SHAPLEY.sizes(9), np.random.default_rng(0))
    np.testing.assert_array_equal(guess(SHAPLEY, pairs.coalitions, np.zeros(len(pairs)), 0.0), 0)


def test_a_guess_comes_close_from_few_pairs() -> None:
    game, players = games(12)["network"], 12
    pairs = pairs_of(players, 127, SHAPLEY.sizes(players), np.random.default_rng(0))
    found = guess(SHAPLEY, pairs.coalitions, difference(game, pairs.coalitions), whole(game, players))
    exact = SHAPLEY.exact(game(every_coalition(players)), players)
    assert np.linalg.norm(found - exact) < 0.05 * np.linalg.norm(exact)
