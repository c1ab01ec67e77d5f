"""What changes when a token, a word, a sentence or a paragraph is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tokimp.methods.averages import averaged
from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.methods.players import Players, players_of, players_option
from tokimp.methods.work import OF_A_DECODER, Work
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch


@register
@dataclass(frozen=True)
class Occlusion:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="occlusion",
        title="Occlusion",
        family="perturbation",
        tells="How much the answer loses when a token is taken away and all others stay.",
        paper="Zeiler & Fergus 2014, section 3; Li et al. 2016 for text",
        url="https://arxiv.org/abs/1612.08220",
        cost="tokens (or other players) × repeats + 1 forward passes",
        stochastic=True,
    )
    replacement: str | int = replacement_option()
    repeats: int = option(
        1, "Repeats", "Random replacements are drawn this often and averaged.", kind=int, low=1, high=100
    )
    window: int = option(
        1,
        "Window",
        "Neighbouring players taken away together; each gets its windows' mean.",
        kind=int,
        low=1,
        high=20,
    )
    players: str = players_option()
    seed: int = 0

    @property
    def edits_alike(self) -> bool:
        """Whether a longer text is edited as a shorter one with the same start is, so that both can share copies."""
        return self.replacement != "random" and self.players == "tokens"

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Value of the whole text minus its value without the player.

        A player gets the mean over the windows that cover it, and over `repeats` where the
        replacement is random; its tokens share that evenly.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; of random replacements also
            stderr (token,), from at least two repeats, and history (step, token) over the repeats.
        """
        return self.attribute_each(model, inputs, [target], watch)[0]

    def attribute_each(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> list[Attribution]:
        """The same for several targets read at one position, at the cost of one."""
        random = self.replacement == "random"
        repeats = self.repeats if random else 1
        players = players_of(inputs, self.players)
        width = self._width(players)
        edit = masking(model, inputs, targets[0], self.replacement)
        keep = players.keep(_without(len(players), width))
        copies = edit.copies(keep)
        if random:
            rng = np.random.default_rng(self.seed)
            copies = [copies[0], *(copy for _ in range(repeats) for copy in edit.copies(keep[1:], rng))]

        def drops(values: Floats) -> Floats:
            return np.asarray((values[0] - values[1:]).reshape(repeats, len(keep) - 1))

        def report(values: Floats) -> None:
            watch(1 - float(np.isnan(values).mean()), players.share(_so_far(drops(values), width)))

        scorer = Scorer(model, targets, watch)
        scorer(copies[:1], lambda _: None)  # every partial score needs the whole text's value
        first = scorer(copies, report)
        rest = [scorer.select(column)(copies) for column in range(1, len(targets))]
        return [_share(drops(values), width, players, random) for values in (first, *rest)]

    def work(self, inputs: Encoded) -> Work:
        repeats = self.repeats if self.replacement == "random" else 1
        players = players_of(inputs, self.players)
        windows = len(players) - self._width(players) + 1
        return Work(forward=1 + repeats * windows, part=OF_A_DECODER)

    def _width(self, players: Players) -> int:
        return min(self.window, max(len(players), 1))


def _without(players: int, width: int) -> npt.NDArray[np.bool_]:
    """Which players stay (window + 1, player): all, then all but each `width` neighbours."""
    first = np.arange(players - width + 1)[:, None]
    each = np.arange(players)
    return np.concatenate([np.ones((1, players), dtype=bool), (each < first) | (each >= first + width)])


def _share(drops: Floats, width: int, players: Players, random: bool) -> Attribution:
    """Scores from drops (repeat, window): the mean over covering windows, with its error over repeats."""
    each = _covering(drops, width) / np.maximum(_covering(np.ones_like(drops), width), 1)  # (repeat, player)
    shared = np.stack([players.share(row) for row in each])  # (repeat, token)
    found = averaged(shared, "repeats") if random else Attribution(shared[0])
    return replace(found, notes=(*found.notes, *players.notes))


def _so_far(drops: Floats, width: int) -> Floats:
    """Scores (player,) from the drops that are known, NaN for those that are not; 0 where none is."""
    ran = np.isfinite(drops)
    known = _covering(np.where(ran, drops, 0), width).sum(0)
    return np.asarray(known / np.maximum(_covering(ran.astype(np.float64), width).sum(0), 1))


def _covering(values: Floats, width: int) -> Floats:
    """Sums over the windows that cover each player (repeat, player), of values (repeat, window)."""
    shifted = (np.pad(values, ((0, 0), (shift, width - 1 - shift))) for shift in range(width))
    found: Floats = np.sum(list(shifted), axis=0)
    return found
