"""Studies that were worked out, by their request; and working one out under the page's limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tokimp.errors import TooMuchWorkError
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Request
from tokimp.ui import work
from tokimp.ui.limits import Limits
from tokimp.ui.recent import Recent
from tokimp.ui.results import key_of
from tokimp.ui.studies.base import STUDIES, Ahead, Studied, own_request
from tokimp.watch import Watch

MOST_KEPT = 32
"""A megabyte each where 50 prompts are long."""

REMEMBERED = 300.0
"""Seconds for which it is remembered how far a limit let a study come, before it is tried again."""


Run = Callable[[TextModel, Request, Watch], Iterator[Any]]


class Studying:
    """What studies found, in memory; safe for threads."""

    def __init__(self) -> None:
        self._kept: Recent[Studied] = Recent(MOST_KEPT)
        self._cut_short: Recent[Studied] = Recent(MOST_KEPT, REMEMBERED)

    def find(self, request: Request) -> Studied | None:
        key = key_of(request) or ""
        return self._kept.get(key) or self._cut_short.get(key)

    def run(
        self,
        model: TextModel,
        request: Request,
        report: work.Report[Studied],
        limits: Limits,
        run: Run | None = None,
    ) -> Studied:
        """Works it out, says what is known so far, and keeps what it came to.

        `run` does it from what is known already; None is the study's own way, from the request alone.

        At a limit the work ends within one batch, and what is known by then is the result: unfinished,
        and it says why.

        Raises:
            InputError, ModelError, OutOfMemoryError; TooMuchWorkError before anything is known; Cancelled
            from the report.
        """
        if (found := self.find(request)) is not None:  # of a revision that only the model tells
            return found
        exact = model.computing_in(request.precision)
        values = partial((run or STUDIES[request.view].run), exact, request)
        studied = _studied(values, request, report, limits)
        self.keep(studied, request)
        return studied

    def keep(self, studied: Studied, asked: Request) -> None:
        """Under the request that was asked, and under its own where that says more."""
        for key in {key_of(asked), key_of(studied.request)}:
            if key is not None:
                (self._kept if studied.finished else self._cut_short).put(key, studied)


def _studied(
    values: Callable[[Watch], Iterator[Any]], request: Request, report: work.Report[Studied], limits: Limits
) -> Studied:
    start, counter = time.monotonic(), Watch()
    done, known = 0.0, Studied(request, None, finished=False)

    def watch(fraction: float, _partial: Floats | None) -> None:
        nonlocal done
        done = fraction
        if fraction < 1:
            limits.check(time.monotonic() - start, counter.evaluations)
        report(work.Moment(fraction=done, evaluations=counter.evaluations))

    def now(value: Any) -> Studied:
        own, spent = own_request(request, value), time.monotonic() - start
        return replace(known, request=own, value=value, evaluations=counter.evaluations, seconds=spent)

    counter.report = watch
    try:
        for value in values(counter):
            if isinstance(value, Ahead):
                report(work.Moment(fraction=done, sentence=value.sentence, evaluations=counter.evaluations))
                continue
            known = now(value)
            report(work.Moment(fraction=done, value=known, evaluations=counter.evaluations))
    except TooMuchWorkError as limit:
        if known.value is None:
            raise
        return replace(now(known.value), stopped=str(limit))
    return replace(now(known.value), finished=True)
