"""What changes when a token is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tokimp.methods.averages import averaged
from tokimp.methods.base import MethodInfo, option, register, replacement_option
from tokimp.models.masking import Copy, masking
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
        cost="tokens × repeats + 1 forward passes",
        stochastic=True,
    )
    replacement: str | int = replacement_option()
    repeats: int = option(
        1, "Repeats", "Random replacements are drawn this often and averaged.", kind=int, low=1, high=100
    )
    window: int = option(
        1,
        "Window",
        "Neighbouring tokens taken away together; a token gets its windows' mean.",
        kind=int,
        low=1,
        high=20,
    )
    seed: int = 0

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Value of the whole text minus its value without the token.

        A token gets the mean over the windows that cover it, and over `repeats` where the
        replacement is random.

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
        windows = _windows(inputs, self.window)  # (window, token)
        edit = masking(model, inputs, targets[0], self.replacement)
        rng = np.random.default_rng(self.seed)
        copies = [Copy(inputs.ids, targets[0].position, inputs.source)]
        for _ in range(repeats):
            copies += edit.copies(~windows, rng)

        def drops(values: Floats) -> Floats:
            return np.asarray((values[0] - values[1:]).reshape(repeats, len(windows)))

        def report(values: Floats) -> None:
            watch(1 - float(np.isnan(values).mean()), _so_far(drops(values), windows))

        scorer = Scorer(model, targets, watch)
        scorer(copies[:1], lambda _: None)  # every partial score needs the whole text's value
        first = scorer(copies, report)
        rest = [scorer.select(column)(copies) for column in range(1, len(targets))]
        return [_share(drops(values), windows, random) for values in (first, *rest)]


def _windows(inputs: Encoded, width: int) -> npt.NDArray[np.bool_]:
    """Which tokens each window takes away (window, token); special tokens are never among them."""
    free = inputs.free
    width = min(width, max(len(free), 1))
    starts = range(len(free) - width + 1)
    windows = np.zeros((len(starts), len(inputs)), dtype=bool)
    for row, start in enumerate(starts):
        windows[row, free[start : start + width]] = True
    return windows


def _share(drops: Floats, windows: npt.NDArray[np.bool_], random: bool) -> Attribution:
    """Scores from drops (repeat, window): the mean over covering windows, with its error over repeats."""
    each = drops @ (windows / np.maximum(windows.sum(0), 1))  # (repeat, token)
    return averaged(each, "repeats") if random else Attribution(each[0])


def _so_far(drops: Floats, windows: npt.NDArray[np.bool_]) -> Floats:
    """Scores (token,) from the drops that are known, NaN for those that are not; 0 where none is."""
    ran = np.isfinite(drops)
    return np.asarray(np.where(ran, drops, 0).sum(0) @ windows / np.maximum(ran.sum(0) @ windows, 1))
