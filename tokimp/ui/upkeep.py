"""What a page that runs for weeks does between requests."""

from __future__ import annotations

import ctypes
import time

EVERY = 2.0
"""Seconds between two times that memory is given back: it takes some milliseconds."""


class Upkeep:
    """Gives freed memory back to the machine. glibc keeps it for each thread, which adds up to gigabytes."""

    def __init__(self) -> None:
        self._last = 0.0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other libraries do so by themselves

    def between_requests(self) -> None:
        now = time.monotonic()
        if self._trim is not None and now - self._last >= EVERY:
            self._trim(0)
            self._last = now
