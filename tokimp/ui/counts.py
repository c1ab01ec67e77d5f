"""What the page does, in numbers: nothing of what was asked, and nothing of who asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from tokimp.errors import BusyError, Cancelled, OutOfMemoryError, TokimpError

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
        self._requests: Counter[tuple[Kind, Outcome]] = Counter()
        self._within: dict[Kind, Counter[float]] = {}
        self._seconds: dict[Kind, float] = {}
        self._evaluations = 0
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def request(self, kind: Kind) -> Iterator[Tally]:
        """Counts the request that is answered inside, and how long that took."""
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
            self._seconds[kind] = self._seconds.get(kind, 0.0) + seconds
            within = self._within.setdefault(kind, Counter())
            within[next((bucket for bucket in BUCKETS if seconds <= bucket), float("inf"))] += 1

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """A number that goes up and down, asked for when the lines are written."""
        with self._lock:
            self._gauges[name] = (about, value)

    def lines(self) -> str:
        """Everything, in the text format that Prometheus reads."""
        with self._lock:
            lines = [*self._request_lines(), *self._second_lines()]
            lines += _family("evaluations_total", "counter", "Evaluations of a model.")
            lines.append(f"tokimp_evaluations_total {self._evaluations}")
            gauges = dict(self._gauges)
        for name, (about, value) in gauges.items():
            lines += [*_family(name, "gauge", about), f"tokimp_{name} {float(value()):g}"]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterator[str]:
        yield from _family("requests_total", "counter", "Requests by where they came from and how they ended.")
        for (kind, outcome), number in sorted(self._requests.items()):
            yield f'tokimp_requests_total{{kind="{kind}",outcome="{outcome}"}} {number}'

    def _second_lines(self) -> Iterator[str]:
        yield from _family("request_seconds", "histogram", "Seconds until requests were answered.")
        for kind, within in sorted(self._within.items()):
            so_far = 0
            for bucket in (*BUCKETS, float("inf")):
                so_far += within[bucket]
                edge = f"{bucket:g}" if bucket in BUCKETS else "+Inf"
                yield f'tokimp_request_seconds_bucket{{kind="{kind}",le="{edge}"}} {so_far}'
            yield f'tokimp_request_seconds_sum{{kind="{kind}"}} {self._seconds[kind]:.6g}'
            yield f'tokimp_request_seconds_count{{kind="{kind}"}} {so_far}'


def _family(name: str, form: str, about: str) -> list[str]:
    return [f"# HELP tokimp_{name} {about}", f"# TYPE tokimp_{name} {form}"]


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, Cancelled | GeneratorExit):
        return "stopped"
    if isinstance(error, BusyError):
        return "busy"
    return "refused" if isinstance(error, TokimpError) and not isinstance(error, OutOfMemoryError) else "failed"
