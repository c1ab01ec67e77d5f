"""Opening the page with a link to a view: the form as the link has it, its view open, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import gradio as gr

from tokimp.errors import LinkError, OptionError, TokimpError
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import build, check_options
from tokimp.share import PARAMETER, from_link
from tokimp.types import Request
from tokimp.ui import sentences, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.inside import handlers
from tokimp.ui.inside.display import Changes
from tokimp.ui.inside.state import POINTED, Selection, Shown
from tokimp.ui.inside.tab import VIEW_PARTS, every_model, form_payload, shown_options
from tokimp.ui.state import asked_of
from tokimp.ui.studies import STUDIES
from tokimp.ui.visitors import Visitor


def linked(query: Mapping[str, str]) -> Request | None:
    """The request of a link to a view; None for any other link, which the other tabs tell of."""
    code = query.get(PARAMETER)
    try:
        request = from_link(code) if code else None
    except LinkError:
        return None
    return request if request is not None and request.view and request.view not in STUDIES else None


def opened(arrival: Arrival, request: Request, visitor: Visitor) -> Changes:
    """The tab of the link, and its view at once if it was seen before."""
    view = request.view if request.view in LOOKS else "attention"
    options = {name: value for name, value in request.options.items() if name not in POINTED}
    changes: Changes = {"text": request.text, "model": every_model(arrival, request.model), "opened": (view,)}
    changes |= {f"fold_{each}": gr.update(open=each == view) for each in VIEW_PARTS}
    try:
        check(request)
    except TokimpError as error:
        return changes | {"status": sentences.failed(error)}
    if shown_options(view, request.task):
        changes[f"options_{view}"] = form_payload(view, options, request.task)
    asked = replace(asked_of(request), view="", options={}, revision=request.revision or None)
    shown = Shown(asked, Selection.of(request.options), active=view)
    return changes | handlers.follow(arrival.desk, shown, (view,), {view: options}, visitor)


def check(request: Request) -> None:
    """What can be said about a link to a view before a model is loaded.

    Raises:
        TextTooLongError, EmptyTextError; OptionError: a model that this page does not take, a view or an
            option that is none, or a model of another task.
    """
    work.check_length(request.text)
    work.check_model(request.model)
    build(request.view, request.options)
    check_options(request.view, request.options, request.task)
    if request.method:
        raise OptionError("A view has no method.", "Ask it anew on the page.")
