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
        return desk.trust(shown, report, visitor.key)

    def drawn(moment: work.Moment[Result], running: str) -> Changes:
        known = moment.value or shown
        changes: Changes = {"trust": _drawn(known.trust, running)}
        return changes | {"shown": known} if moment.done else changes

    return aside.run(desk, visitor, KIND, ticket, compute, drawn)


def _drawn(scores: Sequence[Score], running: str = "") -> Any:
    return gr.update(value=trust_payload(scores, running, trusting.TELLS), state="ready")
