"""What metrics say of a result, worked out once it stands on screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gradio as gr

from tokimp.score import Score
from tokimp.ui import aside, sentences, trusting, work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.state import Result
from tokimp.ui.visitors import Visitor
from tokimp.views.trust import trust_payload

KIND = "judged"


def begin(desk: Desk, result: Result, visitor: Visitor) -> Changes:
    """A turn for what is not known yet of a finished result."""
    if result.trust or not result.finished:
        return {}
    turn = aside.begin(desk, visitor, KIND)
    return {"judge": sentences.ticket(turn), "trust": _drawn((), "Waiting for a free turn …")}


def end(desk: Desk, visitor: Visitor) -> None:
    aside.end(desk, visitor, KIND)


def run(desk: Desk, shown: Result, visitor: Visitor, ticket: Mapping[str, Any] | None) -> Iterator[Changes]:
    """Each number as it comes. Yields at least once."""

    def compute(report: work.Report[Result]) -> Result:
        return judged(desk, shown, report, visitor.key)

    def drawn(moment: work.Moment[Result], running: str) -> Changes:
        known = moment.value or shown
        changes: Changes = {"trust": _drawn(known.trust, running)}
        return changes | {"shown": known} if moment.done and not running else changes

    return aside.run(desk, visitor, KIND, ticket, compute, drawn)


def judged(desk: Desk, shown: Result, report: work.Report[Result], visitor: str = "") -> Result:
    """The result with what metrics say of it, which is kept with it; reports what is known so far.

    Raises:
        As `Desk.answer`.
    """
    found = shown if shown.trust else desk.results.find(shown.explanation.request)
    if found is not None and found.trust:
        return found
    with desk.at_the_model(report, visitor):
        scores = trusting.judged(shown, report, desk.limits)
    return desk.results.keep(shown.with_trust(scores))


def _drawn(scores: Sequence[Score], running: str = "") -> Any:
    return gr.update(value=trust_payload(scores, running, trusting.TELLS), state="ready")
