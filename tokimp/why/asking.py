"""Why a token got what it got: the way in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tokimp.errors import MethodUnavailableError
from tokimp.models.scoring import memory_watched
from tokimp.models.text_model import TextModel
from tokimp.reasons import Reason, Reasons, Sinks
from tokimp.types import Explanation, Floats, Progress
from tokimp.watch import Watch
from tokimp.why.agreement import chance, methods, removals, repeats
from tokimp.why.case import Case, case_of
from tokimp.why.flow import NEEDED
from tokimp.why.headline import headline
from tokimp.why.interactions import DRAWS, REFINED, interactions
from tokimp.why.kinds import kind_of_token
from tokimp.why.removal import instead, moved, without
from tokimp.why.sinks import Verdict, sink_or_effect, sinks_of

Step = Callable[[Case], Reason | None]

_AROUND_REMOVALS = 10
"""Evaluations that looking for sinks takes beside each token's removal."""


@dataclass
class _Pace:
    """The share of all work from that of one step; never falls back, though a step may run in several turns."""

    listener: Progress | None
    start: float = 0.0
    width: float = 0.0
    reached: float = 0.0

    def __call__(self, fraction: float, _partial: Floats | None) -> None:
        self.reached = max(self.reached, self.start + self.width * fraction)
        if self.listener is not None:
            self.listener(self.reached, None)


def why(model: TextModel, e: Explanation, token: int, watch: Progress | None = None) -> Reasons:
    """Why token `token` of the explanation got its score, in sentences with the numbers behind them.

    `watch(fraction, None)` is called after every batch, and stops the work by raising.

    Cost: a few evaluations for each token, and at most `REFINED * 8 * DRAWS` for interactions and
    `AFFORDED` for repeating the method.

    Raises:
        InputError: the explanation is of another model, or has no such token.
        OutOfMemoryError; whatever `watch` raises.
    """
    *_, found = reasons(model, e, token, watch)
    return found


def reasons(model: TextModel, e: Explanation, token: int, watch: Progress | None = None) -> Iterator[Reasons]:
    """The same as it comes, the cheapest first: each has one reason more, the last is `finished`."""
    pace, start = _Pace(watch), time.perf_counter()
    counter = Watch(pace)
    with memory_watched():
        case = case_of(model, e, token, counter)
    steps = _steps(case)
    whole = sum(cost for _, cost in steps)
    known: tuple[Reason, ...] = ()
    verdict: Verdict | None = None
    for place, (step, cost) in enumerate(steps, 1):
        pace.width = cost / whole
        with memory_watched():
            found, verdict = (step(case), verdict) if step is not None else sink_or_effect(case)
        pace.start += pace.width
        pace.width = 0.0
        counter(1.0)
        known += () if found is None else (found,)
        if found is not None or place == len(steps):
            yield Reasons(
                token=token,
                text=e.tokens[token].text,
                headline=headline(case, known, verdict),
                reasons=known,
                sink=None if verdict is None else verdict.sink,
                finished=place == len(steps),
                evaluations=counter.evaluations,
                seconds=time.perf_counter() - start,
            )


@memory_watched()
def without_sinks(model: TextModel, e: Explanation, watch: Progress | None = None) -> Sinks:
    """The tokens that are attention sinks, and what part of Σ|scores| they have.

    For a view of the scores without them (`Sinks.hidden`), not for new scores: nothing is shared
    out anew.

    Cost: two evaluations; where a token looks like a sink, a few more, and at most one more for each token.

    Raises:
        InputError: the explanation is of another model.
        MethodUnavailableError: the model shows no attention. Whatever `watch` raises.
    """
    if not model.offers >= NEEDED:
        raise MethodUnavailableError("This model shows no attention, so its sinks cannot be told.")
    counter = Watch()
    case = case_of(model, e, 0, counter)
    most = _AROUND_REMOVALS + len(case.compared)
    if watch is not None:
        counter.report = lambda _fraction, _scores: watch(min(counter.evaluations / most, 1.0), None)
    found = sinks_of(case)
    if watch is not None:
        watch(1.0, None)
    return found


def _steps(case: Case) -> list[tuple[Step | None, int]]:
    """What is asked, in order of its cost, with about how many evaluations it takes; None is sink or effect."""
    count = len(case.compared)
    return [
        (kind_of_token, 1),
        (without, 4),
        (instead, 10),
        (moved, 4),
        (removals, 10),
        (chance, count),
        (None, 3),
        (methods, 8 + count),
        (interactions, count + 8 * DRAWS * REFINED),
        (repeats, 4 * min(case.explanation.evaluations, 250)),
    ]
