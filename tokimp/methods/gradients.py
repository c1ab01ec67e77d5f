"""One gradient of the target by the word embeddings."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.device import free_memory
from tokimp.models.outputs import forward_passes, target_values
from tokimp.models.recomputing import Within, recomputing
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch

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
    long = len(embeds) * graph_bytes(model, embeds.shape[1]) > GRAPH_BYTES
    with torch.enable_grad(), model.lock, recomputing(model, within) if long else nullcontext():
        embeds = embeds.detach().clone().requires_grad_(True)
        with within():
            values = target_values(model, embeds, [target], [target.position] * len(embeds))[:, 0]
        (slope,) = torch.autograd.grad(values.sum(), embeds)
    watch.count(len(embeds) * forward_passes(model, [target]))
    return Gradient(values.detach(), slope)


def gradient_rows(model: TextModel, length: int) -> int:
    """How many rows of that length one backward pass takes."""
    room = min(GRAPH_BYTES, free_memory() * 0.25)
    return max(1, min(16, int(room / graph_bytes(model, length))))


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
        slope = gradient(model, model.embed(inputs.ids)[None], target, watch).gradient[0]
        order = 1 if self.norm == "l1" else 2
        scores = slope.double().norm(order, dim=-1).cpu().numpy()
        watch(1.0, scores)
        return Attribution(scores, signed=False)


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
        scores = (slope.double() * embeds.double()).sum(-1).cpu().numpy()
        watch(1.0, scores)
        return Attribution(scores)
