"""Who plays: tokens, words, sentences or paragraphs; and how a player's score goes back to its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.methods.base import option
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Floats
from tokimp.units import KINDS, units_of

PLAYERS = ("tokens", *KINDS)


@dataclass(frozen=True)
class Players:
    """Groups of the tokens that masking may touch; special tokens belong to none.

    player (token,): the number of each token's player; −1: it has none. sizes (player,): tokens of each.
    """

    inputs: Encoded
    kind: str
    player: Ids
    sizes: Ids

    def __len__(self) -> int:
        return len(self.sizes)

    def of(self, token: int) -> tuple[int, ...]:
        """The tokens of the player that this token belongs to."""
        return tuple(np.flatnonzero(self.player == self.player[token]).tolist())

    def keep(self, coalitions: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tokens that stay (coalition, token), of coalitions (coalition, player)."""
        keep = np.zeros((len(coalitions), len(self.player)), dtype=bool)
        keep[:, self._free] = coalitions[:, self.player[self._free]]
        return keep

    def share(self, values: Floats) -> Floats:
        """Scores (token,): each player's value (player,) shared evenly by its tokens, so that the sum is kept."""
        scores = np.zeros(len(self.player))
        scores[self._free] = (values / self.sizes)[self.player[self._free]]
        return scores

    @property
    def _free(self) -> Ids:
        return np.flatnonzero(self.player >= 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said where players are not tokens."""
        if self.kind == "tokens":
            return ()
        return (f"Scores are of whole {self.kind}, {len(self)} in number; the tokens of each share its score evenly.",)


def players_option() -> Any:
    """Which players a game has: the same for all methods that play one."""
    help_ = "What is kept or taken away as one; its tokens share the score."
    return option("tokens", "Players", help_, choices=PLAYERS)


def players_of(inputs: Encoded, kind: str) -> Players:
    """The players of a text, in its order. Words and marks of punctuation are those that were typed."""
    free = inputs.free
    unit_of = np.arange(len(free)) if kind == "tokens" else units_of(inputs.text, inputs.tokens, kind)[free]
    _, numbers, sizes = np.unique(unit_of, return_inverse=True, return_counts=True)
    player = np.full(len(inputs), -1)
    player[free] = numbers
    return Players(inputs, kind, player, sizes)
