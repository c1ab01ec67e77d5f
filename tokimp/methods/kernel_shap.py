"""Kernel SHAP: Shapley values as the additive game that fits the text's best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.methods.coalitions import pairs_of
from tokimp.methods.game import Game
from tokimp.methods.players import players_of, players_option
from tokimp.methods.playing import attribution, by_regression, exact_note
from tokimp.methods.regression import kernel_sizes, leverage_sizes
from tokimp.methods.work import Work, work_of_game
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch

SAMPLING = {"kernel": kernel_sizes, "leverage": leverage_sizes}


@register
@dataclass(frozen=True)
class KernelShap:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="kernel_shap",
        title="Kernel SHAP",
        family="shapley",
        tells="Each token's fair share of the answer, read off a straight-line fit to many shortened texts.",
        paper="Lundberg & Lee 2017, theorem 2; Covert & Lee 2021; Musco & Witter 2025",
        url="https://arxiv.org/abs/1705.07874",
        cost="samples forward passes at most; exact where all coalitions fit into them",
        complete=True,
        stochastic=True,
    )
    samples: int = option(
        256,
        "Samples",
        "Four times as many halve the standard error. 256 are exact for up to 8 players.",
        kind=int,
        low=16,
        high=5000,
    )
    sampling: str = option(
        "kernel",
        "Sampling",
        "kernel: sizes as the Shapley kernel weighs them; leverage: all sizes alike.",
        choices=tuple(SAMPLING),
    )
    players: str = players_option()
    replacement: str | int = replacement_option()
    seed: int = 0

    def work(self, inputs: Encoded) -> Work:
        return work_of_game(len(players_of(inputs, self.players)), self.samples)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Weighted regression on coalitions and their complements, with the sum fixed.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; with baseline_output, the
            value of the text with everything taken away, they sum to the output. stderr (token,):
            how far scores would vary if coalitions were drawn anew; 0 where they are exact, None
            where samples are too few to tell. The regression's bias, of order 1 / samples, is not in it.

        Cost: at most `samples` forward passes.
        """
        rng = np.random.default_rng(self.seed)
        game = Game(model, players_of(inputs, self.players), target, watch, self.replacement, self.seed)
        count = len(game.players)
        pairs = pairs_of(count, self.samples // 2 - 1, SAMPLING[self.sampling](count), rng)
        found, empty, _ = by_regression(game, pairs, rng)
        return attribution(game, found, empty, (exact_note(count),) if pairs.complete else ())
