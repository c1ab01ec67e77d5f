"""The form of a tab that compares, as a question."""

from __future__ import annotations

from typing import Any

from tokimp.types import Value
from tokimp.ui.comparing.kinds import Kind
from tokimp.ui.state import Asked
from tokimp.ui.tasks import task_of

FORM = ("text", "model", "methods", "target", "options")


def asked_from(kind: Kind, values: tuple[Any, ...]) -> Asked:
    """The form's values, in the order of `FORM`, as a question."""
    text, model, methods, target, options = values
    name, given = str(model or ""), dict[str, Value](options or {})
    asked = kind.asked(task_of(name), name, str(text or ""), methods or (), target)
    return kind.with_options(asked, given)
