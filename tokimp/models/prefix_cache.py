"""Keys and values of a decoder's first tokens, and of what an encoder read, run once for all copies that start so."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, EncoderDecoderCache

from tokimp.models.encoder_decoder import Source
from tokimp.models.prefixes import same_start
from tokimp.models.source_memory import SourceMemory
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


class AnswerCache:
    """The same where an encoder reads a text: holds one text with the start of one answer to it."""

    def __init__(self, model: TextModel, sources: SourceMemory) -> None:
        self._model = model
        self._sources = sources
        self._text: Ids = np.empty(0, dtype=np.int64)
        self._answer: Ids = self._text
        self._encoded = torch.empty(0)
        self._cache = EncoderDecoderCache(DynamicCache(), DynamicCache())

    def behind(self, prefix: Ids, source: int, copies: int) -> Source:
        """What the decoder needs in order to go on behind `prefix`, of which the encoder reads `source` ids.

        Cost: one pass of the decoder over the tokens of the answer that the prefix before did not have.
        """
        text, answer = prefix[:source], prefix[source:]
        if not np.array_equal(text, self._text):
            self._encoded = self._sources.read(self._model, text[None])  # may find no room, and be asked again
            self._text, self._answer = text, text[:0]
            self._cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        # Keys and values of the text come with the first token of an answer, whichever that is.
        self._go_on(answer if len(answer) or len(self._answer) else text[:1])
        own, across = self._cache.self_attention_cache.layers, self._cache.cross_attention_cache.layers
        lent = [_Prefix(layer.keys, layer.values, len(answer)) for layer in own]
        read = [_Text(layer.keys, layer.values, copies) for layer in across]
        return Source(self._encoded, EncoderDecoderCache(Cache(layers=lent), Cache(layers=read)))

    def _go_on(self, answer: Ids) -> None:
        kept = same_start(self._answer, answer)
        if kept == len(answer):
            return
        if kept < len(self._answer):
            self._cache.self_attention_cache.crop(kept - len(self._answer))
        self._model.extend(Source(self._encoded, self._cache), self._model.embed(answer[kept:])[None])
        self._answer = answer


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


class _Text(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values of the text, (1, head, token, hidden) as (copy, head, token, hidden)."""

    def __init__(self, keys: Tensor, values: Tensor, copies: int) -> None:
        super().__init__()
        self.keys, self.values = (each.expand(copies, -1, -1, -1) for each in (keys, values))
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True


def _behind(prefix: Tensor, states: Tensor) -> Tensor:
    return torch.cat([prefix.expand(len(states), -1, -1, -1), states], dim=-2)
