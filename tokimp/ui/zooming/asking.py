"""What the row's button asks: the tokens of one unit alone, or the whole text again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokimp.types import Request, Value
from tokimp.ui import controls, filling, handlers, revisions
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.long_texts import has_players
from tokimp.ui.state import Asked, Result, asked_of
from tokimp.ui.visitors import Visitor
from tokimp.ui.zooming import row, within


def pressed(desk: Desk, shown: Result | None, token: object, came_from: object, visitor: Visitor) -> Changes:
    """From the whole text into the unit around the token, or back; nothing where there is nothing to look into.

    `came_from` is the question that was looked into, as far as the session remembers it.
    """
    if shown is None:
        return handlers.forgotten()
    wholes = within.wholes(shown.explanation)
    if wholes:
        return _back(desk, shown, _of_these(desk, wholes, came_from), visitor)
    request = within.into(shown.explanation, token) if shown.finished else None
    if request is None:
        return {}
    return _asked(desk, request, visitor) | {"zoomed_from": shown.explanation.request}


def since(changes: Changes, method: str, options: Mapping[str, Value]) -> Changes:
    """What the button changes, where the form stood so when it was pressed."""
    if "options" not in changes:
        return changes
    form = controls.since(changes["method"], chosen=method), controls.since(changes["options"], **options)
    return changes | dict(zip(("method", "options"), form, strict=True))


def kept(asked: Asked, shown: Result | None) -> Asked:
    """The form's question, about the unit that is looked into, as long as it is one about the same text.

    Whoever chooses sentences or paragraphs as players asks about all of them, or about the sentences of a paragraph.
    """
    if shown is None:
        return asked
    request = shown.explanation.request
    players = asked.options.get("players", "tokens")
    same = (asked.task, asked.text) == (request.task, request.text) and has_players(asked.method)
    unit = within.looked_into(shown.explanation) if same else ""
    if not unit or players == "paragraphs" or (players == "sentences" and unit != "paragraph"):
        return asked
    return replace(asked, roles=request.roles, generated=request.generated)


def _of_these(desk: Desk, wholes: list[Request], came_from: object) -> Request:
    """Where the visitor came from; else what is there at once; else the likeliest."""
    if came_from in wholes:
        return wholes[wholes.index(came_from)]
    return next((each for each in wholes if desk.found(asked_of(each)) is not None), wholes[0])


def _back(desk: Desk, shown: Result, whole: Request, visitor: Visitor) -> Changes:
    """The unit stays chosen, where the earlier result is there at once."""
    token = within.first_free(shown.explanation)
    changes = _asked(desk, whole, visitor) | {"zoomed_from": None}
    if "shown" not in changes:
        return changes
    return changes | row.chosen(changes["shown"], token) | {"why_token": token}


def _asked(desk: Desk, request: Request, visitor: Visitor) -> Changes:
    """The form becomes that of the question: a method that was chosen for the next one would have other options."""
    begun = handlers.begin(desk, asked_of(request), visitor)
    listed = controls.method_choice(request.task, request.method, revisions.held(request.model, request.task))
    return begun | {"method": listed, "options": filling.options_form(request)}
