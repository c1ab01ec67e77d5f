"""Shapley and Banzhaf values: weights of coalitions, and the values themselves by enumeration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, lgamma, log

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats

Coalitions = npt.NDArray[np.bool_]  # (coalition, player): True where a player is in
Values = Callable[[Coalitions], Floats]  # a game: (coalition, player) → (coalition,)


@dataclass(frozen=True)
class ProbabilisticValue:
    """A player's mean marginal contribution, over coalitions of the others by their size.

    Weber 1988. `log_chance(players, others)` is the log of the chance of one coalition of so many
    other players; `mixture(players)` holds nodes and weights (node,) of the same as a mixture of
    coalitions that each player joins independently with chance `node`, exact for every game.
    `sizes(players)` are the chances (size − 1,) of coalition sizes 1 to players − 1 which make sampled
    values vary least if a game's residuals are alike at all sizes.
    """

    log_chance: Callable[[int, int], float]
    mixture: Callable[[int], tuple[Floats, Floats]]
    sizes: Callable[[int], Floats]

    def weights(self, coalitions: Coalitions) -> Floats:
        """Weights (coalition, player) whose sum with the values of all coalitions is the value of each player."""
        players = coalitions.shape[1]
        if not players:
            return np.zeros(coalitions.shape)
        sizes = coalitions.sum(1)
        chances = np.array([np.exp(self.log_chance(players, others)) for others in range(players)])
        joined = np.where(sizes > 0, chances[np.maximum(sizes - 1, 0)], 0)
        left = np.where(sizes < players, chances[np.minimum(sizes, players - 1)], 0)
        found: Floats = np.where(coalitions, joined[:, None], -left[:, None])
        return found

    def exact(self, values: Floats, players: int) -> Floats:
        """Values (player,) from the game's values at `every_coalition(players)`."""
        found: Floats = self.weights(every_coalition(players)).T @ values
        return found


def every_coalition(players: int) -> Coalitions:
    """All coalitions (2^players, player), the empty one first and the full one last."""
    numbers = np.arange(2**players)[:, None]
    return ((numbers >> np.arange(players)) & 1).astype(bool)


def log_choose(players: int, size: int) -> float:
    """Log of the number of coalitions of a size."""
    return lgamma(players + 1) - lgamma(size + 1) - lgamma(players - size + 1)


def _uniform_mixture(players: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss((players + 1) // 2)  # exact to degree players − 1
    return (nodes + 1) / 2, weights / 2


def _spread(players: int) -> Floats:
    """Sizes by what one coalition of each adds to the variance over all players: Neyman's allocation."""
    sizes = np.arange(1, players)
    chances = 1 / np.sqrt(sizes * (players - sizes))
    return np.asarray(chances / chances.sum())


def _binomial(players: int) -> Floats:
    chances = np.array([comb(players, size) / 2**players for size in range(1, players)])
    return np.asarray(chances / chances.sum())


SHAPLEY = ProbabilisticValue(
    lambda players, others: -log(players) - log_choose(players - 1, others), _uniform_mixture, _spread
)
BANZHAF = ProbabilisticValue(
    lambda players, _: (1 - players) * log(2), lambda _: (np.array([0.5]), np.array([1.0])), _binomial
)
