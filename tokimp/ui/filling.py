"""The form's options as a question has them."""

from __future__ import annotations

from collections.abc import Mapping

from tokimp.errors import OptionError
from tokimp.methods.base import METHODS, options_of
from tokimp.types import Request, Value
from tokimp.ui import controls
from tokimp.ui.components import Payload


def options_form(request: Request, method: str = "") -> Payload:
    """Those that the method takes, the request's own unless another is named, and those that every method has."""
    chosen = method or request.method
    common: dict[str, Value] = {"output": request.output, "precision": request.precision, "seed": request.seed}
    return controls.options_payload(chosen, common, _taken(chosen, request))


def taken_by(method: str, options: Mapping[str, Value]) -> dict[str, Value]:
    """Those that the method declares: a form may still be that of the method before, as its own is on the way."""
    if method not in METHODS:
        return dict(options)
    known = {option.name for option in options_of(METHODS[method])}
    return {name: value for name, value in options.items() if name in known}


def _taken(method: str, request: Request) -> dict[str, Value]:
    taken: dict[str, Value] = {}
    for option in options_of(METHODS[method]):
        if option.name in request.options:
            try:
                taken[option.name] = option.check(request.options[option.name])
            except OptionError:
                continue
    return taken
