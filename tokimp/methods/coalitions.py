"""Which coalitions are looked at: pairs of a coalition and its complement, small sizes in full, the others drawn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from tokimp.methods.probabilistic import Coalitions
from tokimp.types import Floats

PATIENCE = 8  # draws for each pair that is to be new: where nearly all pairs are known, the last are long in coming


@dataclass(frozen=True)
class Pairs:
    """Coalitions, each of which stands for itself and its complement.

    coalitions (pair, player): the first `listed` hold every pair of their sizes, the others are
    distinct ones of independent draws; draws (pair,): how often each came, 0 for listed ones;
    chances (pair,): of one draw to be this pair, 1 for listed ones.
    """

    coalitions: Coalitions
    listed: int
    draws: npt.NDArray[np.int64]
    chances: Floats

    def __len__(self) -> int:
        return len(self.coalitions)

    @property
    def complete(self) -> bool:
        """All pairs are there, so that nothing is left to chance."""
        return self.listed == len(self)

    @property
    def drawn(self) -> slice:
        """Where the drawn pairs stand."""
        return slice(self.listed, len(self))


def pairs_of(players: int, most: int, sizes: Floats, rng: np.random.Generator) -> Pairs:
    """At most `most` distinct pairs, of sizes with the chances `sizes` (size − 1,).

    All are listed where there are no more than `most`; else a size gets listed in full, smallest
    first, where that takes no more pairs than its share. Sizes of the others are spread evenly
    over their distribution, which can only lower the variance.
    A draw that came before costs no evaluation, so there may be more draws than pairs.
    """
    halves = list(range(1, players // 2 + 1))  # a pair by its smaller side
    chance = {size: sizes[size - 1] + (sizes[players - size - 1] if 2 * size < players else 0) for size in halves}
    count = {size: comb(players, size) // (2 if 2 * size == players else 1) for size in halves}
    listed: list[Coalitions] = []
    left = most
    enough = most >= 2 ** (players - 1) - 1
    while halves and (enough or left * chance[halves[0]] >= count[halves[0]] * sum(chance[size] for size in halves)):
        size = halves.pop(0)
        listed.append(_all_of(players, size))
        left -= count[size]
    every = np.concatenate([np.zeros((0, players), dtype=bool), *listed])
    if not halves:
        return Pairs(every, len(every), np.zeros(len(every), dtype=np.int64), np.ones(len(every)))
    share = np.array([chance[size] for size in halves])
    share /= share.sum()
    found = _draw(players, np.array(halves), share, left, rng)
    drawn = np.array([np.frombuffer(key, dtype=bool) for key in found])
    of_size = dict(zip(halves, share / np.array([float(count[size]) for size in halves]), strict=True))
    return Pairs(
        np.concatenate([every, drawn]),
        len(every),
        np.array([*[0] * len(every), *found.values()]),
        np.array([*[1.0] * len(every), *[of_size[int(size)] for size in drawn.sum(1)]]),
    )


def signs_of(coalitions: Coalitions) -> Floats:
    """1 for players who are in and −1 for those who are not (coalition, player)."""
    return np.where(coalitions, 1.0, -1.0)


def _draw(
    players: int, halves: npt.NDArray[np.int64], share: Floats, most: int, rng: np.random.Generator
) -> dict[bytes, int]:
    """Distinct pairs by their smaller side, with how often each was drawn."""
    found: dict[bytes, int] = {}
    ends = np.cumsum(share)
    for _ in range(PATIENCE):
        spread = (rng.permutation(most) + rng.random()) / most
        for place in np.minimum(np.searchsorted(ends, spread, side="right"), len(halves) - 1):
            coalition = np.zeros(players, dtype=bool)
            coalition[rng.permutation(players)[: halves[place]]] = True
            if 2 * halves[place] == players and not coalition[0]:
                coalition = ~coalition
            key = coalition.tobytes()
            found[key] = found.get(key, 0) + 1
            if len(found) == most:
                return found
    return found


def _all_of(players: int, size: int) -> Coalitions:
    """All pairs whose smaller side has this size (pair, player)."""
    rows = [row for row in combinations(range(players), size) if 2 * size < players or row[0] == 0]
    found = np.zeros((len(rows), players), dtype=bool)
    for coalition, row in zip(found, rows, strict=True):
        coalition[list(row)] = True
    return found
