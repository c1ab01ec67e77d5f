"""Weighted least squares on coalitions, with standard errors of the sampling."""

from __future__ import annotations

import numpy as np

from tokimp.methods.coalitions import Pairs, signs_of
from tokimp.methods.estimates import Estimate, estimate
from tokimp.methods.probabilistic import Coalitions, log_choose
from tokimp.types import Floats

LEAST_LEFT = 0.05  # of a residual that its own pair leaves: below, the fit runs through the pair
ROUNDING = 1e-10  # smaller directions of a fit are not determined
TAILS = 3  # residuals have heavy tails: so many draws count as one normal one


def kernel_sizes(players: int) -> Floats:
    """Chances (size − 1,) of sizes under the Shapley kernel (Lundberg & Lee 2017, theorem 2)."""
    sizes = np.arange(1, players)
    chances = 1 / (sizes * (players - sizes))
    return np.asarray(chances / chances.sum())


def leverage_sizes(players: int) -> Floats:
    """Chances (size − 1,) of sizes by leverage: all alike (Musco & Witter 2025, lemma 3.2)."""
    return np.full(max(players - 1, 0), 1 / max(players - 1, 1))


def kernel_regression(pairs: Pairs, differences: Floats, whole: float) -> Estimate:
    """Shapley values as the best additive game under the Shapley kernel that keeps `whole`.

    Lundberg & Lee 2017, eq. 8; Covert & Lee 2021 for pairs, of which only the difference
    v(S) − v(N∖S) matters. Exact with all pairs listed; else consistent, biased by 1 / pairs.
    Standard errors are the sandwich's, each residual taken as if its pair had been left out; where
    the pairs don't tell all players apart, they are infinite.
    """
    players, weights = pairs.coalitions.shape[1], kernel_weights(pairs)
    values, inverse = additive_fit(pairs.coalitions, weights, differences, whole)
    if pairs.complete:
        return Estimate(values, np.zeros(players))
    signs = signs_of(pairs.coalitions)
    if np.linalg.matrix_rank(signs @ inverse) < players - 1:
        return Estimate(values, np.full(players, np.inf))
    moves = signs @ inverse * weights[:, None]  # (pair, player): by one unit of a pair's difference
    left = np.maximum(1 - (moves * signs).sum(1), LEAST_LEFT)
    residuals = (differences - signs @ values) / left
    draws = pairs.draws[pairs.drawn]
    each = (moves * residuals[:, None])[pairs.drawn] / draws[:, None]
    count = draws.sum()
    variances = draws @ (each - draws @ each / count) ** 2 * count / max(count - 1, 1)
    return estimate(values, variances, count / TAILS - 1)


def additive_fit(coalitions: Coalitions, weights: Floats, differences: Floats, whole: float) -> tuple[Floats, Floats]:
    """Values (player,) that sum to `whole` and fit the differences best, and the (player, player) inverse used."""
    players = coalitions.shape[1]
    signs = signs_of(coalitions)
    even = np.full(players, whole / max(players, 1))
    free = np.eye(players) - 1 / max(players, 1)  # ways to change values that keep their sum
    inverse = np.linalg.pinv(free @ (signs.T * weights) @ signs @ free, rcond=ROUNDING, hermitian=True)
    return even + inverse @ (signs.T * weights) @ (differences - signs @ even), inverse


def kernel_weights(pairs: Pairs) -> Floats:
    """The Shapley kernel at listed pairs; at drawn ones, their share of what it weighs in all (pair,)."""
    players = pairs.coalitions.shape[1]
    kernel = np.array([np.exp(-log_choose(players, size)) / (size * (players - size)) for size in range(1, players)])
    found: Floats = kernel[pairs.coalitions.sum(1) - 1] if len(pairs) else np.zeros(0)
    drawn = pairs.drawn
    found[drawn] *= pairs.draws[drawn] / pairs.chances[drawn] / max(pairs.draws.sum(), 1)
    return found
