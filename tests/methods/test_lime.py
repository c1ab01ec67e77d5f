"""LIME against scikit-learn's regression on the same samples, and its population by enumeration."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

import tokimp
from tests.games import games
from tests.toys import FORMULAS, TEXT, toy
from tokimp.methods.lime import Samples, closeness, line, samples_of, with_errors
from tokimp.methods.probabilistic import every_coalition

PLAYERS = 9


def drawn(most: int, seed: int) -> Samples:
    return samples_of(PLAYERS, most, np.random.default_rng(seed))


def test_weights_are_those_of_the_authors() -> None:
    """√exp(−(100 d)² / 25²) of scikit-learn's cosine distance d; nothing left is at distance 1."""
    every = every_coalition(PLAYERS)
    distances = pairwise_distances(every.astype(float), np.ones((1, PLAYERS)), metric="cosine").ravel() * 100
    np.testing.assert_allclose(closeness(every), np.sqrt(np.exp(-(distances**2) / 25**2)), atol=1e-12)


@pytest.mark.parametrize("name", ["additive", "network", "majority"])
def test_slopes_are_those_of_scikit_learn(name: str) -> None:
    samples = drawn(100, 0)
    weights = samples.chances * closeness(samples.coalitions)
    values = games(PLAYERS)[name](samples.coalitions)
    found = line(samples.coalitions, weights, values)
    wanted = Ridge(alpha=1e-12).fit(samples.coalitions, values, sample_weight=weights)
    np.testing.assert_allclose(found.slopes, wanted.coef_, atol=1e-8)
    assert found.explained == pytest.approx(wanted.score(samples.coalitions, values, sample_weight=weights))


def test_draws_take_every_number_away_equally_often() -> None:
    samples = drawn(4000, 0)
    assert samples.coalitions[0].all()
    assert samples.drawn == 0  # more samples than coalitions: all of them, with their chances
    gone = PLAYERS - samples.coalitions.sum(1)
    for count in range(1, PLAYERS + 1):
        assert samples.chances[gone == count].sum() == pytest.approx(1 / PLAYERS)
        assert (gone == count).sum() == comb(PLAYERS, count)
    some = drawn(500, 0)
    gone = PLAYERS - some.coalitions.sum(1)
    for count in range(1, PLAYERS + 1):
        assert some.chances[gone == count].sum() == pytest.approx(1 / PLAYERS, abs=0.05)


@pytest.mark.parametrize("most", [60, 250])
def test_the_limit_lies_within_three_standard_errors(most: int) -> None:
    inside = []
    for game in games(PLAYERS).values():
        every = drawn(2**PLAYERS, 0)
        limit = line(every.coalitions, every.chances * closeness(every.coalitions), game(every.coalitions)).slopes
        for seed in range(30):
            samples = drawn(most, seed)
            fit = line(samples.coalitions, samples.chances * closeness(samples.coalitions), game(samples.coalitions))
            found = with_errors(fit, samples)
            inside.append((np.abs(found.values - limit) <= 3 * found.stderr + 1e-8).mean())
    assert np.mean(inside) >= 0.99


def test_four_times_the_samples_halve_the_error() -> None:
    game = games(PLAYERS)["network"]
    every = drawn(2**PLAYERS, 0)
    limit = line(every.coalitions, every.chances * closeness(every.coalitions), game(every.coalitions)).slopes

    def error(most: int) -> float:
        fits = []
        for seed in range(30):
            samples = drawn(most, seed)
            weights = samples.chances * closeness(samples.coalitions)
            fits.append(line(samples.coalitions, weights, game(samples.coalitions)).slopes)
        return float(np.sqrt(((np.array(fits) - limit) ** 2).mean()))

    assert error(400) < 0.6 * error(100)


@pytest.mark.parametrize("formula", FORMULAS)
def test_two_words(formula: str) -> None:
    """All four texts with their weights: the plane by weighted least squares, worked out apart."""
    found = tokimp.explain(toy(formula), TEXT, "lime", target="yes")
    there = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    values = [_value(formula, row) for row in there]
    near = np.exp(-((1 - np.sqrt(there.mean(1))) ** 2) / 0.125)
    weights = np.array([1 / 5000, 1 / 4, 1 / 4, 1 / 2]) * near
    design = np.sqrt(weights)[:, None] * np.column_stack([there, np.ones(4)])
    slopes = np.linalg.lstsq(design, np.sqrt(weights) * values, rcond=None)[0][:2]
    np.testing.assert_allclose(found.scores, [0, *slopes, 0], atol=1e-5)
    if formula in ("additive", "first", "constant"):
        assert found.attribution.notes == ("Every way to take tokens away was looked at: nothing was left to chance.",)


def _value(formula: str, row: np.ndarray) -> float:
    good, film = row * [2.0, 1.0]
    return {
        "additive": good + film,
        "product": good * film,
        "constant": 3.0,
        "maximum": max(good, film),
        "first": good,
        "order": good + 2 * film,
        "saturating": float(np.tanh(good + film)),
    }[formula]


def test_an_additive_model_gives_every_word_its_worth() -> None:
    found = tokimp.explain(
        toy("additive"), "not a bad film not good you film a film", "lime", target="yes", samples=200
    )
    np.testing.assert_allclose(found.scores, [0, 0.5, 0, -1, 1, 0.5, 2, 0, 1, 0, 1, 0], atol=1e-5)
    assert found.stderr is not None
    assert found.stderr.max() < 1e-5
    assert found.attribution.notes == ()


def test_a_bad_fit_is_said() -> None:
    found = tokimp.explain(toy("product"), TEXT, "lime", target="yes")
    assert found.attribution.notes[-1].startswith("A straight line explains only ")
    assert found.attribution.notes[-1].endswith("% of how the answer varies nearby.")
