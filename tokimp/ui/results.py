"""Finished results by their request: a few in memory, the rest in a store."""

from __future__ import annotations

from tokimp.errors import LinkError, TokimpError
from tokimp.share import content_key
from tokimp.store import Store
from tokimp.types import Request
from tokimp.ui.recent import Recent
from tokimp.ui.state import Result
from tokimp.version import __version__

COMPUTED_BY = {"tokimp": __version__}


class Results:
    """What was computed before, of the same model in the same revision; safe for threads.

    The last `most` lie in memory as they were shown, the others as `Result.to_json` in the store.
    """

    def __init__(self, store: Store, most: int = 64) -> None:
        self._store = store
        self._recent: Recent[Result] = Recent(most)

    def find(self, request: Request) -> Result | None:
        """The result of this request, with its heatmap if that was asked for before. Never raises."""
        key = key_of(request)
        if key is None:
            return None
        result = self._recent.get(key)
        if result is None:
            result = _read(self._store.get(key), request)
            if result is not None:
                self._recent.put(key, result)
        return result

    def keep(self, result: Result) -> Result:
        """The result as it is kept: with the heatmap and the metrics that were known. Only a finished one is kept."""
        request = result.explanation.request
        key = key_of(request)
        if key is None or not result.finished:
            return result
        if (before := self.find(request)) is not None:
            result = result.filled_from(before)
        self._recent.put(key, result)
        self._store.put(key, result.to_json())
        return result

    def close(self) -> None:
        """Lets go of everything; from then on nothing is found and nothing kept."""
        self._recent.clear()
        self._store.close()


def key_of(request: Request) -> str | None:
    """By what a result is known; None for a request that no link can carry either."""
    try:
        return content_key(request, COMPUTED_BY)
    except LinkError:
        return None


def _read(stored: str | None, request: Request) -> Result | None:
    """The result, where it is one and answers this request; a store may be shared with others and hold anything."""
    if stored is None:
        return None
    try:
        result = Result.from_json(stored)
    except (ValueError, KeyError, TypeError, AttributeError, TokimpError):
        return None
    return result if result.explanation.request == request else None
