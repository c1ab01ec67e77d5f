"""A token of a comparison that is asked about: which explanation it stands in."""

from __future__ import annotations

from tokimp.comparison import Comparison
from tokimp.prompt_comparison import PromptComparison
from tokimp.ui.studies import Studied
from tokimp.ui.studies.base import one_line
from tokimp.ui.studies.picking import Picked, WhyDrawer, title_of


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


DRAWER = WhyDrawer(picked)


def _in_line(comparison: Comparison, token: int, method: object) -> Picked | None:
    by_method = {each.request.method: each for each in comparison.explanations}
    explanation = by_method.get(str(method or "")) or next(iter(comparison.explanations), None)
    if explanation is None or token >= len(explanation.tokens):
        return None
    return Picked(explanation, token, f"as {title_of(explanation)} explains it")


def _in_cell(comparison: PromptComparison, cell: int, method: object) -> Picked | None:
    run = comparison.runs.get(str(method)) or comparison.explanations
    positions = comparison.alignment.positions
    row, column = divmod(cell, max(positions.shape[1], 1))
    if row >= min(len(run), len(positions)) or positions[row, column] < 0:
        return None
    prompt = f"prompt {row + 1}, “{one_line(run[row].request.text, 60)}”"
    return Picked(run[row], int(positions[row, column]), f"as {title_of(run[row])} explains {prompt}")
