"""Sanity checks of a result: begun by a press once it stands on screen, stopped by another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from tokimp.ui import aside, sentences, trusting, work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes, check_button, checks
from tokimp.ui.state import Result
from tokimp.ui.visitors import Visitor

KIND = "checked"
HALTED = "checks halted"
"""A turn of this kind says that the checks before it ended by a press, and not by another question."""

STOP = "Stop checking"
ABOUT = "The method is run again with random weights, with other seeds and on a shifted input."


def pressed(desk: Desk, shown: Result | None, visitor: Visitor) -> Changes:
    """A turn for what is not known yet of a finished result; or the end of the one that waits or works."""
    if aside.running(desk, visitor, KIND):
        aside.end(desk, visitor, KIND)
        aside.begin(desk, visitor, HALTED)
        return _over(_known(desk, shown), "Stopped.") if shown is not None else {}
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", "There is no result at hand. Press Explain."))}
    if not shown.finished or not trusting.unchecked(shown):
        return {}
    aside.end(desk, visitor, HALTED)
    turn = aside.begin(desk, visitor, KIND)
    waits = checks(shown, "Waiting for a free turn …")
    return {"check": gr.update(value=STOP), "check_ticket": sentences.ticket(turn), "checks": waits}


def end(desk: Desk, visitor: Visitor) -> None:
    aside.end(desk, visitor, KIND)
    aside.end(desk, visitor, HALTED)


def run(desk: Desk, shown: Result, visitor: Visitor, ticket: Mapping[str, Any] | None) -> Iterator[Changes]:
    """Each check as it comes. Yields at least once."""
    known = shown

    def compute(report: work.Report[Result]) -> Result:
        return checked(desk, shown, report, visitor.key)

    def drawn(moment: work.Moment[Result], running: str) -> Changes:
        nonlocal known
        known = moment.value or known
        if moment.done:
            return _over(_known(desk, known), running)
        return {"checks": checks(known, running), "check": gr.update(value=STOP)}

    for changes in aside.run(desk, visitor, KIND, ticket, compute, drawn):
        halted = not changes and aside.running(desk, visitor, HALTED)
        yield _over(_known(desk, known), "Stopped.") if halted else changes


def checked(desk: Desk, shown: Result, report: work.Report[Result], visitor: str = "") -> Result:
    """The result with what sanity checks find; each is kept with it, so that what was stopped goes on from there.

    Raises:
        As `Desk.answer`.
    """
    known = _known(desk, shown)
    if not trusting.unchecked(known):
        return known
    with desk.at_the_model(report, visitor):
        for found in trusting.checking(known, report, desk.limits):
            known = desk.results.keep(found)
            report(work.Moment(value=known))
    return known


def _known(desk: Desk, shown: Result) -> Result:
    """With what was kept since it was put on screen."""
    kept = desk.results.find(shown.explanation.request)
    return shown if kept is None else shown.filled_from(kept)


def _over(known: Result, sentence: str) -> Changes:
    """What is known stays; what is not can be asked for again."""
    return {"shown": known, "check": check_button(known), "checks": checks(known, sentence)}
