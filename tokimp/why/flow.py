"""What each token gets of all attention, and what attention carries away from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tokimp.models.targets import answer_logits
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.value_norms import value_norms
from tokimp.types import Floats
from tokimp.watch import Watch

NEEDED = frozenset({"attention", "layers"})
"""What a model must offer, so that what its attention carries can be told."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Means over heads, and over the other queries that can see the token; layers (layer, token), the rest (token,).

    received: attention weight α that others pay to the token; 0 where nobody can see it.
    even: what that would be if each query looked at all that it sees alike.
    carried: α ‖f(x)‖ of Kobayashi et al. 2020, in units of ‖f‖ of the layer's median token: as much as
    attention of this weight would carry away from an ordinary token. For such a token it is about `received`.
    share: of all that attention carries to a query, Σ α ‖f(x)‖ over heads, the token's part.
    """

    received: Floats
    even: Floats
    layers: Floats
    carried: Floats
    share: Floats


def flow_of(model: TextModel, inputs: Encoded, position: int, watch: Watch) -> Flow:
    """Read off inside the model. Cost: one evaluation."""
    weights: list[Floats] = []  # [layer] (query, key), means over heads
    carried: list[Floats] = []
    shares: list[Floats] = []

    def see(_layer: int, layer_weights: Any, layer_norms: Any) -> None:
        alpha = layer_weights[0].double().cpu().numpy()  # (head, query, key)
        norms = layer_norms[0].double().cpu().numpy()  # (head, key)
        moved = (alpha * norms[:, None]).mean(0)
        total = moved.sum(-1, keepdims=True)
        ordinary = float(np.median(norms.mean(0)))
        weights.append(alpha.mean(0))
        carried.append(moved / ordinary if ordinary else moved)
        shares.append(np.divide(moved, total, out=np.zeros_like(moved), where=total > 0))

    with value_norms(model, see):
        answer_logits(model, inputs, position)
    watch.count(1)
    watch(1.0)
    seen = _seen(len(inputs), causal=model.architecture.decoder)
    visible = np.tri(len(inputs)) if model.architecture.decoder else np.ones((len(inputs), len(inputs)))
    layers = np.stack([_mean(layer, seen) for layer in weights])
    return Flow(
        received=layers.mean(0),
        even=_mean(visible / visible.sum(-1, keepdims=True), seen),
        layers=layers,
        carried=np.mean([_mean(layer, seen) for layer in carried], axis=0),
        share=np.mean([_mean(layer, seen) for layer in shares], axis=0),
    )


def _seen(length: int, causal: bool) -> Floats:
    """1 where a query sees another token (query, key)."""
    others = 1 - np.eye(length)
    return others * np.tri(length) if causal else others


def _mean(values: Floats, seen: Floats) -> Floats:
    """Mean (key,) of values (query, key) over the queries that see the key; 0 where there is none."""
    found: Floats = (values * seen).sum(0) / np.maximum(seen.sum(0), 1)
    return found
