"""Banzhaf values: what a token adds when every coalition of the others is equally likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.methods.coalitions import pairs_of
from tokimp.methods.game import Game
from tokimp.methods.players import players_of, players_option
from tokimp.methods.playing import attribution, by_surrogate, exact_note
from tokimp.methods.probabilistic import BANZHAF
from tokimp.methods.work import Work, work_of_game
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch


@register
@dataclass(frozen=True)
class Banzhaf:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="banzhaf",
        title="Banzhaf values",
        family="shapley",
        tells="What each token adds, averaged over all ways to keep or drop the others.",
        paper="Banzhaf 1965; Wang & Jia 2023 for sampling",
        url="https://arxiv.org/abs/2205.15466",
        cost="budget forward passes at most; exact where all coalitions fit into it",
        stochastic=True,
    )
    budget: int = option(
        256,
        "Evaluations",
        "Four times as many halve the standard error, or better. 256 are exact for up to 8 players.",
        kind=int,
        low=16,
        high=5000,
    )
    players: str = players_option()
    replacement: str | int = replacement_option()
    seed: int = 0

    def work(self, inputs: Encoded) -> Work:
        return work_of_game(len(players_of(inputs, self.players)), self.budget)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Mean of v(S with player) − v(S) over all S of the other players, each equally likely.

        Half of the text is missing on average: these values tell about a text in ruins, and, unlike
        Shapley values, don't add up to the output.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; stderr (token,): how far
            they would vary if coalitions were drawn anew; 0 where they are exact.

        Cost: at most `budget` forward passes.
        """
        rng = np.random.default_rng(self.seed)
        game = Game(model, players_of(inputs, self.players), target, watch, self.replacement, self.seed)
        pairs = pairs_of(len(game.players), self.budget // 2 - 1, BANZHAF.sizes(len(game.players)), rng)
        played = by_surrogate(game, BANZHAF, pairs, rng)
        return attribution(game, played.found, None, (exact_note(len(game.players)),) if pairs.complete else ())
