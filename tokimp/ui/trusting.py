"""Metrics of a result under the page's limits."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tokimp.errors import TooMuchWorkError
from tokimp.metrics import METRICS, evaluating
from tokimp.score import Score
from tokimp.types import Floats
from tokimp.ui import work
from tokimp.ui.limits import Limits
from tokimp.ui.state import Result
from tokimp.watch import Watch

CHOSEN = ("comprehensiveness", "sufficiency", "deletion", "insertion", "log_odds")
"""Those that share their copies: what others would take beside them is not worth a visitor's wait."""

TELLS = {key: METRICS[key].info.tells for key in CHOSEN}


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
