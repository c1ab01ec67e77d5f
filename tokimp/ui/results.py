"""Finished results by their request: a few in memory, the rest in a store."""

from __future__ import annotations

import threading
from collections import OrderedDict

from tokimp.errors import LinkError, TokimpError
from tokimp.share import content_key
from tokimp.store import Store
from tokimp.types import Request
from tokimp.ui.state import Result
from tokimp.version import __version__

COMPUTED_BY = {"tokimp": __version__}


class Results:
    """What was computed before, of the same model in the same revision; safe for threads.

    The last `most` lie in memory as they were shown, the others as `Result.to_json` in the store.
    """

    def __init__(self, store: Store, most: int = 64) -> None:
        self._store = store
        self._most = most
        self._recent: OrderedDict[str, Result] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, request: Request) -> Result | None:
        """The result of this request, with its heatmap if that was asked for before. Never raises."""
        try:
            key = content_key(request, COMPUTED_BY)
        except LinkError:
            return None
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        result = _read(self._store.get(key), request)
        if result is not None:
            self._remember(key, result)
        return result

    def keep(self, result: Result) -> None:
        """Only a finished result is kept, and a heatmap that lies there already is not lost."""
        request = result.explanation.request
        if not result.finished:
            return
        try:
            key = content_key(request, COMPUTED_BY)
        except LinkError:
            return
        self._remember(key, result)
        self._store.put(key, result.to_json())

    def close(self) -> None:
        with self._lock:
            self._recent.clear()
        self._store.close()

    def _remember(self, key: str, result: Result) -> None:
        with self._lock:
            self._recent[key] = result
            self._recent.move_to_end(key)
            while len(self._recent) > self._most:
                self._recent.popitem(last=False)


def _read(stored: str | None, request: Request) -> Result | None:
    """The result, where it is one and answers this request; a store may be shared with others and hold anything."""
    if stored is None:
        return None
    try:
        result = Result.from_json(stored)
    except (ValueError, KeyError, TypeError, AttributeError, TokimpError):
        return None
    return result if result.explanation.request == request else None
