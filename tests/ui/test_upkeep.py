"""Freed memory goes back to the machine, but not at each request."""

from __future__ import annotations

import pytest

from tokimp.models import freed_memory
from tokimp.ui import upkeep
from tokimp.ui.upkeep import Upkeep


def test_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.5, 10.0 + upkeep.EVERY, 100.0])
    given: list[int] = []
    monkeypatch.setattr(upkeep.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(upkeep, "give_back", lambda: given.append(0))
    kept = Upkeep()
    for _ in range(4):
        kept.between_requests()
    assert given == [0, 0, 0]


def test_a_library_that_cannot_give_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    freed_memory._trim.cache_clear()
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda _name: object())
    freed_memory.give_back()
    assert freed_memory._trim() is None
    freed_memory._trim.cache_clear()
