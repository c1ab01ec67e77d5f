"""What studies ask for by the fields of a request: names of methods in one text, and options that are declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokimp.errors import OptionError
from tokimp.methods import METHODS
from tokimp.methods.base import MethodInfo, checked_options
from tokimp.types import Request, Task

MOST_METHODS = 12
BETWEEN = ","

Declared = Any


def listed(names: str) -> tuple[str, ...]:
    """Names between commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in names.split(BETWEEN) if name.strip()))


def joined(names: Iterable[str]) -> str:
    return BETWEEN.join(names)


def methods_in(names: str) -> tuple[str, ...]:
    """The methods that are meant.

    Raises:
        OptionError: there is none, or more than `MOST_METHODS`; one of them is no method.
    """
    keys = listed(names)
    if not keys:
        raise OptionError("No method is chosen.", "Choose at least one.")
    if len(keys) > MOST_METHODS:
        raise OptionError(f"These are {len(keys)} methods; {MOST_METHODS} are the limit here.", "Choose fewer.")
    for key in keys:
        METHODS[key]
    return keys


def declared(key: str, declaring: type[Any], request: Request) -> Declared:
    """The request's options as what declares them takes them.

    Raises:
        OptionError: no such option, or a value that will not do.
    """
    return declaring(**checked_options(key, declaring, request.options))


def offered(task: Task, keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the methods that are defined for the task."""
    infos: dict[str, MethodInfo] = {key: METHODS[key].info for key in keys}
    return tuple(key for key, info in infos.items() if task in info.tasks)
