"""What each layer's output loses when attention finds nothing at a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.attention_rollout import rolled_out
from tokimp.methods.base import MethodInfo, register
from tokimp.methods.work import Work
from tokimp.models.attention_weights import attending, attention_weights
from tokimp.models.device import free_memory
from tokimp.models.layers import Leave, between_layers
from tokimp.models.outputs import logits_at
from tokimp.models.scoring import in_batches, memory_of_copy
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

BATCH_COPIES = 32
BATCH_BYTES = 2**28


@register
@dataclass(frozen=True)
class ValueZeroing:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="value_zeroing",
        title="Value zeroing",
        family="attention",
        tells="How much each layer's output changes when a token gives it nothing, followed back through the layers.",
        paper="Mohebbi et al. 2023",
        url="https://arxiv.org/abs/2301.12971",
        cost="tokens + 1 forward passes",
        signed=False,
        targeted=False,
        needs=frozenset({"attention", "layers"}),
    )

    def work(self, inputs: Encoded) -> Work:
        return Work(forward=len(inputs) + 1)

    def held(self, model: TextModel, inputs: Encoded) -> int:
        """Distances of all layers, and as many shares."""
        return 2 * 8 * len(model.blocks) * len(inputs) ** 2

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Cosine distance between a layer's output and its output without one token's value vector.

        Mohebbi et al. 2023: each layer gets its own undisturbed input, rows are normalised, and layers
        are rolled out without a residual term, because the distance has the residual in it. A decoder layer
        behind an encoder loses a source token's value in its cross-attention, one of its own words' in the
        other; a token stays as it is in layers that it does not run through.

        Returns:
            scores (token,): the predicting position's row rolled out over all layers, ≥ 0 and summing
            to 1; layers (layer, token): its row in each layer alone. The same for every target.

        Cost: one forward pass, and one for each token, batched.
        """
        mixing = value_zeroing_mixing(model, inputs, target.position, watch)
        scores = rolled_out(mixing, target.position)[-1]
        watch(1.0, scores)
        return Attribution(scores, layers=mixing[model.encoder_layers :, target.position], signed=False)


def value_zeroing_mixing(model: TextModel, inputs: Encoded, position: int, watch: Watch) -> Floats:
    """Cosine distances (layer, query, key), rows normalised: how each layer's outputs are made of its inputs.

    Cost: one forward pass, and one for each token, batched.
    """
    distances = _distances(model, inputs, position, watch)
    totals = distances.sum(-1, keepdims=True)
    # A position that no value reaches is made of itself alone.
    return np.where(totals > 0, distances / np.where(totals > 0, totals, 1), np.eye(len(inputs)))


def _distances(model: TextModel, inputs: Encoded, position: int, watch: Watch) -> Floats:
    """Cosine distances (layer, query, key) by which each layer's output moves without the key's value."""
    length, layers = len(inputs), len(model.blocks)
    embeds, parts = model.embed(inputs.ids), attending(model, inputs.source)
    queries = {part.layer: part.queries for part in parts}
    after: list[Tensor] = []  # [layer] (1, query, hidden)
    found = np.zeros((layers, length, length))

    def run(copies: int, keep: Tensor, leave: Leave) -> None:
        """One forward pass; a value that attention multiplies by 0 is a value of 0."""

        def edit(place: int, weights: Tensor) -> Tensor:
            return weights * keep[..., parts[place].keys].to(weights.dtype)

        with torch.inference_mode(), attention_weights(model, edit), between_layers(model, leave=leave):
            logits_at(model, embeds.expand(copies, -1, -1), [position] * copies, 1, inputs.source)
        watch.count(copies)

    def zero(keys: Sequence[int]) -> None:
        def compare(layer: int, states: Tensor) -> Tensor:
            """Every layer hands on what it does undisturbed."""
            similar = torch.cosine_similarity(states.double(), after[layer].double(), dim=-1)  # (copy, query)
            found[layer][queries[layer], list(keys)] = (1 - similar).clamp(min=0).T.cpu().numpy()
            return after[layer].expand_as(states)

        keep = 1 - torch.eye(length, device=model.device)[list(keys)]  # (copy, key)
        run(len(keys), keep[:, None, None], compare)

    run(1, torch.ones(length, device=model.device), lambda _, states: after.append(states))
    watch(1 / (length + 1))
    for keys, _ in in_batches(range(length), _rows(model, length), zero):
        watch((keys[-1] + 2) / (length + 1))
    return found


def _rows(model: TextModel, length: int) -> int:
    fits = int(min(BATCH_BYTES, free_memory() * 0.25) / memory_of_copy(model, length))
    return max(1, min(BATCH_COPIES, fits))
