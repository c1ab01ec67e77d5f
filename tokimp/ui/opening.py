"""Opening the page with a link: the form as the link has it, and its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from tokimp.errors import OptionError, TokimpError
from tokimp.methods.base import METHODS, build
from tokimp.share import to_code
from tokimp.types import Request
from tokimp.ui import controls, display, filling, handlers, sentences, whying, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.display import Changes
from tokimp.ui.examples import Start
from tokimp.ui.state import asked_of
from tokimp.ui.studies import why
from tokimp.ui.visitors import Visitor
from tokimp.ui.zooming import row


def opened(arrival: Arrival, request: Request, start: Start, visitor: Visitor) -> Changes:
    """The tab of the link's task: its form filled, and its result at once if it was computed before."""
    token = None
    if request.view == why.KEY:
        try:
            request, token = why.explained_by(request)
        except TokimpError as error:
            return refused(error)
    filled = display.emptied() | form(request, start, arrival)
    try:
        check(request)
    except TokimpError as error:
        return filled | {"notice": sentences.failed(error)}
    asked = replace(asked_of(request), revision=request.revision or None)
    found = handlers.at_once(arrival.desk, asked, visitor)
    if found is None:
        return filled | handlers.queued(arrival.desk, asked, visitor) | {"why_wanted": token}
    asked_why = whying.begin(arrival.desk, whying.explanation_of(found["shown"]), token, visitor)
    return filled | found | asked_why | ({} if token is None else row.chosen(found["shown"], token))


def refused(error: TokimpError) -> Changes:
    """The tab for a link that nothing can be read from: empty; above all tabs stands what is the matter."""
    return display.emptied() | {"text": "", "notice": sentences.failed(error)}


def elsewhere(request: Request) -> Changes:
    """For a link to a result that has no tab here: above all tabs stands where it is."""
    there = ("Open its result", "a", f"e/{to_code(request)}")
    what = "This link explains one token of what an encoder–decoder model writes. "
    return {"notice": sentences.told(sentences.line("note", what, there, "; Generation explains whole answers."))}


def check(request: Request) -> None:
    """What can be said about a link before a model is loaded, as about a form.

    Raises:
        TextTooLongError, EmptyTextError; OptionError: a model that this page does not take, or a method, an
            option or a seed that is none.
    """
    work.check_length(request.text)
    work.check_model(request.model)
    build(request.method, request.options, request.seed)
    if request.seed > controls.LARGEST_SEED:
        raise OptionError("The link’s seed is too large.", f"Seeds go up to {controls.LARGEST_SEED}.")


def form(request: Request, start: Start, arrival: Arrival) -> dict[str, Any]:
    """The form's values; what this page does not know is as the tab begins."""
    task = request.task
    method = request.method if request.method in METHODS else start.method
    known = controls.model_allowed(request.model)
    model = request.model if known else arrival.models[task]
    masks = controls.mask_choice(request.text, request.mask)
    several = sum(len(group["options"]) for group in masks["groups"]) > 1
    return {
        "text": request.text,
        "model": controls.model_choice(task, model, arrival.hub_reachable),
        "method": controls.method_choice(task, method),
        "options": filling.options_form(request, method),
        "target": gr.update(value=controls.target_choice(task, None, request.target), visible=True),
        "contrast": gr.update(value=controls.contrast_choice(task, None, request.contrast), visible=True),
        "mask": gr.update(value=masks, visible=several and task == "masked-lm"),
    }
