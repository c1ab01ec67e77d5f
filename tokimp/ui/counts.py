"""What the page does, in numbers: nothing of what was asked, and nothing of who asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from tokimp.errors import BusyError, Cancelled, InputError, TokimpError

Kind = Literal["page", "api", "embed", "arrival"]
Outcome = Literal["found", "computed", "unfinished", "stopped", "refused", "busy", "failed"]

# Seconds; found results take milliseconds, sampled ones on a slow machine minutes.
BUCKETS = (0.01, 0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0)


class Tally:
    """How one request ends: "computed", unless it says otherwise or an error does."""

    def __init__(self) -> None:
        self.outcome: Outcome = "computed"
        self.evaluations = 0


class Counts:
    """Counts since the page was started; safe for threads."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._evaluations = 0
        self._latencies: dict[str, list[float]] = {}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def request(self, kind: Kind) -> Iterator[Tally]:
        """Counts the request that is answered inside, and how long it took."""
        tally, start = Tally(), time.monotonic()
        try:
            yield tally
        except BaseException as error:
            tally.outcome = _outcome(error)
            raise
        finally:
            self.add(kind, tally.outcome, time.monotonic() - start, tally.evaluations)

    def add(self, kind: Kind, outcome: Outcome, seconds: float, evaluations: int = 0) -> None:
        """One request more."""
        with self._lock:
            self._requests[kind, outcome] += 1
            self._evaluations += evaluations
            self._latencies.setdefault(kind, []).append(seconds)

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """A number that goes up and down, asked for when the lines are written."""
        self._gauges[name] = (about, value)

    def lines(self) -> str:
        """Everything, in the text format that Prometheus reads."""
        with self._lock:
            rows = [
                f'tokimp_requests_total{{kind="{kind}",outcome="{outcome}"}} {number}'
                for (kind, outcome), number in sorted(self._requests.items())
            ]
        return "\n".join(rows) + "\n"


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, Cancelled | GeneratorExit):
        return "stopped"
    if isinstance(error, BusyError):
        return "busy"
    return "refused" if isinstance(error, InputError | TokimpError) else "failed"
