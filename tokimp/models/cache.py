"""The networks that are held in memory, and where converted weights lie on disk."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

from tokimp.errors import ModelTooBigError, OutOfMemoryError
from tokimp.models.device import total_memory
from tokimp.models.text_model import TextModel


class ModelCache:
    """The models used last, up to a number of bytes; safe for threads.

    A model that had to make room goes on working for whoever holds it, and is handed out again
    as long as somebody does, so that one key never means two copies in memory. The model asked for
    last stays, also when it alone is above the limit.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._recent: OrderedDict[Hashable, TextModel] = OrderedDict()
        self._alive: weakref.WeakValueDictionary[Hashable, TextModel] = weakref.WeakValueDictionary()
        self._turns: weakref.WeakValueDictionary[Hashable, _Turn] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, key: Hashable, load: Callable[[], TextModel]) -> TextModel:
        """The model of this key; threads that ask for it at the same time wait for one `load`."""
        with self._lock:
            turn = self._turns.get(key)
            if turn is None:
                turn = self._turns[key] = _Turn()
        with turn.lock:
            with self._lock:
                model = self._alive.get(key)
            if model is None:
                model = self._with_room(load)
            with self._lock:
                self._alive[key] = model
                self._recent[key] = model
                self._recent.move_to_end(key)
                while len(self._recent) > 1 and sum(map(size, self._recent.values())) > self.limit:
                    self._recent.popitem(last=False)
        return model

    def _with_room(self, load: Callable[[], TextModel]) -> TextModel:
        """Loads; where there is too little memory for that, once more without the models that nobody uses."""
        try:
            return load()
        except (ModelTooBigError, OutOfMemoryError):
            if not self._recent:
                raise
        self.clear()
        gc.collect()
        return load()

    def peek(self, key: Hashable) -> TextModel | None:
        """The model of this key where it is in memory now."""
        with self._lock:
            return self._alive.get(key)

    def clear(self) -> None:
        """Lets go of every model."""
        with self._lock:
            self._recent.clear()

    def __len__(self) -> int:
        return len(self._recent)


class _Turn:
    """The lock of one key; forgotten with the last thread that waits for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


def size(model: TextModel) -> int:
    """Bytes of the model's parameters and buffers; tied weights count once."""
    network = model.network
    tensors = {tensor.data_ptr(): tensor for tensor in (*network.parameters(), *network.buffers())}
    return sum(tensor.nbytes for tensor in tensors.values())


def memory_limit() -> int:
    """Bytes that held models may take: TOKIMP_MODEL_BYTES, else a third of the memory."""
    return int(os.environ.get("TOKIMP_MODEL_BYTES") or total_memory() // 3)


def folder() -> Path:
    """Where converted weights are kept: TOKIMP_CACHE, else the platform's cache folder."""
    if named := os.environ.get("TOKIMP_CACHE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tokimp"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tokimp"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokimp"
