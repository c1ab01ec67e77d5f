"""Attention weights while the network runs: seen, or changed, by one function for all architectures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tokimp.models.fusing import block, stepwise
from tokimp.models.text_model import TextModel

Edit = Callable[[int, Tensor], Tensor]


class Attending(NamedTuple):
    """One attention of a forward pass: its layer, and which tokens look at which."""

    layer: int
    queries: slice
    keys: slice

    def place(self, token: int) -> int | None:
        """The token's place among the queries; None where it is none of them."""
        start, stop = self.queries.start or 0, self.queries.stop
        return token - start if token >= start and (stop is None or token < stop) else None


def attending(model: TextModel, source: int = 0) -> list[Attending]:
    """The attentions of a forward pass in the order in which they run, one a layer.

    With an encoder, which reads the first `source` tokens, each decoder layer has two: to its own tokens,
    then to the source.
    """
    layers, encoder = len(model.blocks), model.encoder_layers
    if not encoder:
        return [Attending(layer, slice(None), slice(None)) for layer in range(layers)]
    read, written = slice(0, source), slice(source, None)
    found = [Attending(layer, read, read) for layer in range(encoder)]
    for layer in range(encoder, layers):
        found += [Attending(layer, written, written), Attending(layer, written, read)]
    return found


@contextmanager
def attention_weights(model: TextModel, edit: Edit, length: int = 0) -> Iterator[None]:
    """While open, `edit(place, weights)` sees weights (batch, head, query, key) and returns what is used.

    Places of attentions count from 0 in every forward pass, in the order of `attending`. Of a text of `length`
    tokens whose weights are many, it gets some queries at a time, in their order, and once more where they run
    again on the way back. Only this thread's passes are touched, nothing in the model is: attention computed
    step by step has one softmax, and that call is intercepted.
    """

    def seen() -> _Softmax:
        return _Softmax(len(attending(model)), edit)

    with model.lock, stepwise(model.network, length, seen), seen():
        yield


class _Softmax(TorchFunctionMode):
    def __init__(self, places: int, edit: Edit) -> None:
        super().__init__()
        self.places = places
        self.edit = edit
        self.calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is not torch.nn.functional.softmax:
            return result
        place = self.calls % self.places
        self.calls += block().last
        return self.edit(place, result)
