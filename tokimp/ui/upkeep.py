"""What a page that runs for weeks does between requests."""

from __future__ import annotations

import time

from tokimp.models.freed_memory import give_back

EVERY = 2.0
"""Seconds between two times that memory is given back: it takes some milliseconds."""


class Upkeep:
    """Gives freed memory back to the machine, now and then."""

    def __init__(self) -> None:
        self._last = 0.0

    def between_requests(self) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY:
            give_back()
            self._last = now
