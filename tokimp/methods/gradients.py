"""One gradient of the target by the word embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.device import free_memory
from tokimp.models.fusing import fused
from tokimp.models.outputs import answer_values, forward_passes, target_values
from tokimp.models.recomputing import Within, recomputing
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

ROWS = 8  # targets of an answer that one graph serves: more take memory and no less time
GRAPH_BYTES = 300 * 2**20  # what the graph of one backward pass may take


class Gradient(NamedTuple):
    """values (batch,) of the target, and its gradient (batch, token, hidden) by the embeddings."""

    values: Tensor
    gradient: Tensor


def gradient(model: TextModel, embeds: Tensor, target: Target, watch: Watch, within: Within = nullcontext) -> Gradient:
    """Values and gradients at embeds (batch, token, hidden). Cost: one evaluation a row.

    `within` is opened around the forward pass, and around each layer that runs again because the
    graph of all layers would not fit into `GRAPH_BYTES`.
    """
    long = is_long(model, embeds.shape[1], len(embeds))
    whole = fused(model.network, embeds.shape[1])
    with torch.enable_grad(), model.lock, whole, recomputing(model, within) if long else nullcontext():
        embeds = embeds.detach().clone().requires_grad_(True)
        with within():
            values = target_values(model, embeds, [target], [target.position] * len(embeds))[:, 0]
        (slope,) = torch.autograd.grad(values.sum(), embeds)
    watch.count(len(embeds) * forward_passes(model, [target]))
    return Gradient(values.detach(), slope)


class Gradients(NamedTuple):
    """values (batch, target), and the gradient (target, batch, token, hidden) of each by the embeddings."""

    values: Tensor
    gradients: Tensor


def gradients(
    model: TextModel, embeds: Tensor, targets: Sequence[Target], watch: Watch, within: Within = nullcontext
) -> Gradients:
    """Values and gradients of an answer's targets at embeds (batch, token, hidden) of all that they read.

    Cost: one forward pass a row for all targets together, counted as one evaluation, and one backward
    pass for each; where that does not fit into `GRAPH_BYTES`, a pass for each as in `gradient`.
    """
    if is_long(model, embeds.shape[1], len(embeds)):
        found = [gradient(model, embeds[:, : target.position + 1], target, watch, within) for target in targets]
        missing = [embeds.shape[1] - each.gradient.shape[1] for each in found]
        padded = [pad(each.gradient, (0, 0, 0, short)) for each, short in zip(found, missing, strict=True)]
        return Gradients(torch.stack([each.values for each in found], dim=-1), torch.stack(padded))
    with torch.enable_grad(), model.lock:
        embeds = embeds.detach().clone().requires_grad_(True)
        with within():
            values = answer_values(model, embeds, targets)
        whole = values.sum(0)  # (target,)
        one_each = torch.eye(len(targets), device=whole.device, dtype=whole.dtype)
        (slopes,) = torch.autograd.grad(whole, embeds, one_each, is_grads_batched=True)
    watch.count(len(embeds))
    return Gradients(values.detach(), slopes)


def row_gradients(
    model: TextModel, embeds: Tensor, targets: Sequence[Target], watch: Watch, within: Within = nullcontext
) -> Iterator[Gradient]:
    """One gradient (1, token, hidden) for each target of an answer, of what it reads of embeds (token, hidden)."""
    for start in range(0, len(targets), ROWS):
        some = targets[start : start + ROWS]
        found = gradients(model, embeds[None, : some[-1].position + 1], some, watch, within)
        for row, target in enumerate(some):
            yield Gradient(found.values[:, row], found.gradients[row, :, : target.position + 1])


def gradient_rows(model: TextModel, length: int) -> int:
    """How many rows of that length one backward pass takes."""
    room = min(GRAPH_BYTES, free_memory() * 0.25)
    return max(1, min(16, int(room / graph_bytes(model, length))))


def is_long(model: TextModel, length: int, rows: int = 1) -> bool:
    """Whether the graph of so many rows does not fit into `GRAPH_BYTES`."""
    return rows * graph_bytes(model, length) > GRAPH_BYTES


def graph_bytes(model: TextModel, length: int) -> int:
    """Bytes that one row's graph takes: the states and attention weights that all layers keep, as measured."""
    size = model.size
    return 4 * size.layers * (12 * length * size.hidden + 2 * size.heads * length**2)


@register
@dataclass(frozen=True)
class Saliency:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="saliency",
        title="Saliency",
        family="gradient",
        tells="How strongly a small change of each token would move the answer: how much, not which way.",
        paper="Simonyan et al. 2014, section 3",
        url="https://arxiv.org/abs/1312.6034",
        cost="1 forward and backward pass",
        signed=False,
        needs=frozenset({"gradient"}),
    )
    norm: str = option("l2", "Norm", "How a gradient's length is measured.", choices=("l2", "l1"))

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Norm of the gradient by each token's embedding.

        Returns:
            scores (token,), ≥ 0, in the target's unit per unit of embedding.
        """
        found = self._attribution(gradient(model, model.embed(inputs.ids)[None], target, watch))
        watch(1.0, found.scores)
        return found

    def attribute_rows(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> Iterator[Attribution]:
        """The same for each token of an answer, which `inputs` hold."""
        return map(self._attribution, row_gradients(model, model.embed(inputs.ids), targets, watch))

    def _attribution(self, found: Gradient) -> Attribution:
        scores = found.gradient[0].double().norm(1 if self.norm == "l1" else 2, dim=-1)
        return Attribution(scores.cpu().numpy(), signed=False)


@register
@dataclass(frozen=True)
class GradientXInput:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="gradient_x_input",
        title="Gradient × input",
        family="gradient",
        tells="What each token adds to the answer if the model is taken as linear around this text.",
        paper="Shrikumar et al. 2016, eq. 1; Denil et al. 2014",
        url="https://arxiv.org/abs/1605.01713",
        cost="1 forward and backward pass",
        needs=frozenset({"gradient"}),
    )

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Gradient times embedding, summed over hidden.

        Returns:
            scores (token,), signed, in the target's unit.
        """
        embeds = model.embed(inputs.ids)
        slope = gradient(model, embeds[None], target, watch).gradient[0]
        scores = times(slope, embeds)
        watch(1.0, scores)
        return Attribution(scores)

    def attribute_rows(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> Iterator[Attribution]:
        """The same for each token of an answer, which `inputs` hold."""
        embeds = model.embed(inputs.ids)
        for found in row_gradients(model, embeds, targets, watch):
            yield Attribution(times(found.gradient[0], embeds))


def times(slope: Tensor, embeds: Tensor) -> Floats:
    """Scores (…, token): gradient (…, token, hidden) times the embeddings of as many tokens, summed over hidden."""
    scores: Floats = (slope.double() * embeds[: slope.shape[-2]].double()).sum(-1).cpu().numpy()
    return scores
