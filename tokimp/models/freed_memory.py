"""Freed memory goes back to the machine, where the allocator would keep it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Takes some milliseconds. glibc keeps what was freed for each thread, in pieces, which adds up to gigabytes."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's; other libraries do so by themselves."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
