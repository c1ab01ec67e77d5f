"""Attention weights times the gradient by them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tokimp.methods import gradients
from tokimp.methods.base import MethodInfo, register
from tokimp.models.attention_weights import Attending, attending, attention_weights
from tokimp.models.outputs import forward_passes, target_values
from tokimp.models.recomputing import recomputing
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch


@register
@dataclass(frozen=True)
class GradientXAttention:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="gradient_x_attention",
        title="Gradient × attention",
        family="attention",
        tells="What the answer gains from the attention that each token gets, if the model is taken as linear in it.",
        paper="Hao et al. 2021, with one step; Barkan et al. 2021",
        url="https://arxiv.org/abs/2004.11207",
        cost="1 forward and backward pass",
        needs=frozenset({"attention", "gradient", "layers"}),
    )

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Attention times the target's gradient by it, summed over all that is paid to a token.

        Hao et al. 2021, A ⊙ ∂value/∂A with a single step, at the weights as they are. The sum over queries is
        that of Barkan et al. 2021 (Grad-SAM), without their ReLU, so that signs stay and a contrast is
        a difference. It is the slope of the value by one gate on all the attention to the token.

        Returns:
            scores (token,): summed over layer, head and query, signed, in the target's unit; layers
            (layer, token): the part of each layer; a decoder layer's of the source is its cross-attention.
        """
        length = len(inputs)
        gates = [torch.ones(length, device=model.device) for _ in model.blocks]  # [layer] (key,)
        parts = attending(model, inputs.source)

        def within() -> AbstractContextManager[None]:
            return attention_weights(model, lambda place, weights: _gated(weights, gates, parts[place]), length)

        embeds = model.embed(inputs.ids)[None]
        long = gradients.graph_bytes(model, length) > gradients.GRAPH_BYTES
        with torch.enable_grad(), model.lock, recomputing(model, within) if long else nullcontext():
            for gate in gates:
                gate.requires_grad_(True)
            with within():
                value = target_values(model, embeds, [target], [target.position]).sum()
            slopes = torch.autograd.grad(value, gates)
        watch.count(forward_passes(model, [target]))
        layers = torch.stack(slopes).double().cpu().numpy()
        scores = layers.sum(0)
        watch(1.0, scores)
        return Attribution(scores, layers=layers)


def _gated(weights: Tensor, gates: Sequence[Tensor], part: Attending) -> Tensor:
    """All gates are 1, so that a layer which runs again, whose place is not known, has what it had."""
    gate, keys = gates[part.layer][part.keys], weights.shape[-1]
    # A continued word stands behind the text; what is looked up there is not the input's.
    behind = gate.new_ones(max(keys - len(gate), 0))
    return weights * torch.cat([gate[:keys], behind]).to(weights.dtype)
