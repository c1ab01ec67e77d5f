"""Opening the page with a link to a comparison: the form as the link has it, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokimp.types import Request
from tokimp.ui import controls, revisions
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing import handlers
from tokimp.ui.comparing.kinds import Kind, method_list
from tokimp.ui.inside.tab import every_model
from tokimp.ui.state import asked_of
from tokimp.ui.studies.opening import linked_to
from tokimp.ui.studies.running import Changes
from tokimp.ui.visitors import Visitor


def linked(query: Mapping[str, str], kind: Kind) -> Request | None:
    """The request of a link to this tab; None for any other link."""
    return linked_to(query, kind.key)


def opened(arrival: Arrival, kind: Kind, request: Request, visitor: Visitor) -> Changes:
    """The tab as the link has it, and what it shows, at once if that was worked out before."""
    asked = replace(asked_of(request), revision=request.revision or None)
    return form(arrival, kind, request) | handlers.begin(arrival.desk, asked, visitor)


def form(arrival: Arrival, kind: Kind, request: Request) -> Changes:
    """The form's values; what this page does not know is as the tab begins."""
    known = controls.model_allowed(request.model)
    model = request.model if known else arrival.models[request.task]
    held = revisions.held(model, request.task)
    return {
        "text": request.text,
        "model": every_model(arrival, model),
        "methods": method_list(request.task, kind.methods_of(request), held),
        "target": kind.target_list(request.task, request.target, held),
        "options": kind.form(request.options),
    }
