"""Where a module looks its ids up: seen, or answered with other embeddings."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

LOOKUPS = (torch.nn.functional.embedding, torch.embedding)


class Lookups(TorchFunctionMode):
    """While open, sees in which tables this thread looks `ids` (batch, token) up, and may answer itself.

    tables: those in which the ids were looked up. `embeds` (batch, token, hidden), if given, are what the
    ids are said to have. Nothing is put into the module: its call of the function is intercepted.

    Raises:
        IndexError: other ids, such as positions, have no row; on a GPU torch itself would not come back.
    """

    def __init__(self, ids: Tensor, embeds: Tensor | None = None) -> None:
        super().__init__()
        self.tables: list[Tensor] = []
        self._ids = ids
        self._embeds = embeds

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in LOOKUPS:
            return func(*args, **kwargs)
        given = {**dict(zip(("input", "weight"), args, strict=False)), **kwargs}
        first, second = given["input"], given["weight"]
        ids, table = (second, first) if func is torch.embedding else (first, second)
        if self._ours(ids):
            self.tables.append(table)
            if self._embeds is not None:
                return self._embeds.to(table.dtype)
        elif ids.numel() and int(ids.max()) >= len(table):
            raise IndexError("There is no such row.")
        return func(*args, **kwargs)

    def _ours(self, ids: Tensor) -> bool:
        return ids.shape == self._ids.shape and (ids.data_ptr() == self._ids.data_ptr() or torch.equal(ids, self._ids))
