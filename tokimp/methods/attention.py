"""Attention of the predicting position."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tokimp.errors import OptionError
from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.attention_weights import attending, attention_weights
from tokimp.models.fusing import block
from tokimp.models.recomputing import kept_bytes, remembering
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

Map = npt.NDArray[np.float32]

HELD_BYTES = 128 * 2**20  # of means over heads, all layers together


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
    maps = enumerate(_maps(model, inputs, watch))
    yield from (_mixing(model, inputs, place, weights).astype(np.float64) for place, weights in maps)


def mean_attention_backwards(model: TextModel, inputs: Encoded, watch: Watch) -> Iterator[Map | Floats]:
    """The same from the last to the first, of a long text in single precision.

    Where all together take more than `HELD_BYTES`, each layer runs again, and one layer's are there at a time.
    Cost: one evaluation, which is run twice then.
    """
    if "layers" not in model.offers or not _too_long_to_hold(model, inputs):
        maps = _maps(model, inputs, watch)
        yield from (_mixing(model, inputs, place, maps[place]) for place in reversed(range(len(maps))))
        return
    seen = _Means(len(inputs))

    def unseen() -> AbstractContextManager[None]:
        return attention_weights(model, lambda _, weights: weights, len(inputs))

    with torch.inference_mode(), unseen(), remembering(model) as layers:
        model.logits(model.embed(inputs.ids)[None], _last(model, inputs), None, inputs.source)
    watch.count(1)
    place = len(attending(model, inputs.source))
    for layer in reversed(layers):
        with torch.inference_mode(), unseen():
            states = layer.taken()
        with torch.inference_mode(), attention_weights(model, seen, len(inputs)):
            layer.run(states)
        for weights in reversed(seen.taken()):
            place -= 1
            yield _mixing(model, inputs, place, weights)


def bytes_of_means(model: TextModel, inputs: Encoded) -> int:
    """What `mean_attention_backwards` holds: means over heads of all layers, or of one beside what runs it again."""
    one = 4 * len(inputs) ** 2
    return one + kept_bytes(model, len(inputs)) if _too_long_to_hold(model, inputs) else len(model.blocks) * one


def _too_long_to_hold(model: TextModel, inputs: Encoded) -> bool:
    return 4 * len(model.blocks) * len(inputs) ** 2 > HELD_BYTES


def _mixing(model: TextModel, inputs: Encoded, place: int, weights: Map) -> Map | Floats:
    if not inputs.source:
        return weights
    part = attending(model, inputs.source)[place]
    mixing = np.eye(len(inputs))
    mixing[part.queries] = 0
    mixing[part.queries, part.keys] = weights
    return mixing


class _Means:
    """Means over heads [attention] (query, key), or of one query alone, of weights as they are seen."""

    def __init__(self, length: int, query: int | None = None) -> None:
        self._length = length
        self._query = query
        self._maps: list[Map] = []

    def __call__(self, _place: int, weights: Tensor) -> Tensor:
        at, rows = block(), weights.shape[2]
        if at.first == 0:
            queries = rows if at.last else self._length
            self._maps.append(np.empty((1 if self._query is not None else queries, weights.shape[3]), np.float32))
        if self._query is None:
            self._maps[-1][at.first : at.first + rows] = weights[0].float().mean(0).cpu().numpy()
        elif at.first <= self._query < at.first + rows:
            self._maps[-1][0] = weights[0, :, self._query - at.first].float().mean(0).cpu().numpy()
        return weights

    def taken(self) -> list[Map]:
        """What was seen since they were taken last."""
        maps, self._maps = self._maps, []
        return maps


def _maps(model: TextModel, inputs: Encoded, watch: Watch, query: int | None = None) -> list[Map]:
    """Mean over heads [attention] (query, key), or of one query alone: of the heads not even one layer is held."""
    seen = _Means(len(inputs), query)
    if "layers" in model.offers:
        with torch.inference_mode(), attention_weights(model, seen, len(inputs)):
            model.logits(model.embed(inputs.ids)[None], _last(model, inputs), None, inputs.source)
    else:
        for place, heads in enumerate(model.attentions(inputs.ids, inputs.source)):
            seen(place, heads[None])
    watch.count(1)
    return seen.taken()


def _last(model: TextModel, inputs: Encoded) -> Tensor | None:
    return None if model.task == "classification" else torch.tensor([[len(inputs) - 1]], device=model.device)


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
