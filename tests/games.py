"""Cooperative games in closed form, and their values by definition."""

from __future__ import annotations

import numpy as np

from tests.references import shapley
from tokimp.methods.probabilistic import Coalitions, Values
from tokimp.types import Floats

NAMES = ("additive", "product", "majority", "interactions", "network", "maximum")


def games(players: int) -> dict[str, Values]:
    """Smooth, sparse and discontinuous ones."""
    rng = np.random.default_rng(players)
    worth = rng.normal(size=players)
    groups = [rng.choice(players, rng.integers(1, 4)) for _ in range(2 * players)]
    strengths = rng.normal(size=len(groups))
    inner, bias, outer = rng.normal(size=(players, 16)) / np.sqrt(players), rng.normal(size=16), rng.normal(size=16)
    found: tuple[Values, ...] = (
        lambda coalitions: coalitions @ worth,
        lambda coalitions: coalitions[:, [0, 2, 3]].all(1).astype(float),
        lambda coalitions: (coalitions @ worth > worth.sum() / 2).astype(float),
        lambda coalitions: sum(
            strength * coalitions[:, group].all(1) for strength, group in zip(strengths, groups, strict=True)
        ),
        lambda coalitions: np.tanh(2 * (coalitions @ inner) + bias) @ outer,
        lambda coalitions: (coalitions * np.abs(worth)).max(1),
    )
    return dict(zip(NAMES, found, strict=True))


def one_by_one(game: Values, players: int) -> Floats:
    """Shapley values by the definition."""

    def value(coalition: frozenset[int]) -> float:
        row = np.zeros((1, players), dtype=bool)
        row[0, sorted(coalition)] = True
        return float(game(row)[0])

    return shapley(players, value)


def difference(game: Values, coalitions: Coalitions) -> Floats:
    """v(S) − v(N∖S) (coalition,)."""
    return game(coalitions) - game(~coalitions)


def whole(game: Values, players: int) -> float:
    """Value of all players together minus that of none."""
    return float(difference(game, np.ones((1, players), dtype=bool))[0])
