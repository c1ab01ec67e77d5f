"""Who plays: tokens, words, sentences or paragraphs; and how a player's score goes back to its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.methods.base import option
from tokimp.models.tokens import Encoded
from tokimp.types import Floats
from tokimp.units import KINDS, units_of

PLAYERS = ("tokens", *KINDS)


@dataclass(frozen=True)
class Players:
    """Groups of the tokens that masking may touch; special tokens belong to none.

    members (player, token): True where a token belongs to a player; each free token has one.
    """

    inputs: Encoded
    kind: str
    members: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.members)

    def keep(self, coalitions: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tokens that stay (coalition, token)."""
        return coalitions @ self.members

    def share(self, values: Floats) -> Floats:
        """Scores (token,): each player's value (player,) shared evenly by its tokens, so that the sum is kept."""
        found: Floats = values @ (self.members / np.maximum(self.members.sum(1, keepdims=True), 1))
        return found

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
    members = np.zeros((len(np.unique(unit_of)), len(inputs)), dtype=bool)
    members[np.unique(unit_of, return_inverse=True)[1], free] = True
    return Players(inputs, kind, members)
