"""Gradients averaged on the way from a baseline to the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.gradients import ROWS
from tokimp.methods.paths import Path, SharedPath
from tokimp.methods.quadrature import adaptive_rule, fixed_rule
from tokimp.methods.work import Work
from tokimp.models.masking import token_id
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch

BUDGET = 8  # evaluations that the adaptive rule may spend, in units of `steps`


@register
@dataclass(frozen=True)
class IntegratedGradients:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="integrated_gradients",
        title="Integrated gradients",
        family="gradient",
        tells="How the answer builds up between a text that says nothing and this one, shared out among the tokens.",
        paper="Sundararajan et al. 2017, eq. 1",
        url="https://arxiv.org/abs/1703.01365",
        cost="steps forward and backward passes; adaptive: until the gap is small, at most 8 × steps",
        complete=True,
        needs=frozenset({"gradient"}),
    )
    steps: int = option(
        64, "Steps", "Points on the way; the adaptive rule may use 8 times as many.", kind=int, low=1, high=512
    )
    baseline: str | int = option(
        "auto",
        "Baseline",
        "The text that says nothing. auto: mask tokens; without a mask token, the mean embedding.",
        choices=("auto", "zero", "mean", "pad", "mask", "unk", "eos"),
        kind=int,
        low=0,
    )
    keep_first: str | bool = option(
        "auto",
        "Keep the first token",
        "A decoder parks unused attention on its first token. auto: kept for decoders, unless the baseline is zero.",
        choices=("auto", True, False),
    )
    adaptive: bool = option(
        True, "Adaptive", "Look closer where the parts do not yet add up to the whole.", choices=(True, False)
    )
    tolerance: float = option(
        0.01, "Tolerance", "The adaptive rule stops when the gap is below this share.", kind=float, low=1e-4, high=0.5
    )

    def work(self, _inputs: Encoded) -> Work:
        if self.adaptive:
            return Work(backward=BUDGET * self.steps, early=True)
        return Work(forward=2, backward=self.steps)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Averages the gradient on the straight path from the baseline, times the distance.

        Sundararajan et al. 2017, eq. 1, with Gauss–Legendre nodes; the adaptive rule integrates
        segments of 5 nodes and bisects those that miss their part of the difference.

        Returns:
            scores (token,): summed over hidden, signed, in the target's unit. They add up to
            output − baseline_output, up to the completeness gap; a note says so where the gap
            stays above `tolerance` of the difference.

        Cost: `steps` forward and backward passes, batched, and 2 forward passes; adaptive: as many
        as the tolerance needs, at most 8 × `steps`.

        Raises:
            NoBaselineError: the tokenizer has no token of the kind asked for as baseline.
        """
        embeds = model.embed(inputs.ids)  # (token, hidden)
        return self._along(Path(model, target, self.baseline_embeddings(model, inputs, embeds), embeds, watch))

    def attribute_rows(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> Iterator[Attribution]:
        """The same for each token of an answer, which `inputs` hold: rows share the points on the way."""
        embeds = model.embed(inputs.ids)
        baseline = self.baseline_embeddings(model, inputs, embeds)
        for start in range(0, len(targets), ROWS):
            some = targets[start : start + ROWS]
            end = some[-1].position + 1
            shared = SharedPath(model, some, baseline[:end], embeds[:end], watch)
            for row in range(len(some)):
                yield self._along(shared.row(row))
                watch((start + row + 1) / len(targets))

    def _along(self, path: Path) -> Attribution:
        if self.adaptive:
            integral = adaptive_rule(path, self.tolerance, BUDGET * self.steps)
        else:
            integral = fixed_rule(path, self.steps)
        share = integral.missing_share
        notes = () if share <= self.tolerance else (not_converged(share),)
        return Attribution(integral.scores, baseline_output=integral.start, notes=notes)

    def baseline_embeddings(self, model: TextModel, inputs: Encoded, embeds: Tensor) -> Tensor:
        """Embeddings (token, hidden) of the text that says nothing."""
        kind = self.baseline
        if kind == "auto":
            kind = "mean" if model.tokenizer.mask_token_id is None else "mask"
        keep_first = self.keep_first is True or (
            self.keep_first == "auto" and model.architecture.decoder and kind != "zero"
        )
        if kind == "zero":
            baseline = torch.zeros_like(embeds)
        else:
            fill = mean_embedding(model) if kind == "mean" else model.embed(np.array(token_id(model, kind)))
            fixed = torch.as_tensor(inputs.fixed, device=embeds.device)[:, None]
            baseline = torch.where(fixed, embeds, fill)
        if keep_first:
            baseline[0] = embeds[0]
        return baseline


def not_converged(share: float) -> str:
    """The sentence that says how far the scores are from adding up."""
    return f"These numbers are not converged: the parts miss {100 * share:.2g} % of the whole."


def mean_embedding(model: TextModel) -> Tensor:
    """Mean (hidden,) of the embeddings of the whole vocabulary, as the first layer gets them."""
    longest = int(model.embeddings.norm(dim=-1).argmax())  # not any row: that of the padding token may be zero
    row = model.embeddings[longest]
    scale = torch.dot(model.embed(np.array(longest)), row) / torch.dot(row, row)  # Gemma scales what it looks up
    return model.embeddings.mean(0) * scale
