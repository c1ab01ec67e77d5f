"""A text as a cooperative game: what the target is worth when only some of its players stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tokimp.methods.players import Players
from tokimp.methods.probabilistic import Coalitions
from tokimp.models.masking import Copy, masking
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Target
from tokimp.watch import Watch

FIRST_LOOK = 32  # coalitions before the first partial result; doubled for each next one
ONE_DRAW = (
    "One random draw stands for all that is taken away; how scores vary with the draw is not in the standard error."
)


class Game:
    """Values of coalitions, with everything outside a coalition taken away.

    With random replacements one draw by the seed serves all coalitions: the game then is as
    definite as any other, and an empty coalition has one value.
    """

    def __init__(
        self, model: TextModel, players: Players, target: Target, watch: Watch, replacement: str | int, seed: int
    ) -> None:
        self.players = players
        self.history: list[Floats] = []
        self._watch = watch
        self._scorer = Scorer(model, [target], watch)
        self._edit = masking(model, players.inputs, target, replacement)
        self._rng = np.random.default_rng(seed)

    def values(self, coalitions: Coalitions, guess: Callable[[Floats], Floats]) -> Floats:
        """Values (coalition,), looked at in rounds of growing size.

        Asked once a game. After each round but the last, `guess` makes values (player,) of those known so far, a
        prefix of the coalitions; they are reported, and kept in `history`.
        """
        copies = self._copies(coalitions)
        end = min(FIRST_LOOK, len(copies))
        partial: Floats | None = None

        def report(values: Floats) -> None:
            self._watch(float((~np.isnan(values)).sum()) / len(copies), partial)

        while True:
            values = self._scorer(copies[:end], report)
            if end == len(copies):
                return values
            partial = self.players.share(guess(values))
            self.history.append(partial)
            self._watch(end / len(copies), partial)
            end = min(2 * end, len(copies))

    def scores(self, values: Floats) -> Floats:
        """Final scores (token,) of values (player,): reported, and the last row of `history`."""
        scores = self.players.share(values)
        self.history.append(scores)
        self._watch(1.0, scores)
        return scores

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said about this game, whatever is made of it."""
        return (*self.players.notes, *([ONE_DRAW] if self._edit.kind == "random" else []))

    def _copies(self, coalitions: Coalitions) -> Sequence[Copy]:
        keep = self.players.keep(coalitions)
        if self._edit.kind != "random":
            return self._edit.copies(keep)
        inputs = self.players.inputs
        drawn = self._edit.copies(np.zeros((1, len(inputs)), dtype=bool), self._rng)[0]
        return [Copy(ids, drawn.position, drawn.source) for ids in np.where(keep, inputs.ids, drawn.ids)]
