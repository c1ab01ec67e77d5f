"""Gradient × input, with the gradient averaged over the neighbourhood of the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.averages import averaged
from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.gradients import ROWS, gradient, gradient_rows, gradients, times
from tokimp.methods.work import Work
from tokimp.models.scoring import in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch


@register
@dataclass(frozen=True)
class SmoothGrad:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="smoothgrad",
        title="SmoothGrad",
        family="gradient",
        tells="Gradient × input, with the gradient averaged over disturbed copies of the text: less of it is chance.",
        paper="Smilkov et al. 2017",
        url="https://arxiv.org/abs/1706.03825",
        cost="samples forward and backward passes",
        stochastic=True,
        needs=frozenset({"gradient"}),
    )
    samples: int = option(50, "Samples", "Disturbed copies.", kind=int, low=1, high=1000)
    noise: float = option(
        0.5,
        "Noise",
        "Its standard deviation, as a share of that of the text's embeddings, as it was typed.",
        kind=float,
        low=0,
        high=2,
    )
    seed: int = 0

    def work(self, _inputs: Encoded) -> Work:
        return Work(backward=self.samples)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Mean gradient over noisy copies of the embeddings, times the embeddings.

        Smilkov et al. 2017, with normal noise on every token; times the input as it is,
        so that the noise itself adds nothing.

        Returns:
            scores (token,): summed over hidden, signed, in the target's unit; stderr and history over
            the samples.
        """
        embeds = model.embed(inputs.ids)  # (token, hidden)
        scale = self._scale(inputs, embeds)
        draws = np.zeros((self.samples, len(inputs)))

        def run(samples: Sequence[int]) -> None:
            noisy = torch.stack([embeds + scale * self._noise(sample, embeds) for sample in samples])
            slope = gradient(model, noisy, target, watch).gradient
            draws[samples[0] : samples[-1] + 1] = times(slope, embeds)

        for samples, _ in in_batches(range(self.samples), gradient_rows(model, len(inputs)), run):
            done = samples[-1] + 1
            watch(done / self.samples, draws[:done].mean(0))
        return averaged(draws, "samples")

    def attribute_rows(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> Iterator[Attribution]:
        """The same for each token of an answer, which `inputs` hold."""
        embeds = model.embed(inputs.ids)
        scale = self._scale(inputs, embeds)
        for start in range(0, len(targets), ROWS):
            some = targets[start : start + ROWS]
            read = embeds[: some[-1].position + 1]
            draws = np.zeros((len(some), self.samples, len(read)))
            for sample in range(self.samples):
                noisy = read + scale * self._noise(sample, read)
                draws[:, sample] = times(gradients(model, noisy[None], some, watch).gradients[:, 0], read)
                watch((start + len(some) * (sample + 1) / self.samples) / len(targets))
            for target, each in zip(some, draws, strict=True):
                yield averaged(each[:, : target.position + 1], "samples")

    def _scale(self, inputs: Encoded, embeds: Tensor) -> float:
        return self.noise * float(embeds[: inputs.prompt].double().std())

    def _noise(self, sample: int, like: Tensor) -> Tensor:
        """Standard normal, by the sample's own number: the batch size does not change it."""
        rng = np.random.default_rng((self.seed, sample))
        return torch.as_tensor(rng.standard_normal(like.shape), dtype=like.dtype, device=like.device)
