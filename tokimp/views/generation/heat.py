"""The matrix of an explained answer: a row for each of its tokens, blank where a token was not yet written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokimp.generation import GenerationExplanation
from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.color import bucket_class, buckets
from tokimp.views.compare.cells import scale as legend
from tokimp.views.compare.cells import scale_width, width_of
from tokimp.views.drawing import Node, node
from tokimp.views.generation.stops import Stop, shared_scale, signed
from tokimp.views.generation.text import names
from tokimp.views.inside.axes import chart, short, text
from tokimp.views.numbers import show

MOST_CELLS = 40_000
"""Of larger matrices the columns with the largest |score| are drawn, in their order."""

CELL, ROW = 18, 20
ENDS = ("", "")
"""The legend of the text says what they mean."""

_GAP = 1
_SLOPE = 0.71
_NAMED = 3
_LEGEND = 46.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels: where cells begin. `columns` are the tokens that are drawn, by their position."""

    left: float
    top: float
    columns: tuple[int, ...]


def heat_figure(explained: GenerationExplanation, all_stops: list[Stop]) -> Node:
    """One path a shade, so that a long answer stays small; a row is picked as "data-row". There is one at least."""
    found, top = all_stops[1:], shared_scale(all_stops)
    grid, known = grid_of(explained, all_stops), names(explained)
    is_signed = signed(explained)
    names_of_rows = [short(known[stop.place] or "·", 12) for stop in found]
    content = [_column(short(known[place] or "·", 12), at, grid) for at, place in enumerate(grid.columns)]
    content += _cells(_shades(explained, grid, top), grid, signed=is_signed)
    content += _edge(explained, grid, len(found))
    width = grid.left + CELL * len(grid.columns)
    for row, (stop, name) in enumerate(zip(found, names_of_rows, strict=True)):
        content.append(text(name, grid.left - 8, grid.top + row * ROW + ROW / 2 + 4, "tk-axis", "end"))
        place = {"x": 0, "y": grid.top + row * ROW, "width": width, "height": ROW - _GAP, "rx": 2}
        told = node("title", _said(stop, known))
        content.append(node("rect", [told], kind="tk-hit", **place, data_row=row))
    bottom = grid.top + ROW * len(found) + 16
    content += legend(top, 0.0, bottom, ENDS, signed=is_signed)
    left_out = len(grid.columns) < found[-1].place
    if left_out:
        content.append(text(f"{len(grid.columns)} columns: those with the largest scores", 0, bottom + 32, "tk-small"))
    overhang = max((_SLOPE * width_of(short(known[place], 12)) for place in grid.columns[-8:]), default=0.0)
    whole = round(max(width + overhang, scale_width(top, ENDS, signed=is_signed) + 8) + 4)
    return chart(content, bottom + (_LEGEND if left_out else _LEGEND / 2), label(explained), whole)


def label(explained: GenerationExplanation) -> str:
    count = len(explained.rows)
    return f"Scores of all earlier tokens for {count} token{'s' * (count != 1)} of the answer, a row each"


def grid_of(explained: GenerationExplanation, all_stops: list[Stop]) -> Grid:
    known, found = names(explained), all_stops[1:]
    columns = _drawn(explained.matrix[:, : found[-1].place])
    left = max(width_of(short(known[stop.place] or "·", 12)) for stop in found) + 16
    top = max((width_of(short(known[place] or "·", 12)) for place in columns), default=0.0) * _SLOPE + 18
    return Grid(round(left), round(top), tuple(columns))


def _drawn(matrix: Floats) -> list[int]:
    rows, columns = matrix.shape
    room = max(MOST_CELLS // rows, 1)
    if columns <= room:
        return list(range(columns))
    largest = np.abs(matrix).max(axis=0)
    return sorted(int(column) for column in np.argsort(-largest, kind="stable")[:room])


def _shades(explained: GenerationExplanation, grid: Grid, top: float) -> list[list[int | None]]:
    """(row, column); None where the token was not yet written."""
    shaded = buckets(explained.matrix, top)
    lengths = [len(row.scores) for row in explained.rows]
    return [
        [int(shaded[row, place]) if place < length else None for place in grid.columns]
        for row, length in enumerate(lengths)
    ]


def _cells(shades: list[list[int | None]], grid: Grid, *, signed: bool) -> list[Node]:
    paths: dict[str, list[str]] = {}
    side, high = CELL - _GAP, ROW - _GAP
    for row, each in enumerate(shades):
        for column, shade in enumerate(each):
            if shade is not None:
                x, y = grid.left + column * CELL, grid.top + row * ROW
                paths.setdefault(bucket_class(shade, signed=signed), []).append(f"M{x:g} {y:g}h{side}v{high}h-{side}z")
    return [node("path", kind=f"tk-cell {name}", d="".join(lines)) for name, lines in sorted(paths.items())]


def _column(name: str, at: int, grid: Grid) -> Node:
    x, y = grid.left + at * CELL + CELL / 2 - 2, grid.top - 8
    return text(name, x, y, "tk-axis", turn=-45)


def _edge(explained: GenerationExplanation, grid: Grid, rows: int) -> list[Node]:
    """A line where the prompt ends and the answer begins."""
    before = sum(place < explained.start for place in grid.columns)
    if before in (0, len(grid.columns)):
        return []
    x = grid.left + before * CELL - _GAP / 2
    return [node("path", kind="tk-zero", d=f"M{x:g} {grid.top - 4:g}V{grid.top + ROW * rows:g}")]


def _said(stop: Stop, known: list[str]) -> str:
    """The row's token, and where most of it comes from."""
    order = sorted(range(len(stop.scores)), key=lambda place: -abs(float(stop.scores[place])))
    most = [
        f"{quoted(known[place])} {show(float(stop.scores[place]))}" for place in order[:_NAMED] if stop.scores[place]
    ]
    return f"{stop.head}{': ' if most else ''}{', '.join(most)}"
