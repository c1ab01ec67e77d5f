"""Texts to begin with, and results that were computed with them beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from tokimp.assets import asset, read_asset
from tokimp.types import Task
from tokimp.ui.state import Result

INSIDE_TASK: Task = "next-token"
"""Of the model that the tab Inside begins with."""

INSIDE = "Who did it"
"""The example that it begins with: of two names the model has to keep apart who gave."""


@dataclass(frozen=True)
class Example:
    """A text under a short name."""

    name: str
    text: str


def filling(*values: str | bool) -> str:
    """The script of a button that fills an example in, a value each part of the form."""
    return read_asset("fill.js").replace("/* values */", json.dumps(values)[1:-1])


@dataclass(frozen=True)
class Start:
    """How a task's tab begins: its title, its method, its texts, of which the first is shown at once."""

    task: Task
    title: str
    method: str
    examples: tuple[Example, ...]


@cache
def starts() -> tuple[Start, ...]:
    """The task tabs in the order of the page."""
    stored = json.loads(read_asset("examples.json"))
    return tuple(
        Start(**(facts | {"examples": tuple(Example(**example) for example in facts["examples"])})) for facts in stored
    )


def inside_text() -> str:
    """The text that the tab Inside begins with."""
    start = next(each for each in starts() if each.task == INSIDE_TASK)
    return next(example.text for example in start.examples if example.name == INSIDE)


def stored_result(task: Task) -> Result | None:
    """The first example's result as it was computed before; None where none is stored.

    scripts/first_results.py writes them, with the models of the packs.
    """
    try:
        return Result.from_json(asset(f"first/{task}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
