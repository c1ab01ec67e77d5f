"""Answers that were had before, in memory."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from typing import Any


class Memory:
    """Keeps the answers used last, by what was asked; of the questions only a hash is kept. Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: bytes) -> Any:
        """The answer, which now counts as used; None where there is none."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: bytes, answer: Any) -> None:
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)


def key_of(*asked: Any) -> bytes:
    """A key for what JSON can write."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
