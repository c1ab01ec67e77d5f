"""LIME: a straight line through the answers to the text with random tokens missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.methods.estimates import Estimate, estimate
from tokimp.methods.game import Game
from tokimp.methods.players import players_of, players_option
from tokimp.methods.playing import attribution
from tokimp.methods.probabilistic import Coalitions, every_coalition, log_choose
from tokimp.methods.work import Work, work_of_game
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

WIDTH = 0.25  # of the kernel on cosine distance; the authors' library counts in hundredths: 25
USUAL = 5000  # samples of the authors' library, of which the whole text is one
ROUNDING = 1e-10  # smaller directions of a fit are not determined
GOOD_FIT = 0.9
LEAST_LEFT = 0.05  # of a residual that its own sample leaves
TAILS = 3  # residuals have heavy tails: so many draws count as one normal one
ALL = "Every way to take tokens away was looked at: nothing was left to chance."


class Samples(NamedTuple):
    """Distinct coalitions (sample, player), the full one first; chances (sample,): their share of all draws.

    drawn: how many independent draws that were, 0 where all coalitions stand with their true chances.
    The full one is no draw, and counts as one among the usual number.
    """

    coalitions: Coalitions
    chances: Floats
    drawn: int


class Line(NamedTuple):
    """slopes (player,); explained: weighted R²; the rest is what standard errors need."""

    slopes: Floats
    explained: float
    residuals: Floats
    moves: Floats


@register
@dataclass(frozen=True)
class Lime:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="lime",
        title="LIME",
        family="perturbation",
        tells="How much each token adds along the straight line that fits answers to similar, shortened texts best.",
        paper="Ribeiro, Singh & Guestrin 2016, eq. 1 and section 3.4",
        url="https://arxiv.org/abs/1602.04938",
        cost="samples forward passes at most",
        stochastic=True,
    )
    samples: int = option(
        256,
        "Samples",
        "Four times as many halve the standard error. 256 are all there are for up to 8 players.",
        kind=int,
        low=16,
        high=5000,
    )
    players: str = players_option()
    replacement: str | int = replacement_option()
    seed: int = 0

    def work(self, inputs: Encoded) -> Work:
        return work_of_game(len(players_of(inputs, self.players)), self.samples)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Slopes of a weighted regression on what is there, similar texts weighing more.

        As in the authors' library: how many players go is drawn first, all numbers from 1 to all of
        them being equally likely; weights are exp(−d²/2w²) with d the cosine distance to the whole
        text and w = 0.25. Not so: its ridge penalty of 1, which vanishes as samples grow, is left
        out, because on a text of few words it draws their scores together.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; they don't add up to the
            output. stderr (token,): how far they would vary if samples were drawn anew, which says
            nothing of how well a straight line fits; a note does where it fits badly.

        Cost: at most `samples` forward passes; identical samples run once.
        """
        rng = np.random.default_rng(self.seed)
        game = Game(model, players_of(inputs, self.players), target, watch, self.replacement, self.seed)
        samples = samples_of(len(game.players), self.samples, rng)
        weights = samples.chances * closeness(samples.coalitions)

        def so_far(values: Floats) -> Floats:
            known = slice(len(values))
            return line(samples.coalitions[known], weights[known], values).slopes

        values = game.values(samples.coalitions, so_far)
        found = line(samples.coalitions, weights, values)
        notes: tuple[str, ...] = () if samples.drawn else (ALL,)
        if found.explained < GOOD_FIT:
            notes += (f"A straight line explains only {max(found.explained, 0):.0%} of how the answer varies nearby.",)
        return attribution(game, with_errors(found, samples), None, notes)


def samples_of(players: int, most: int, rng: np.random.Generator) -> Samples:
    """At most `most` distinct coalitions; all of them, with their chances, where there are no more."""
    if 2**players <= most:
        order = [2**players - 1, *rng.permutation(2**players - 1)]
        every = every_coalition(players)[order]
        gone = players - every.sum(1)
        chances = [np.exp(-log_choose(players, int(count))) / players if count else 1 / USUAL for count in gone]
        return Samples(every, np.array(chances), 0)
    draws: dict[bytes, int] = {}
    for count in rng.integers(1, players + 1, size=most - 1):
        coalition = np.ones(players, dtype=bool)
        coalition[rng.permutation(players)[:count]] = False
        draws[coalition.tobytes()] = draws.get(coalition.tobytes(), 0) + 1
    coalitions = np.array([np.ones(players, dtype=bool), *[np.frombuffer(key, dtype=bool) for key in draws]])
    return Samples(coalitions, np.array([1 / USUAL, *[times / (most - 1) for times in draws.values()]]), most - 1)


def closeness(coalitions: Coalitions) -> Floats:
    """Weights (sample,) by the cosine of the angle to the full coalition."""
    distance = 1 - np.sqrt(coalitions.mean(1)) if coalitions.shape[1] else np.zeros(len(coalitions))
    return np.asarray(np.exp(-(distance**2) / (2 * WIDTH**2)))


def line(coalitions: Coalitions, weights: Floats, values: Floats) -> Line:
    """The weighted regression of values (sample,) on presence, with a free intercept; the least one of several."""
    shares = weights / weights.sum()
    there = coalitions - shares @ coalitions  # (sample, player), about its weighted mean
    about = values - shares @ values
    inverse = np.linalg.pinv((there.T * weights) @ there, rcond=ROUNDING, hermitian=True)
    moves = (there * weights[:, None]) @ inverse  # (sample, player)
    slopes = about @ moves
    own = (moves * there).sum(1) + shares  # leverage
    missed = about - there @ slopes
    total = float(weights @ about**2)
    explained = 1 - float(weights @ missed**2) / total if total > ROUNDING * float(weights @ values**2) else 1.0
    return Line(slopes, explained, missed / np.maximum(1 - own, LEAST_LEFT), moves)


def with_errors(found: Line, samples: Samples) -> Estimate:
    """Slopes with the sandwich's standard errors, each residual taken as if its sample had been left out."""
    if not samples.drawn:
        return Estimate(found.slopes, np.zeros_like(found.slopes))
    if np.linalg.matrix_rank(found.moves) < len(found.slopes):
        return Estimate(found.slopes, np.full_like(found.slopes, np.inf))
    draws = samples.chances[1:] * samples.drawn
    each = found.moves[1:] * found.residuals[1:, None] / draws[:, None]
    return estimate(found.slopes, draws @ each**2, samples.drawn / TAILS - 1)
