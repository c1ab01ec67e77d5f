"""A token of a comparison that is asked about: which explanation it stands in, and the drawer of its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tokimp.comparison import Comparison
from tokimp.errors import LinkError
from tokimp.methods.base import METHODS
from tokimp.prompt_comparison import PromptComparison
from tokimp.share import from_link
from tokimp.types import Explanation
from tokimp.ui import whying
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.studies import Studied
from tokimp.ui.studies.base import one_line
from tokimp.ui.visitors import Visitor


class Picked(NamedTuple):
    """A token of one of the explanations; `of` says of which, beside the others."""

    explanation: Explanation
    token: int
    of: str


def picked(shown: Studied | None, index: object, method: object) -> Picked | None:
    """What a click was on: `index` is the browser's, a token of a line or a cell counted row by row.

    In the line of all methods together, and where no method is named, the first one explains.
    """
    if shown is None or not isinstance(index, int) or isinstance(index, bool) or index < 0:
        return None
    value = shown.value
    if isinstance(value, Comparison):
        return _in_line(value, index, method)
    return _in_cell(value, index, method) if isinstance(value, PromptComparison) else None


def begin(desk: Desk, shown: Studied | None, index: object, method: object, visitor: Visitor) -> Changes:
    """The drawer opens, and waits for its turn; nothing while another comparison is on its way."""
    found = picked(shown, index, method)
    if found is None or desk.turns.current(visitor) is not None:
        return {}
    return whying.begin(desk, found.explanation, found.token, visitor) | {"why_asked": (index, method)}


def run(
    desk: Desk, shown: Studied | None, asked: tuple[object, object], visitor: Visitor, ticket: Mapping[str, Any] | None
) -> Iterator[Changes]:
    """Each reason as it comes. Yields at least once."""
    found = picked(shown, *asked)
    if found is None:
        yield {}
    else:
        yield from whying.run(desk, found.explanation, found.token, visitor, ticket, found.of)


def take_file(desk: Desk, shown: Studied | None, asked: tuple[object, object], suffix: object) -> Changes:
    """The reasons as a file, for the browser to save, as far as they are still at hand."""
    found = picked(shown, *asked)
    return {} if found is None else whying.take_file(desk, found.explanation, found.token, suffix)


def at_hand(desk: Desk, shown: Studied | None, share: Mapping[str, Any] | None) -> Studied | None:
    """The comparison on screen: as the session holds it, or else by the code that the browser has for its link."""
    code = (share or {}).get("code")
    if shown is not None or not isinstance(code, str):
        return shown
    try:
        return desk.studying.find(from_link(code))
    except LinkError:
        return None


def _in_line(comparison: Comparison, token: int, method: object) -> Picked | None:
    by_method = {each.request.method: each for each in comparison.explanations}
    explanation = by_method.get(str(method or "")) or next(iter(comparison.explanations), None)
    if explanation is None or token >= len(explanation.tokens):
        return None
    return Picked(explanation, token, f"as {_title(explanation)} explains it")


def _in_cell(comparison: PromptComparison, cell: int, method: object) -> Picked | None:
    run = comparison.runs.get(str(method)) or comparison.explanations
    positions = comparison.alignment.positions
    row, column = divmod(cell, max(positions.shape[1], 1))
    if row >= min(len(run), len(positions)) or positions[row, column] < 0:
        return None
    prompt = f"prompt {row + 1}, “{one_line(run[row].request.text, 60)}”"
    return Picked(run[row], int(positions[row, column]), f"as {_title(run[row])} explains {prompt}")


def _title(explanation: Explanation) -> str:
    return METHODS[explanation.request.method].info.title
