"""Numbers for whoever keeps the page running, in the format that Prometheus reads."""

from __future__ import annotations

import re
import threading

import pytest

from tokimp.errors import BusyError, Cancelled, OutOfMemoryError, UnknownTargetError
from tokimp.ui.counts import BUCKETS, Counts

LINE = re.compile(r'(# (HELP|TYPE) tokimp_\w+ .+|tokimp_\w+(\{\w+="[\w.+]+"(,\w+="[\w.+]+")*\})? [\d.e+-]+)')


def value(counts: Counts, line: str) -> float:
    return float(next(each for each in counts.lines().splitlines() if each.startswith(f"{line} ")).split()[-1])


def test_every_line_is_of_the_format() -> None:
    counts = Counts()
    counts.gauge("depth", "How deep.", lambda: 2)
    for kind in ("page", "api", "embed"):
        counts.add(kind, "computed", 0.3, 7)
    lines = counts.lines().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert value(counts, "tokimp_depth") == 2
    assert value(counts, "tokimp_evaluations_total") == 21
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(typed) == len(set(typed))


def test_seconds_fall_into_every_bucket_that_holds_them() -> None:
    counts = Counts()
    for seconds in (0.005, 0.5, 0.6, 1000.0):
        counts.add("page", "computed", seconds)
    held = [value(counts, f'tokimp_request_seconds_bucket{{kind="page",le="{bucket:g}"}}') for bucket in BUCKETS]
    assert held == [sum(seconds <= bucket for seconds in (0.005, 0.5, 0.6, 1000.0)) for bucket in BUCKETS]
    assert value(counts, 'tokimp_request_seconds_bucket{kind="page",le="+Inf"}') == 4
    assert value(counts, 'tokimp_request_seconds_count{kind="page"}') == 4
    assert value(counts, 'tokimp_request_seconds_sum{kind="page"}') == pytest.approx(1001.105, rel=1e-4)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnknownTargetError("umbrella"), "refused"),
        (BusyError("umbrella"), "busy"),
        (Cancelled(), "stopped"),
        (OutOfMemoryError("umbrella"), "failed"),
        (KeyError("umbrella"), "failed"),
    ],
)
def test_an_error_is_counted_by_its_kind_and_goes_on(error: Exception, outcome: str) -> None:
    counts = Counts()
    with pytest.raises(type(error)), counts.request("api"):
        raise error
    assert value(counts, f'tokimp_requests_total{{kind="api",outcome="{outcome}"}}') == 1
    assert "umbrella" not in counts.lines()


def test_nothing_is_lost_among_threads() -> None:
    counts = Counts()

    def many() -> None:
        for _ in range(500):
            counts.add("page", "found", 0.0, 1)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(counts, 'tokimp_requests_total{kind="page",outcome="found"}') == 2000
    assert value(counts, "tokimp_evaluations_total") == 2000
