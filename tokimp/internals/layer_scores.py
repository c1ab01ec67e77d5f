"""Scores of the tokens at every layer: gradient × activation, or relevance."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.lrp import relevance_rules
from tokimp.models.layers import between_layers
from tokimp.models.outputs import forward_passes, target_values
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats, Target
from tokimp.watch import Watch

Kind = Literal["gradient", "relevance"]
KINDS: tuple[Kind, ...] = ("gradient", "relevance")


def layer_scores(
    model: TextModel, inputs: Encoded, target: Target, kind: Kind = "gradient", watch: Watch | None = None
) -> Floats:
    """Gradient times hidden state, summed over hidden (layer, token), in the target's unit, signed.

    Layer 0 is what the first layer gets, the last what the last layer hands on. "relevance" follows
    the rules of AttnLRP on the way back. Where a target is read in several passes, each adds its part.
    Cost: one forward and backward pass, one more for each continued word of a next-token target.
    """
    passes: list[list[Tensor]] = []  # [pass][layer] (1, token, hidden)

    def enter(layer: int, batch: Tensor) -> Tensor:
        if layer % len(model.blocks) == 0:
            passes.append([batch])
        return batch

    def leave(_layer: int, batch: Tensor) -> None:
        passes[-1].append(batch)

    with torch.enable_grad(), model.lock, _rules(model, kind):
        embeds = model.embed(inputs.ids)[None].detach().clone().requires_grad_(True)
        with between_layers(model, enter, leave):
            value = target_values(model, embeds, [target], [target.position])[0, 0]
        states = [state for layers in passes for state in layers]
        slopes = torch.autograd.grad(value, states)
    if watch is not None:
        watch.count(forward_passes(model, [target]))
    parts = [_shares(state, slope, len(inputs)) for state, slope in zip(states, slopes, strict=True)]
    scores: Floats = np.stack(parts).reshape(len(passes), -1, len(inputs)).sum(0)
    return scores


def _shares(state: Tensor, slope: Tensor, tokens: int) -> Floats:
    """Gradient · state (token,) of the text's own tokens; a continued word stands behind them."""
    shares: Floats = (slope[0].double() * state[0].double()).sum(-1).detach().cpu().numpy()[:tokens]
    return shares


def _rules(model: TextModel, kind: Kind) -> AbstractContextManager[object]:
    return relevance_rules(model) if kind == "relevance" else nullcontext()
