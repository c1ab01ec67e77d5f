"""Metrics of a result under the page's limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from tokimp import evaluation
from tokimp.errors import TooMuchWorkError
from tokimp.metrics import METRICS, evaluating, sanity
from tokimp.score import Score
from tokimp.types import Floats, Progress
from tokimp.ui import work
from tokimp.ui.limits import Limits
from tokimp.ui.state import Result
from tokimp.views.numbers import percent
from tokimp.views.sanity import CHECKS
from tokimp.watch import Watch

CHOSEN = ("comprehensiveness", "sufficiency", "deletion", "insertion", "log_odds")
"""Those that share their copies: what others would take beside them is not worth a visitor's wait."""

TELLS = {key: METRICS[key].info.tells for key in CHOSEN}
DEFINED = {key: f"{info.definition.removesuffix('.')} ({info.paper})." for key, info in sanity.CHECKS.items()}

_RUN: dict[str, Callable[..., list[Score]]] = {
    "randomised": evaluation.randomised,
    "repeated": evaluation.repeated,
    "shifted": evaluation.shifted,
}


def judged(shown: Result, report: work.Report[Result], limits: Limits) -> Sequence[Score]:
    """What metrics say of the result's scores; at a limit what is known by then, once that has a band of chance.

    Raises:
        InputError, ModelError, OutOfMemoryError; TooMuchWorkError before the first band; Cancelled from the report.
    """
    counter, start, known = Watch(), time.monotonic(), shown

    def watch(fraction: float, _partial: Floats | None) -> None:
        if fraction < 1:
            limits.check(time.monotonic() - start, counter.evaluations)
        report(work.Moment(fraction=fraction, value=known, evaluations=counter.evaluations))

    counter.report = watch
    model = work.loaded(shown.asked(), report)
    try:
        for scores in evaluating(model, shown.explanation, CHOSEN, watch=counter):
            known = shown.with_trust(scores)
            report(work.Moment(value=known, evaluations=counter.evaluations))
    except TooMuchWorkError:
        if all(score.chance is None for score in known.trust):
            raise
    return known.trust


def unchecked(result: Result) -> list[str]:
    """The sanity checks whose numbers are not known of the result."""
    known = {score.metric for score in result.checks}
    return [kind for kind, (_, metrics) in CHECKS.items() if not known & set(metrics)]


def checking(shown: Result, report: work.Report[Result], limits: Limits) -> Iterator[Result]:
    """The result with what one sanity check more found of it, until all are known.

    Raises:
        InputError, ModelError, OutOfMemoryError; TooMuchWorkError at a limit; Cancelled from the report.
    """
    start, known = time.monotonic(), shown
    model = work.loaded(shown.asked(), report)

    def watching(title: str, before: Result) -> Progress:
        def watch(fraction: float, _partial: Floats | None) -> None:
            limits.check(time.monotonic() - start)
            report(work.Moment(sentence=f"{title}: {percent(fraction)}", fraction=fraction, value=before))

        return watch

    for kind in unchecked(shown):
        found = _RUN[kind](model, shown.explanation, watch=watching(CHECKS[kind][0], known))
        known = known.with_checks(found)
        yield known
