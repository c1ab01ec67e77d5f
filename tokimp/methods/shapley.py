"""Shapley values from a budget of evaluations: exact where it suffices, else with their standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.methods.coalitions import pairs_of
from tokimp.methods.game import Game
from tokimp.methods.players import players_of, players_option
from tokimp.methods.playing import attribution, by_permutations, by_regression, by_surrogate, exact_note
from tokimp.methods.probabilistic import SHAPLEY
from tokimp.methods.regression import leverage_sizes
from tokimp.methods.work import Work, work_of_game
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch

ESTIMATORS = ("surrogate", "leverage", "permutations")


@register
@dataclass(frozen=True)
class ShapleySampling:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="shapley_sampling",
        title="Shapley values",
        family="shapley",
        tells="Each token's fair share of the answer: what it adds, averaged over all that may stand beside it.",
        paper="Shapley 1953; Witter, Liu & Musco 2025, eq. 5",
        url="https://arxiv.org/abs/2506.11849",
        cost="budget forward passes at most; exact where all coalitions fit into it",
        complete=True,
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
    estimator: str = option(
        "surrogate",
        "Estimator",
        "surrogate: a Gaussian process with its errors corrected; leverage: paired regression; permutations: plain.",
        choices=ESTIMATORS,
    )
    players: str = players_option()
    replacement: str | int = replacement_option()
    seed: int = 0

    def work(self, inputs: Encoded) -> Work:
        count = len(players_of(inputs, self.players))
        least = 2 * count if self.estimator == "permutations" else 0  # an order and its reverse
        return work_of_game(count, max(self.budget, least))

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Mean of v(S with player) − v(S) over all S, sizes and coalitions of a size being equally likely.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; with baseline_output, the
            value of the text with everything taken away, they sum to the output. stderr (token,):
            how far scores would vary if coalitions were drawn anew; 0 where they are exact.

        Cost: at most `budget` forward passes; one pair of permutations where the budget is smaller.
        """
        rng = np.random.default_rng(self.seed)
        game = Game(model, players_of(inputs, self.players), target, watch, self.replacement, self.seed)
        count = len(game.players)
        if self.estimator == "permutations" and self.budget < 2**count:
            found, empty, _ = by_permutations(game, self.budget, rng)
            return attribution(game, found, empty)
        sizes = leverage_sizes(count) if self.estimator == "leverage" else SHAPLEY.sizes(count)
        pairs = pairs_of(count, self.budget // 2 - 1, sizes, rng)
        regress = self.estimator == "leverage" and not pairs.complete
        played = by_regression(game, pairs, rng) if regress else by_surrogate(game, SHAPLEY, pairs, rng)
        return attribution(game, played.found, played.empty, (exact_note(count),) if pairs.complete else ())
