"""Attention of the predicting position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tokimp.errors import OptionError
from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.attention_weights import attending
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch


def layers_option() -> Any:
    """Which layers count how much: the same for all methods that average what their layers say."""
    return option(
        "linear",
        "Layers",
        "linear: later layers count more, up to twice as much; a number: that layer alone, from 0.",
        choices=("linear", "mean", "last"),
        kind=int,
        low=0,
        high=199,
    )


@register
@dataclass(frozen=True)
class Attention:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="attention",
        title="Attention",
        family="attention",
        tells="Where the model looks when it answers. Looking is not using: it says how much, not which way.",
        paper="Bahdanau et al. 2015; Jain & Wallace 2019 on its limits",
        url="https://arxiv.org/abs/1902.10186",
        cost="1 forward pass",
        signed=False,
        targeted=False,
        needs=frozenset({"attention"}),
    )
    layers: str | int = layers_option()

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Attention that the predicting position pays to each token, heads averaged, layers weighted.

        Of a model with an encoder those are the decoder's layers. Each pays attention twice, to what was
        written before and to the source (cross-attention); either counts half, so that both are seen at
        their own scale, as other tools show them.

        Returns:
            scores (token,), ≥ 0 and summing to 1; layers (layer, token). The same for every target
            read at this position: attention does not know what is being explained.

        Raises:
            OptionError: a layer that the model does not have.
        """
        rows = mean_attention(model, inputs, watch)[:, target.position]  # (layer, token), or two rows a layer
        if inputs.source:
            rows = rows[model.encoder_layers :].reshape(-1, 2, len(inputs)).mean(1)
        scores = layer_weights(self.layers, len(rows)) @ rows
        watch(1.0, scores)
        return Attribution(scores, layers=rows, signed=False)


def mean_attention(model: TextModel, inputs: Encoded, watch: Watch) -> Floats:
    """Attention weights (layer, query, key), heads averaged. Cost: one evaluation.

    With an encoder (attention, query, key), in the order of `attending`: a token that is no query there
    stays as it is, which is a row of the identity.
    """
    maps = [heads.mean(0).double().cpu().numpy() for heads in model.attentions(inputs.ids, inputs.source)]
    watch.count(1)
    if not inputs.source:
        return np.stack(maps)
    mixing = np.tile(np.eye(len(inputs)), (len(maps), 1, 1))
    for each, part, weights in zip(mixing, attending(model, inputs.source), maps, strict=True):
        each[part.queries] = 0
        each[part.queries, part.keys] = weights
    return mixing


def layer_weights(layers: str | int, count: int) -> Floats:
    """The option's weights (layer,), which sum to 1.

    Raises:
        OptionError: a layer that is not among `count`.
    """
    if isinstance(layers, int):
        if layers >= count:
            raise OptionError(f"There is no layer {layers}.", f"The model has layers 0 to {count - 1}.")
        weights = np.eye(count)[layers]
    elif layers == "last":
        weights = np.eye(count)[-1]
    else:
        weights = np.linspace(1.0, 2.0, count) if layers == "linear" else np.ones(count)
    return np.asarray(weights / weights.sum())
