"""What a program asks, checked before it waits for its turn: each argument by itself, with a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tokimp.errors import InputError, OptionError, TokimpError
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import build as build_look
from tokimp.methods.base import METHODS, build
from tokimp.models import hub
from tokimp.models.catalog import CATALOG, default_key
from tokimp.share import LONGEST_NAME, MOST_GENERATED, MOST_ROLES, are_roles
from tokimp.types import OUTPUTS, PRECISIONS, TASKS, Task
from tokimp.ui import controls, long_texts, revisions, work
from tokimp.ui.generating.drafts import Draft, draft_of
from tokimp.ui.results import key_of
from tokimp.ui.state import Asked
from tokimp.ui.studies import STUDIES, compare
from tokimp.ui.studies.asking import BETWEEN, joined, methods_in
from tokimp.ui.tasks import task_of

MOST_CANDIDATES = 100

Arguments = Mapping[str, Any]


def asked_with(given: Arguments) -> Asked:
    """The question that these arguments put; what is left out is as on the page.

    Only explanations have a method; several methods are compared.
    """
    if "answer" in given:
        return draft_of(given)
    task: Task = given["task"] or task_of(given["model"])
    model = given["model"] or default_key(task, hub.reachable())
    kept = {name: value for name, value in given.items() if name in Asked.__dataclass_fields__}
    settled = {"task": task, "model": model, "options": dict(given.get("options") or {})}
    settled["generated"] = tuple(given.get("generated") or ())
    settled["roles"] = tuple((start, end, segment) for start, end, segment in given.get("roles") or ())
    if "methods" in given:
        named = {"methods": joined(given["methods"])} if given["methods"] is not None else {}
        settled |= {"view": compare.KEY, "options": {**named, "evaluate": given["evaluate"]}}
    return Asked(**({"method": ""} | kept | settled))


def problems(given: Arguments) -> dict[str, str]:
    """What is wrong, by the name of the argument; empty where the question can be put."""
    found = {}
    for name, value in given.items():
        try:
            CHECKS[name](value, given)
        except TokimpError as error:
            found[name] = str(error)
    if found:
        return found
    try:
        check_whole(asked_with(given))
    except TokimpError as error:
        found["text"] = str(error)
    return found


def check_whole(asked: Asked) -> None:
    """Raises where the parts are fine and the whole is not; what needs the model only where it is in memory."""
    if key_of(asked.request("")) is None:
        raise InputError("There is half a character in this question.", "Take it out.")
    if isinstance(asked, Draft):
        STUDIES[asked.view].check(asked.request(""))
        return
    model = revisions.held(asked.model, asked.task)
    if model is not None:
        long_texts.check_tokens(asked.method, len(model.encode(asked.text)), work.MOST_TOKENS[asked.task])


def _text(value: Any, _given: Arguments) -> None:
    if not isinstance(value, str):
        raise OptionError("The text is no string.")
    work.check_length(value)


def _model(value: Any, _given: Arguments) -> None:
    if value is not None and value != "":
        _word(value, _given)
        work.check_model(str(value))


def _task(value: Any, given: Arguments) -> None:
    if value is None:
        return
    _among(TASKS)(value, given)
    model = given["model"]
    if isinstance(model, str) and model in CATALOG and CATALOG[model].task != value:
        raise OptionError(f"{model} is made for {CATALOG[model].task}.", "Leave the task out.")


def _word(value: Any, _given: Arguments) -> None:
    if value is not None and not (isinstance(value, str) or _whole(value)):
        raise OptionError("This is neither a word nor an id.")
    if isinstance(value, str) and len(value) > LONGEST_NAME:
        raise OptionError(f"This is longer than {LONGEST_NAME} characters.")


def _among(known: Sequence[str]) -> Callable[[Any, Arguments], None]:
    def check(value: Any, _given: Arguments) -> None:
        if not isinstance(value, str) or value not in known:
            raise OptionError("There is no such choice.", f"There are: {', '.join(known)}.")

    return check


def _said(value: Any, _given: Arguments) -> None:
    if value is not None and not isinstance(value, str):
        raise OptionError("This is no string.")
    if value is not None and len(value) > work.MOST_CHARACTERS:
        raise OptionError(f"This is longer than {work.MOST_CHARACTERS:,} characters.")


def _method(value: Any, _given: Arguments) -> None:
    if not isinstance(value, str):
        raise OptionError("The method is no name.")
    METHODS[value]


def _view(value: Any, _given: Arguments) -> None:
    if not isinstance(value, str):
        raise OptionError("The view is no name.")
    LOOKS[value]


def _methods(value: Any, _given: Arguments) -> None:
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(name, str) and BETWEEN not in name for name in value):
        raise OptionError("The methods are no list of names.")
    methods_in(joined(value))


def _ids(value: Any, _given: Arguments) -> None:
    if value is None:
        return
    if not isinstance(value, list) or not all(_whole(id_) and id_ >= 0 for id_ in value):
        raise OptionError("The answer is no list of ids.")
    if len(value) > MOST_GENERATED:
        raise OptionError(f"The answer has more than {MOST_GENERATED:,} ids.")


def _roles(value: Any, _given: Arguments) -> None:
    if value is not None and not are_roles(value):
        raise OptionError(
            "The roles are no list of [from character, to character, role].",
            f'At most {MOST_ROLES}, as in [[0, 4, "pinned"]].',
        )


def _switch(value: Any, _given: Arguments) -> None:
    if not isinstance(value, bool):
        raise OptionError("This is neither true nor false.")


def _number(low: int, high: int) -> Callable[[Any, Arguments], None]:
    def check(value: Any, _given: Arguments) -> None:
        if not _whole(value) or not low <= value <= high:
            raise OptionError(f"This is no whole number from {low} to {high}.")

    return check


def _options(value: Any, given: Arguments) -> None:
    if value is not None and not isinstance(value, dict):
        raise OptionError("The options are no object.")
    method, view = given.get("method"), given.get("view")
    if "answer" in given:
        return  # those of the answer stand among them: the whole is checked
    if value and isinstance(method, str) and method in METHODS:
        build(method, value)
    if value and isinstance(view, str) and view in LOOKS:
        build_look(view, value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


CHECKS: dict[str, Callable[[Any, Arguments], None]] = {
    "text": _text,
    "model": _model,
    "task": _task,
    "method": _method,
    "view": _view,
    "methods": _methods,
    "target": _word,
    "contrast": _word,
    "output": _among(OUTPUTS),
    "mask": _number(0, work.MOST_CHARACTERS),
    "seed": _number(0, controls.LARGEST_SEED),
    "precision": _among(PRECISIONS),
    "options": _options,
    "generated": _ids,
    "roles": _roles,
    "count": _number(1, MOST_CANDIDATES),
    "evaluate": _switch,
    "answer": _said,
    "system": _said,
    "chat": _switch,
}
