"""Freed memory goes back to the machine, but not at each request."""

from __future__ import annotations

import pytest

from tokimp.ui import upkeep
from tokimp.ui.upkeep import Upkeep


def test_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.5, 10.0 + upkeep.EVERY, 100.0])
    given: list[int] = []
    monkeypatch.setattr(upkeep.time, "monotonic", lambda: next(times))
    kept = Upkeep()
    monkeypatch.setattr(kept, "_trim", given.append)
    for _ in range(4):
        kept.between_requests()
    assert given == [0, 0, 0]


def test_a_library_that_cannot_give_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep.ctypes, "CDLL", lambda _name: object())
    Upkeep().between_requests()
