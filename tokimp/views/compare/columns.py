"""Prompts under each other, their tokens in common columns and coloured by their scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from tokimp.comparison import Places
from tokimp.prompt_comparison import PromptComparison
from tokimp.types import Explanation, Floats
from tokimp.views.characters import quoted
from tokimp.views.color import bucket_class, buckets, full_scale
from tokimp.views.compare.cells import GAP, ROW, SCALE, cell, method_name, scale, scale_width, width_of
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import chart, short, text
from tokimp.views.inside.wide import wide_html
from tokimp.views.numbers import show
from tokimp.views.pieces import typed_pieces

MOST_CELLS = 6_000
"""Of longer prompts the columns with the largest |score| are drawn, in their order."""

_NARROW = 18.0
_SIDE = 5.0
_SAID = 24
"""Pixels that a line above the cells needs."""


def columns_payload(comparison: PromptComparison, method: str | None = None) -> dict[str, Any] | None:
    """What the browser's drawing draws; a cell is picked as "prompt", its number. None without a prompt."""
    figure = columns_figure(comparison, method)
    return None if figure is None else {"tree": figure}


def columns_html(comparison: PromptComparison, method: str | None = None) -> str:
    """The same without script, in a box that scrolls by itself; "" without a prompt."""
    figure = columns_figure(comparison, method)
    return "" if figure is None else wide_html(figure, _label(comparison, method), _label(comparison, method))


def columns_figure(comparison: PromptComparison, method: str | None = None) -> Node | None:
    """One row a prompt, all up to one full colour, that of the texts' own tokens; `method` is the first if None."""
    run = comparison.explanations if method is None else comparison.runs[method]
    if not run:
        return None
    values = comparison.alignment.values(tuple(each.scores for each in run))
    kept = drawn_columns(values)
    signed, top = run[0].attribution.signed, _full(run)
    shades = buckets(values, top)
    labels = _labels(run, comparison.alignment.positions)
    edges = _edges([[labels[row][column] for row in range(len(run))] for column in kept], len(run))
    content: list[Node] = []
    above = _SAID if len(kept) < values.shape[1] else 0
    for row, explanation in enumerate(run):
        y = float(above + row * ROW)
        told = [node("title", explanation.request.text)]
        content.append(node("g", [*told, text(str(row + 1), edges[0] - 8, y + ROW / 2 + 3.5, "tk-axis", "end")]))
        for place, column in enumerate(kept):
            if np.isnan(values[row, column]):
                middle = (edges[place] + edges[place + 1] - GAP) / 2
                content.append(text("–", middle, y + ROW / 2 + 3.5, "tk-axis", "middle"))
                continue
            label, shade = labels[row][column], bucket_class(int(shades[row, column]), signed=signed)
            said = f"prompt {row + 1}, {quoted(label)}: {show(float(values[row, column]))}"
            box = (edges[place], y, edges[place + 1] - edges[place])
            content.append(cell(_fitting(label), said, shade, box, ("prompt", row)))
    bottom = above + ROW * len(run) + 14
    content += scale(top, 0.0, bottom, signed=signed)
    if above:
        told_left = f"{len(kept)} of {values.shape[1]} columns: those with the largest scores"
        content.append(text(told_left, 0, 14, "tk-small"))
    width = round(max(edges[-1] + 4, scale_width(top, signed=signed) + 8))
    return chart(content, bottom + round(SCALE), _label(comparison, method), width)


def drawn_columns(values: Floats) -> list[int]:
    """The columns that there is room for, in order: those of largest |score| where not for all."""
    rows, columns = values.shape
    room = max(MOST_CELLS // max(rows, 1), 1)
    if columns <= room:
        return list(range(columns))
    largest = np.abs(np.nan_to_num(values)).max(axis=0)
    return sorted(int(column) for column in np.argsort(-largest, kind="stable")[:room])


def _full(run: tuple[Explanation, ...]) -> float:
    """Special tokens, on which some methods put nearly all, would leave no colour to the others."""
    own = [score for each in run for score, token in zip(each.scores, each.tokens, strict=True) if not token.special]
    return full_scale(own) or full_scale(np.concatenate([each.scores for each in run]))


def _labels(run: tuple[Explanation, ...], positions: Places) -> list[list[str]]:
    """What each cell holds, (prompt, column), "" in gaps."""
    found = []
    for explanation, places in zip(run, positions, strict=True):
        pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
        shown = [piece.text or token.text for piece, token in zip(pieces, explanation.tokens, strict=True)]
        found.append(["" if place < 0 else shown[place] for place in places])
    return found


def _edges(columns: list[list[str]], rows: int) -> list[float]:
    """Where each column begins, and where the last one ends."""
    edges = [width_of(str(rows)) + 14]
    for labels in columns:
        widest = max(width_of(_fitting(label)) if label else 0.0 for label in labels)
        edges.append(edges[-1] + max(widest + 2 * _SIDE, _NARROW) + GAP)
    return edges


def _fitting(label: str) -> str:
    return short(label) if label else "·"


def _label(comparison: PromptComparison, method: str | None) -> str:
    name = method_name(method or next(iter(comparison.runs)))
    count = len(comparison.prompts)
    return f"Scores of {count} prompts by {name}, tokens in common columns" if count > 1 else f"Scores by {name}"
