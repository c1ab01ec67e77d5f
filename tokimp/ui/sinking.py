"""The coloured text without attention sinks: a view of the scores, whose colours then reach as far as what is left."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from tokimp.reasons import Sinks
from tokimp.types import Explanation, Floats
from tokimp.ui import aside, sentences, work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.state import Result
from tokimp.ui.visitors import Visitor
from tokimp.views.characters import quoted
from tokimp.views.numbers import percent
from tokimp.views.text import text_payload
from tokimp.why import without_sinks

LABEL = "without attention sinks"
KIND = "without sinks"


def begin(desk: Desk, shown: Result | None, hidden: bool, visitor: Visitor) -> Changes:
    """A turn for looking for sinks; without one, all colours at once.

    The box stands as it was clicked last: no answer ticks it.
    """
    end(desk, visitor)
    if shown is None:
        return {"sinks": False, "status": sentences.told(sentences.line("hint", "There is no result at hand."))}
    if not hidden:
        return _coloured(shown, Sinks((), 0.0)) | _told(shown, "")
    turn = aside.begin(desk, visitor, KIND)
    return {"sinks_ticket": sentences.ticket(turn)} | _told(shown, "Waiting for a free turn …")


def end(desk: Desk, visitor: Visitor) -> None:
    aside.end(desk, visitor, KIND)


def run(desk: Desk, shown: Result, visitor: Visitor, ticket: Mapping[str, Any] | None) -> Iterator[Changes]:
    """How far the search is, then the text without sinks. Yields at least once."""

    def compute(report: work.Report[Sinks]) -> Sinks:
        return _found(desk, shown, report, visitor.key)

    def drawn(moment: work.Moment[Sinks], running: str) -> Changes:
        if moment.value is not None:
            return _coloured(shown, moment.value) | _told(shown, _summary(shown.explanation, moment.value))
        if moment.done:
            return _coloured(shown, Sinks((), 0.0)) | {"sinks": False} | _told(shown, running)
        return _told(shown, f"Looking for attention sinks. {running}")

    return aside.run(desk, visitor, KIND, ticket, compute, drawn)


def _found(desk: Desk, shown: Result, report: work.Report[Sinks], visitor: str) -> Sinks:
    with desk.counts.request("page") as tally, desk.at_the_model(report, visitor):
        model = work.loaded(shown.asked(), report).computing_in(shown.explanation.request.precision)
        start = time.monotonic()

        def watch(fraction: float, _partial: Floats | None) -> None:
            if fraction < 1:
                desk.limits.check(time.monotonic() - start)
            report(work.Moment(fraction=fraction))

        sinks = without_sinks(model, shown.explanation, watch)
        tally.evaluations = sinks.evaluations
    return sinks


def _coloured(shown: Result, sinks: Sinks) -> Changes:
    """The text with the colours that are left."""
    whole = shown.explanation
    scores = replace(whole.attribution, scores=sinks.hidden(whole.scores))
    return {"tokens": gr.update(value=text_payload(replace(whole, attribution=scores)), state="ready")}


def _told(shown: Result, sentence: str) -> Changes:
    """What stands under the text, with a sentence on sinks; "" for none."""
    told = sentences.limits(shown)
    lines = [*told["lines"], *([sentences.line("note", sentence)] if sentence else [])]
    return {"limits": gr.update(value=told | {"lines": lines}, state="ready")}


def _summary(explanation: Explanation, sinks: Sinks) -> str:
    if not sinks.positions:
        return "No token of this text is an attention sink: nothing is hidden."
    names = ", ".join(quoted(explanation.tokens[place].text) for place in sinks.positions)
    hidden = f"Hidden as attention sinks: {names}, with {percent(sinks.share)} of the sum of all scores’ sizes. "
    return hidden + "A view of the scores, no new ones."
