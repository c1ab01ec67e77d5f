"""A game played coalition by coalition, and what comes out of it as an attribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tokimp.methods.adjusted import adjusted, guess
from tokimp.methods.coalitions import Pairs
from tokimp.methods.estimates import Estimate
from tokimp.methods.game import Game
from tokimp.methods.permutations import coalitions_of, marginals, orders_of, permuted
from tokimp.methods.probabilistic import ProbabilisticValue
from tokimp.methods.regression import additive_fit, kernel_regression, kernel_weights
from tokimp.types import Attribution, Floats

Known = npt.NDArray[np.int64]  # pairs whose values are known so far
Guess = Callable[[Known, Floats, float], Floats]  # known pairs, their differences, the whole → (player,)

TOO_FEW = "There are too few samples for a standard error: the scores may be far off. Raise their number."


class Played(NamedTuple):
    """An estimate, and the values of the empty and the full coalition."""

    found: Estimate
    empty: float
    full: float


def by_surrogate(game: Game, value: ProbabilisticValue, pairs: Pairs, rng: np.random.Generator) -> Played:
    """Values from a Gaussian process, corrected by its residuals; exact where all pairs are listed."""

    def so_far(known: Known, differences: Floats, whole: float) -> Floats:
        return guess(value, pairs.coalitions[known], differences, whole)

    differences, empty, full = _play(game, pairs, so_far, rng)
    return Played(adjusted(value, pairs, differences, full - empty, rng), empty, full)


def by_regression(game: Game, pairs: Pairs, rng: np.random.Generator) -> Played:
    """Shapley values from the weighted regression; exact where all pairs are listed."""
    weights = kernel_weights(pairs)

    def so_far(known: Known, differences: Floats, whole: float) -> Floats:
        return additive_fit(pairs.coalitions[known], weights[known], differences, whole)[0]

    differences, empty, full = _play(game, pairs, so_far, rng)
    return Played(kernel_regression(pairs, differences, full - empty), empty, full)


def _play(game: Game, pairs: Pairs, guess: Guess, rng: np.random.Generator) -> tuple[Floats, float, float]:
    """Differences v(S) − v(N∖S) (pair,), and the values of the empty and the full coalition.

    Pairs are looked at in random order, so that those known so far are like the others.
    """
    order = rng.permutation(len(pairs))
    players = len(game.players)
    sides = np.stack([pairs.coalitions[order], ~pairs.coalitions[order]], axis=1)
    ends = np.array([[False], [True]]).repeat(players, axis=1)

    def so_far(values: Floats) -> Floats:
        known = order[: len(values) // 2 - 1]
        empty, full, *_ = values
        return guess(known, values[2::2][: len(known)] - values[3::2], float(full - empty))

    values = game.values(np.concatenate([ends, sides.reshape(2 * len(pairs), players)]), so_far)
    differences = np.zeros(len(pairs))
    differences[order] = values[2::2] - values[3::2]
    return differences, float(values[0]), float(values[1])


def by_permutations(game: Game, budget: int, rng: np.random.Generator) -> Played:
    """Shapley values from orders and their reverses, of at least two players."""
    orders = orders_of(len(game.players), budget - 2, rng)
    ends = np.array([[False], [True]]).repeat(len(game.players), axis=1)

    def added(values: Floats) -> Floats:
        return marginals(orders, values[2:], float(values[0]), float(values[1]))

    def so_far(values: Floats) -> Floats:
        known = added(values)
        return known.mean(0) if len(known) else np.full(len(game.players), (values[1] - values[0]) / len(game.players))

    values = game.values(np.concatenate([ends, coalitions_of(orders)]), so_far)
    return Played(permuted(added(values)), float(values[0]), float(values[1]))


def attribution(game: Game, found: Estimate, baseline: float | None, notes: tuple[str, ...] = ()) -> Attribution:
    """Scores, standard errors and history of an estimate; without standard errors where they are infinite."""
    known = bool(np.isfinite(found.stderr).all())
    return Attribution(
        game.scores(found.values),
        baseline_output=baseline,
        stderr=game.players.share(found.stderr) if known else None,
        history=np.array(game.history),
        notes=(*notes, *([] if known else [TOO_FEW]), *game.notes),
    )


def exact_note(players: int) -> str:
    """Said where nothing was left to chance."""
    return f"These scores are exact: all {2**players} coalitions were looked at."
