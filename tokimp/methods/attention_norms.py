"""Attention weights times what there is to carry: the length of each token's value behind the output projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from tokimp.methods.attention import layer_weights, layers_option
from tokimp.methods.base import MethodInfo, register
from tokimp.models.attention_weights import attending
from tokimp.models.targets import answer_logits
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.value_norms import value_norms
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch


@register
@dataclass(frozen=True)
class AttentionNorms:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="attention_norms",
        title="Attention norms",
        family="attention",
        tells="How much attention carries from each token to where the answer is read: weight × length of the value.",
        paper="Kobayashi et al. 2020",
        url="https://arxiv.org/abs/2004.10102",
        cost="1 forward pass",
        signed=False,
        targeted=False,
        needs=frozenset({"attention", "layers"}),
    )
    layers: str | int = layers_option()

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """‖α f(x)‖ that the predicting position gets from each token, heads averaged, layers weighted.

        Kobayashi et al. 2020, eq. 4–5, of each head by itself. Ours is that a layer's norms are shares of
        their sum: lengths of different layers have no common unit, and later ones would drown the first. A
        decoder behind an encoder adds what it carries from its own words and from the source to the same
        state, so the two share a sum; the encoder's layers carry nothing there.

        Returns:
            scores (token,), ≥ 0 and summing to 1; layers (layer, token). The same for every target
            read at this position.

        Raises:
            OptionError: a layer that the model does not have.
        """
        rows = _carried(model, inputs, target.position, watch)  # (layer, token)
        scores = layer_weights(self.layers, len(rows)) @ rows
        watch(1.0, scores)
        return Attribution(scores, layers=rows, signed=False)


def _carried(model: TextModel, inputs: Encoded, position: int, watch: Watch) -> Floats:
    """Shares (layer, token) of all that attention carries to the position. Cost: one evaluation."""
    parts = attending(model, inputs.source)
    rows = np.zeros((len(model.blocks), len(inputs)))

    def query(place: int) -> int | None:
        return parts[place].place(position)

    def see(place: int, weights: Tensor, norms: Tensor) -> None:
        if weights.shape[2]:
            alpha, length = weights[0, :, 0].double(), norms[0].double()  # (head, key)
            rows[parts[place].layer, parts[place].keys] = (alpha * length).mean(0).cpu().numpy()

    with value_norms(model, see, query, len(inputs)):
        answer_logits(model, inputs, position)
    watch.count(1)
    rows = rows[model.encoder_layers :]
    totals = rows.sum(-1, keepdims=True)
    return rows / np.where(totals > 0, totals, 1)
