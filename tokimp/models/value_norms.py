"""How much each token has to give to attention: the length of its value behind the output projection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tokimp.models.attention_weights import attending
from tokimp.models.fusing import block, eager, stepwise
from tokimp.models.text_model import TextModel

See = Callable[[int, Tensor, Tensor], None]
Query = Callable[[int], int | None]

PRODUCTS = ("matmul", "bmm", "__matmul__")
PROJECTIONS = ("linear", "addmm")


@contextmanager
def value_norms(model: TextModel, see: See, query: Query | None = None, length: int = 0) -> Iterator[None]:
    """While open, `see(place, weights, norms)` gets all attention of this thread's passes, in the order of `attending`.

    weights (batch, head, query, key) are the attention weights α; norms (batch, head, key) are
    ‖f(x)‖ of Kobayashi et al. 2020, eq. 4–5: f(x) = (x W_V + b_V) W_O, the part of W_O that belongs
    to the head. As α ≥ 0, α · norm is their ‖α f(x)‖. Where `query(place)` says which one query is looked at,
    weights are its own alone, or of none; of a long text, of `length` tokens, the others' are not held then.

    Found by what is computed, so that one function serves all architectures: the softmax gives α, the
    product of α with something is that with the values, and the next affine map is the output projection.
    """
    attention = eager(model.network) if query is None else stepwise(model.network, length)
    with model.lock, attention, _Watching(len(attending(model)), see, query):
        yield


class _Watching(TorchFunctionMode):
    def __init__(self, places: int, see: See, query: Query | None) -> None:
        super().__init__()
        self.places = places
        self.see = see
        self.query = query
        self.calls = 0
        self.weights: Tensor | None = None
        self.values: Tensor | None = None
        self.looked_at: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if func is torch.nn.functional.softmax:
            self.weights, self.values = result, None
            self.looked_at = self._looked_at(result)
        elif self.weights is not None and self.values is None and name in PRODUCTS and _same(args[0], self.weights):
            self.values = args[1]
        elif self.looked_at is not None and self.values is not None and name in PROJECTIONS:
            matrix = args[1].T if name == "linear" else args[2]  # (head × size, hidden)
            weights, norms = self.looked_at, _norms(self.values, matrix, self.looked_at.shape[:2])
            self.weights = self.values = self.looked_at = None
            self.see(self.calls % self.places, weights, norms)
            self.calls += 1
        return result

    def _looked_at(self, weights: Tensor) -> Tensor:
        """Weights (batch, head, query, key) of all queries, or of the one; of none where it is not in this block."""
        if self.query is None:
            return weights
        at, query = block(), self.query(self.calls % self.places)
        if query is None or not at.first <= query < at.first + weights.shape[2]:
            return weights[:, :, :0].clone() if at.first == 0 or self.looked_at is None else self.looked_at
        return weights[:, :, query - at.first, None].clone()


def _same(first: Tensor, second: Tensor) -> bool:
    """Dropout that does nothing, a cast to the same type and a new shape keep the numbers where they are."""
    return first.numel() == second.numel() and first.data_ptr() == second.data_ptr()


def _norms(values: Tensor, matrix: Tensor, shape: torch.Size) -> Tensor:
    """Norms (batch, head, key) of values (batch, head, key, size) or (batch × head, key, size)."""
    values = values.reshape(*shape, *values.shape[-2:]).float()
    parts = matrix.float().reshape(shape[1], values.shape[-1], -1)  # (head, size, hidden)
    gram = parts @ parts.transpose(-1, -2)  # (head, size, size): ‖v W‖² = v W Wᵀ vᵀ
    squares = torch.einsum("bhks,hst,bhkt->bhk", values, gram, values)
    return squares.clamp(min=0).sqrt()
