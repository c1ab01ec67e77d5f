"""What is told of a question where links are shown: plain text, of its result or of the question alone."""

from __future__ import annotations

from dataclasses import replace

from tokimp.internals.looks import LOOKS
from tokimp.types import Explanation, Request
from tokimp.ui.desk import Desk
from tokimp.ui.state import Result, asked_of
from tokimp.ui.studies import STUDIES
from tokimp.ui.studies.base import one_line
from tokimp.views.characters import drawable, quoted
from tokimp.views.numbers import show
from tokimp.views.page import brief, question
from tokimp.views.table import ranked_rows

STRONGEST = 3
LONGEST_TITLE, LONGEST_TEXT = 120, 160


def known(desk: Desk, request: Request) -> Result | None:
    """The result, where it was computed before: of the revision that the link names, or else of this page's own."""
    return desk.results.find(request) or desk.found(replace(asked_of(request), revision=None))


def title_of(request: Request, explanation: Explanation | None = None) -> str:
    """Why “ girl” rather than “ boy”? Of a question that left the target to the model: What made the model say that?"""
    if explanation is not None:
        return _cut(question(explanation), LONGEST_TITLE)
    if request.view in STUDIES:
        return f"{STUDIES[request.view].title}: {one_line(request.text)}"
    if request.view:
        return f"{_seen(request)}: what happens inside the model"
    if request.target is None:
        return "Which tokens made the model say that?"
    rather = "" if request.contrast is None else f" rather than {quoted(str(request.contrast))}"
    return _cut(f"Why {quoted(str(request.target))}{rather}?", LONGEST_TITLE)


def description_of(request: Request, explanation: Explanation | None = None) -> str:
    """The text that was read, and what counted most in it."""
    text = _cut(" ".join(drawable(request.text).split()), LONGEST_TEXT)
    if explanation is None and request.view in STUDIES:
        return f"“{text}”: {STUDIES[request.view].title.lower()} on {_cut(drawable(request.model), LONGEST_TITLE)}."
    if explanation is None and request.view:
        return f"“{text}”: {_seen(request).lower()} of {_cut(drawable(request.model), LONGEST_TITLE)}."
    if explanation is None:
        return f"“{text}”: {request.method.replace('_', ' ')} on {_cut(drawable(request.model), LONGEST_TITLE)}."
    rows = [row for row in ranked_rows(explanation) if row["score"]][:STRONGEST]
    most = ", ".join(f"{quoted(row['token'].strip() or row['token'])} {show(row['score'])}" for row in rows)
    counted = f" Most of all: {most}." if most else ""
    model, method, probability = (value for _, value in brief(explanation))
    return f"“{text}” {_cut(drawable(model), LONGEST_TITLE)}, {method}, probability {probability}.{counted}"


def _seen(request: Request) -> str:
    """What a link to a view shows; a link may name anything."""
    return LOOKS[request.view].info.title if request.view in LOOKS else "A view"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
