"""Timing ours and the peers on the same work in turns, and holding their values against each other."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SAME = 1e-4


class DifferentValuesError(AssertionError):
    """Two libraries did not compute the same numbers, so that their times say nothing about each other."""


@dataclass(frozen=True)
class Work:
    """What one library does. `seen` turns our values into the form in which this library gives its own."""

    name: str
    run: Callable[[], Floats]
    seen: Callable[[Floats], Floats] = np.asarray


@dataclass(frozen=True)
class Outcome:
    """One line of the table; `difference` is the largest between both libraries' values, as a share of the largest."""

    work: str
    peer: str
    theirs: float
    ours: float
    difference: float | None = None
    remark: str = ""

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def contest(work: str, ours: Work, peers: Sequence[Work], repeats: int) -> list[Outcome]:
    """Median seconds of all, run in turns `repeats` times.

    Raises:
        DifferentValuesError: a peer's values are not ours.
    """
    seconds: dict[str, list[float]] = {each.name: [] for each in (ours, *peers)}
    outcomes = []
    values: dict[str, Floats] = {}
    for _ in range(repeats):
        for each in (ours, *peers):
            spent, values[each.name] = timed(each.run)
            seconds[each.name].append(spent)
            say(f"{work}: {each.name} {spent:.2f} s")
    for peer in peers:
        difference = agreement(work, peer.name, peer.seen(values[ours.name]), values[peer.name])
        outcomes.append(Outcome(work, peer.name, median(seconds[peer.name]), median(seconds[ours.name]), difference))
    return outcomes


def agreement(work: str, peer: str, ours: Floats, theirs: Floats) -> float:
    """The largest difference between ours and theirs, as a share of the largest value where that is above 1.

    Raises:
        DifferentValuesError: it is above 1e-4.
    """
    if ours.shape != theirs.shape:
        raise DifferentValuesError(f"{work}: {peer} gives {theirs.shape} values, we give {ours.shape}.")
    difference = float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))
    if not difference <= SAME:
        raise DifferentValuesError(f"{work}: {peer} is {difference:.2g} away from ours.")
    return difference


def timed(run: Callable[[], Floats]) -> tuple[float, Floats]:
    """Seconds, and what came out."""
    gc.collect()
    begin = time.perf_counter()
    values = run()
    return time.perf_counter() - begin, values


def fastest(candidates: Sequence[int], run: Callable[[int], Floats]) -> int:
    """The candidate, a batch size say, with which a single run takes least."""
    run(candidates[0])
    return min(candidates, key=lambda candidate: timed(lambda: run(candidate))[0])


def say(line: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
