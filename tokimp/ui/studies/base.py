"""What a study is: several explanations worked out for one link, shown piece by piece, and drawn without script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tokimp.models.text_model import TextModel
from tokimp.registry import Registry
from tokimp.types import Request
from tokimp.views.characters import drawable
from tokimp.watch import Watch

FORMATS = {".html": "HTML", ".csv": "CSV", ".json": "JSON"}
MEDIA = {".html": "text/html", ".csv": "text/csv", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Studied:
    """What came of a study, whose own result is `value`.

    `finished` is False while more is coming; `stopped` is the sentence on why no more comes, where a
    limit of this page ended the work.
    """

    request: Request
    value: Any
    evaluations: int = 0
    seconds: float = 0.0
    finished: bool = True
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A sentence on the work that is to come."""

    sentence: str


class Study(Protocol):
    """One kind of study; `Request.view` names it."""

    @property
    def title(self) -> str:
        """What its place on the page is called."""

    def check(self, request: Request) -> None:
        """What can be said before a model is loaded.

        Raises:
            InputError: no such method or option, too many of something, or nothing to read.
        """

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[Any]:
        """The result so far after each piece of work, the whole of it last; `Ahead` is no result.

        Raises:
            InputError, ModelError, OutOfMemoryError; whatever the watch raises.
        """

    def heading(self, studied: Studied) -> str:
        """What was asked, in one line of plain text."""

    def body(self, studied: Studied) -> str:
        """All that there is to see, as markup without style or script."""


def own_request(request: Request, value: Any) -> Request:
    """By which the value is had again: the request that it holds itself, where the model's own words joined it."""
    own = getattr(value, "request", None)
    return own if isinstance(own, Request) and own.view == request.view else request


def written(studied: Studied, suffix: str) -> str:
    """What a file of one of `FORMATS` holds."""
    value = studied.value
    return str({".html": value.to_html, ".csv": value.to_csv, ".json": value.to_json}[suffix]())


def one_line(text: str, most: int = 80) -> str:
    """A text as part of a heading."""
    line = " ".join(drawable(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


STUDIES: Registry[Study] = Registry("view")
