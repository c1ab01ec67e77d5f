"""Gradients on the way from random texts to this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from tokimp.methods.averages import averaged
from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.gradients import gradient, gradient_rows
from tokimp.methods.work import Work
from tokimp.models.masking import Copy, masking
from tokimp.models.scoring import Scorer, in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

FEWEST = 10  # draws from which a regression on them means anything


@register
@dataclass(frozen=True)
class GradientShap:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="gradient_shap",
        title="Gradient SHAP",
        family="gradient",
        tells="What each token adds to the answer on the way from random texts of this length to this one.",
        paper="Lundberg & Lee 2017; Erion et al. 2021",
        url="https://arxiv.org/abs/1906.10670",
        cost="samples forward and backward passes, and as many forward passes",
        complete=True,
        stochastic=True,
        needs=frozenset({"gradient"}),
    )
    samples: int = option(100, "Samples", "Random texts to start from.", kind=int, low=FEWEST, high=2000)
    keep_first: str | bool = option(
        "auto",
        "Keep the first token",
        "A decoder parks unused attention on its first token. auto: kept for decoders.",
        choices=("auto", True, False),
    )
    seed: int = 0

    def work(self, _inputs: Encoded) -> Work:
        return Work(forward=self.samples + 1, backward=self.samples)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Mean of gradient · (text − random text) at a random point on the way between both.

        Erion et al. 2021 (expected gradients), which is Lundberg and Lee's GradientExplainer; the
        background are texts of random tokens, special tokens kept. On each way the parts add up to the
        change of the value only in expectation. That change is known, so what a draw misses of it is
        a control variate: it is taken off by regression, which keeps the expectation, makes the
        scores add up and leaves less to chance.

        Returns:
            scores (token,): summed over hidden, signed, in the target's unit; they add up to output −
            baseline_output, the mean value of the random texts; stderr and history over the samples.

        Cost: `samples` forward and backward passes, as many forward passes, and one.
        """
        embeds = model.embed(inputs.ids)  # (token, hidden)
        rng = np.random.default_rng(self.seed)
        keep = np.zeros((self.samples, len(inputs)), dtype=bool)
        keep[:, 0] = model.architecture.decoder if self.keep_first == "auto" else self.keep_first
        texts = masking(model, inputs, target, "random").copies(keep, rng)
        shares = rng.random(self.samples)

        def report(known: Floats) -> None:
            watch((1 - float(np.isnan(known).mean())) / 3)

        values = Scorer(model, [target], watch)([Copy(inputs.ids, target.position, inputs.source), *texts], report)
        changes = values[0] - values[1:]  # (sample,)
        parts = np.zeros((self.samples, len(inputs)))

        def run(samples: Sequence[int]) -> None:
            some = slice(samples[0], samples[-1] + 1)
            starts = model.embed(np.stack([text.ids for text in texts[some]]))
            share = torch.as_tensor(shares[some], dtype=embeds.dtype, device=embeds.device)[:, None, None]
            slope = gradient(model, starts + share * (embeds - starts), target, watch).gradient
            parts[some] = (slope.double() * (embeds - starts).double()).sum(-1).cpu().numpy()

        for samples, _ in in_batches(range(self.samples), gradient_rows(model, len(inputs)), run):
            done = samples[-1] + 1
            watch((1 + 2 * done / self.samples) / 3, _adjusted(parts[:done], changes[:done]).mean(0))
        found = averaged(_adjusted(parts, changes), "samples")
        start = float(values[1:].mean())
        return Attribution(found.scores, baseline_output=start, stderr=found.stderr, history=found.history)


def _adjusted(parts: Floats, changes: Floats) -> Floats:
    """Draws (sample, token) that add up to their changes (sample,), with what they missed taken off.

    Each token gives up what its part varies with the total missed; few draws, that vary by chance,
    give up alike.
    """
    excess = parts.sum(1) - changes
    touched = parts.any(0)
    give = np.zeros(parts.shape[1])
    spread = excess - excess.mean()
    if len(parts) >= FEWEST and spread @ spread > 0:
        give = spread @ parts / (spread @ spread)
    give += touched * (1 - give.sum()) / max(touched.sum(), 1)
    return parts - np.outer(excess, give)
