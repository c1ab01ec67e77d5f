"""The coloured text without attention sinks: a view of the scores, whose colours then reach as far as what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from tokimp.errors import TokimpError
from tokimp.reasons import Sinks
from tokimp.types import Explanation
from tokimp.ui import sentences, work
from tokimp.ui.components import Payload
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.state import Result
from tokimp.ui.visitors import Visitor
from tokimp.views.characters import quoted
from tokimp.views.numbers import percent
from tokimp.views.text import text_payload
from tokimp.why import without_sinks

LABEL = "without attention sinks"


def looking(hidden: bool) -> Payload:
    """While sinks are looked for, which takes a pass for each token where there are some."""
    return sentences.working("Looking for attention sinks …") if hidden else sentences.told()


def seen(desk: Desk, shown: Result | None, hidden: bool, visitor: Visitor) -> Changes:
    """The text as it is coloured with or without sinks, and how much that hides.

    Cost: two evaluations, and one more a token where one looks like a sink; none to show all again.
    """
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", "There is no result at hand. Press Explain."))}
    try:
        sinks = _found(desk, shown, visitor) if hidden else Sinks((), 0.0)
    except TokimpError as error:
        return {"status": sentences.failed(error)}
    whole = shown.explanation
    scores = replace(whole.attribution, scores=sinks.hidden(whole.scores))
    drawn = text_payload(replace(whole, attribution=scores))
    told = sentences.limits(shown)
    if hidden:
        told = told | {"lines": [*told["lines"], sentences.line("note", *_told(whole, sinks))]}
    return {
        "tokens": gr.update(value=drawn, state="ready"),
        "limits": gr.update(value=told, state="ready"),
        "status": sentences.told(),
    }


def _found(desk: Desk, shown: Result, visitor: Visitor) -> Sinks:
    with desk.counts.request("page") as tally, desk.at_the_model(_unwatched, visitor.key):
        model = work.loaded(shown.asked(), _unwatched).computing_in(shown.explanation.request.precision)
        sinks = without_sinks(model, shown.explanation)
        tally.evaluations = sinks.evaluations
    return sinks


def _told(explanation: Explanation, sinks: Sinks) -> Sequence[Any]:
    if not sinks.positions:
        return ("No token of this text is an attention sink: nothing is hidden.",)
    names = ", ".join(quoted(explanation.tokens[place].text) for place in sinks.positions)
    hidden = f"Hidden as attention sinks: {names}, with {percent(sinks.share)} of the sum of all scores’ sizes. "
    return (hidden, "A view of the scores, no new ones.")


def _unwatched(_moment: work.Moment[Any]) -> None:
    """Over before its progress could be told."""
