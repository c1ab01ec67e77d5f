"""Keys and values of a decoder's first tokens, run once for all copies that start with them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from tokimp.models.prefixes import same_start
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Ids


class PrefixCache:
    """Holds one prefix at a time: the next one keeps what it shares with it."""

    def __init__(self, model: TextModel) -> None:
        self._model = model
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._cache = DynamicCache()

    def behind(self, prefix: Ids) -> Cache | None:
        """What the network needs in order to go on behind `prefix`, for any number of copies; None if it is empty.

        Cost: one pass over the tokens that the prefix before did not have.
        """
        if not len(prefix):
            return None
        kept = same_start(self._ids, prefix)
        if kept < len(prefix):
            if kept < len(self._ids):
                self._cache.crop(kept - len(self._ids))  # by how much: what a positive number means has changed
            self._model.extend(self._cache, self._model.embed(prefix[kept:])[None])
            self._ids = prefix
        layers = [_Prefix(layer.keys, layer.values, len(prefix)) for layer in self._cache.layers]
        return Cache(layers=list(layers))


class _Prefix(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values (1, head, token, hidden): lent to every copy, and not added to."""

    def __init__(self, keys: Tensor, values: Tensor, length: int) -> None:
        super().__init__()
        self.keys, self.values = keys[..., :length, :], values[..., :length, :]
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *_args: object, **_kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """The copies' whole keys and values (copy, head, token, hidden)."""
        return _behind(self.keys, key_states), _behind(self.values, value_states)


def _behind(prefix: Tensor, states: Tensor) -> Tensor:
    return torch.cat([prefix.expand(len(states), -1, -1, -1), states], dim=-2)
