"""Attention of the predicting position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tokimp.errors import OptionError
from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.attention_weights import attending, attention_weights
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
        if inputs.source:
            rows = np.stack([each[target.position] for each in mean_attention(model, inputs, watch)])
            rows = rows[model.encoder_layers :].reshape(-1, 2, len(inputs)).mean(1)
        else:
            rows = np.stack(_maps(model, inputs, watch, target.position))[:, 0].astype(np.float64)  # (layer, token)
        scores = layer_weights(self.layers, len(rows)) @ rows
        watch(1.0, scores)
        return Attribution(scores, layers=rows, signed=False)


def mean_attention(model: TextModel, inputs: Encoded, watch: Watch) -> Iterator[Floats]:
    """Attention weights (query, key) of one layer after the other, heads averaged. Cost: one evaluation.

    With an encoder of one attention after the other, in the order of `attending`: a token that is no
    query there stays as it is, which is a row of the identity.
    """
    maps = _maps(model, inputs, watch)
    if not inputs.source:
        yield from (weights.astype(np.float64) for weights in maps)
        return
    for part, weights in zip(attending(model, inputs.source), maps, strict=True):
        mixing = np.eye(len(inputs))
        mixing[part.queries] = 0
        mixing[part.queries, part.keys] = weights
        yield mixing


def _maps(model: TextModel, inputs: Encoded, watch: Watch, query: int | None = None) -> list[npt.NDArray[np.float32]]:
    """Mean over heads [attention] (query, key), or of one query alone: the heads of one layer at a time are held."""
    maps: list[npt.NDArray[np.float32]] = []
    kept = slice(None) if query is None else slice(query, query + 1)

    def see(_place: int, weights: Tensor) -> Tensor:
        maps.append(weights[0, :, kept].float().mean(0).cpu().numpy())
        return weights

    if "layers" in model.offers:
        last = None if model.task == "classification" else torch.tensor([[len(inputs) - 1]], device=model.device)
        with torch.inference_mode(), attention_weights(model, see):
            model.logits(model.embed(inputs.ids)[None], last, None, inputs.source)
    else:
        maps += [heads[:, kept].mean(0).float().cpu().numpy() for heads in model.attentions(inputs.ids, inputs.source)]
    watch.count(1)
    return maps


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
