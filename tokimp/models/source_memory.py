"""Texts as a model's encoder has read them: kept for copies of which only the answer differs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tokimp.models.tokens import Ids

if TYPE_CHECKING:
    from tokimp.models.text_model import TextModel

MOST_BYTES = 64 * 2**20


class SourceMemory:
    """Remembers the texts asked for last, as long as they take up to `most` bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Tensor] = OrderedDict()  # (token, hidden)
        self._bytes = 0

    def read(self, model: TextModel, rows: Ids) -> Tensor:
        """Texts rows (copy, token) as the encoder hands them on (copy, token, hidden); of one copy if all are the same.

        Cost: one pass of the encoder over those that are not known yet.
        """
        keys = [row.tobytes() for row in rows]
        found = {key: self._known[key] for key in keys if key in self._known}
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in found}
        if new:
            states = model.encoded(model.embed(np.stack(list(new.values()))))
            found |= {key: state.clone() for key, state in zip(new, states, strict=True)}
        self._keep(found)
        return torch.stack([found[key] for key in (keys if len(found) > 1 else keys[:1])])

    def _keep(self, found: dict[bytes, Tensor]) -> None:
        for key, state in found.items():
            if key not in self._known:
                self._known[key] = state
                self._bytes += state.nbytes
            self._known.move_to_end(key)
        while self._bytes > self._most:
            _, oldest = self._known.popitem(last=False)
            self._bytes -= oldest.nbytes
