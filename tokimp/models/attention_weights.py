"""Attention weights while the network runs: seen, or changed, by one function for all architectures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tokimp.models.text_model import TextModel, eager

Edit = Callable[[int, Tensor], Tensor]


@contextmanager
def attention_weights(model: TextModel, edit: Edit) -> Iterator[None]:
    """While open, `edit(layer, weights)` sees each layer's weights (batch, head, query, key) and returns what is used.

    Layers count from 0 in every forward pass. Only this thread's passes are touched, nothing in the
    model is: attention computed step by step has one softmax a layer, and that call is intercepted.
    """
    with model.lock, eager(model.network), _Softmax(len(model.blocks), edit):
        yield


class _Softmax(TorchFunctionMode):
    def __init__(self, layers: int, edit: Edit) -> None:
        super().__init__()
        self.layers = layers
        self.edit = edit
        self.calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is not torch.nn.functional.softmax:
            return result
        layer = self.calls % self.layers
        self.calls += 1
        return self.edit(layer, result)
