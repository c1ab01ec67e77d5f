"""Opening the page with a link to an explained answer: the form as the link has it, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import gradio as gr

from tokimp.methods.base import METHODS
from tokimp.types import Request, Segment
from tokimp.ui import controls, revisions
from tokimp.ui.arrival import Arrival
from tokimp.ui.generating import forms, handlers
from tokimp.ui.state import asked_of
from tokimp.ui.studies.generation import KEY
from tokimp.ui.studies.opening import linked_to
from tokimp.ui.studies.running import Changes
from tokimp.ui.visitors import Visitor


def linked(query: Mapping[str, str]) -> Request | None:
    """The request of a link to this tab; None for any other link."""
    return linked_to(query, KEY)


def opened(arrival: Arrival, request: Request, visitor: Visitor) -> Changes:
    """The tab as the link has it, and what it shows, at once if that was worked out before."""
    asked = replace(asked_of(request), revision=request.revision or None)
    return form(arrival, request) | handlers.begin(arrival.desk, asked, visitor)


def form(arrival: Arrival, request: Request) -> Changes:
    """The form's values; what this page does not know is as the tab begins.

    Of a chat there stands what was said, not the template around it. An answer that the link holds stands on the
    right, and not in the form, where the model would be asked to read it anew.
    """
    known = controls.model_allowed(request.model)
    model = request.model if known else arrival.models["next-token"]
    method = request.method if request.method in METHODS else forms.METHOD
    user, system = _said(request, "user"), _said(request, "system")
    is_chat = len(user) == 1 and len(system) <= 1
    return {
        "text": user[0] if is_chat else request.text,
        "answer": "",
        "is_chat": is_chat,
        "system": gr.update(value=system[0] if is_chat and system else "", visible=is_chat),
        "model": forms.models(model, arrival.hub_reachable),
        "method": controls.method_choice(request.task, method, revisions.held(model, request.task)),
        "options": forms.linked_form(request, method),
    }


def _said(request: Request, segment: Segment) -> list[str]:
    return [request.text[start:end] for start, end, what in request.roles if what == segment]
