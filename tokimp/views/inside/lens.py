"""What each layer would answer: a table of words, layers × positions, read downwards as the text travels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tokimp.errors import OptionError
from tokimp.types import Floats
from tokimp.views.characters import quoted, shown
from tokimp.views.color import bucket_class, buckets, scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import chart, heading, text
from tokimp.views.letters import clusters, estimated_width
from tokimp.views.numbers import percent

COLUMNS = 12
"""Positions that are shown where nobody says which: the last ones of a long text."""

_CELL, _ROW, _GAP = 76, 24, 2
_SIZE = 13.0
_HEADING = 330.0
_PLACES = ("1st", "2nd", "3rd")

Word = Callable[[int], str]


class Reading(Protocol):
    """What `internals.logit_lens` returns."""

    @property
    def positions(self) -> Any: ...
    @property
    def top(self) -> Any: ...
    @property
    def top_probability(self) -> Floats: ...
    @property
    def answer(self) -> Any: ...
    @property
    def probability(self) -> Floats: ...
    @property
    def rank(self) -> Any: ...


@dataclass(frozen=True)
class _Table:
    """Words, classes and what is said of each cell, as [row][column]; `picked` are columns."""

    title: str
    axis: str
    rows: list[str]
    columns: list[str]
    words: list[list[str]]
    shares: Floats
    said: list[list[str]]
    picked: frozenset[int]


def lens_payload(
    lens: Reading, tokens: Sequence[str], word: Word, *, position: int | None = None, selected: int | None = None
) -> dict[str, Any]:
    """What the browser's heatmap draws, with words for numbers.

    tokens: texts of all tokens; word: the text of an id. Columns are the last `COLUMNS` positions that
    were read (or those that end with `selected`, which is framed), or with `position` the likeliest
    words there. `positions` names the position of each column.

    Raises:
        OptionError: the position was not read.
    """
    table = _table(lens, tokens, word, position, selected)
    cut = [[_fitting(cell) for cell in row] for row in table.words]
    shades = _shades(table)
    picked = [" tk-column" if column in table.picked else "" for column in range(len(table.columns))]
    return {
        "title": table.title,
        "signed": False,
        "axes": ["layer", table.axis],
        "rows": table.rows,
        "columns": [_fitting(name) for name in table.columns],
        "names": [table.rows, table.columns],
        "classes": [[shade + extra for shade, extra in zip(row, picked, strict=True)] for row in shades],
        "numbers": cut,
        "effects": table.said,
        "scale": percent(1.0),
        "positions": [position] * len(table.columns) if position is not None else columns_of(lens, selected),
        "selected": {"token": position if position is not None else selected, "layer": None, "head": None},
        "geometry": _geometry(table),
    }


def lens_figure(
    lens: Reading, tokens: Sequence[str], word: Word, *, position: int | None = None, selected: int | None = None
) -> Node:
    """The same as a drawing, with its scale: the likeliest words of each cell on hover."""
    table = _table(lens, tokens, word, position, selected)
    size, shades = _geometry(table), _shades(table)
    width = max(float(size["width"]), _HEADING)
    drawn, top = heading(f"{table.title}: read downwards, from the input to the last layer", _HEADING)
    content: list[Node] = list(drawn)
    for column, name in enumerate(table.columns):
        middle = size["left"] + column * _CELL + (_CELL - _GAP) / 2
        kind = "tk-heading" if column in table.picked else "tk-axis"
        content.append(text(_fitting(name), middle, top + 16, kind, "middle"))
    top += size["top"]
    for row, name in enumerate(table.rows):
        y = top + row * _ROW
        content.append(text(name, size["left"] - 8, y + 15, "tk-axis", "end"))
        for column, cell in enumerate(table.words[row]):
            content.append(_cell(table, (row, column), shades[row][column], (size["left"] + column * _CELL, y), cell))
    content += _scale(size["left"], top + len(table.rows) * _ROW + 8)
    return chart(content, top + len(table.rows) * _ROW + 30, _summary(table), width)


def _table(lens: Reading, tokens: Sequence[str], word: Word, position: int | None, selected: int | None) -> _Table:
    layers = len(lens.top)
    rows = ["input", *(f"layer {layer}" for layer in range(1, layers))]
    if position is not None:
        place = place_of(lens, position)
        words = [[word(int(each)) for each in lens.top[layer, place]] for layer in range(layers)]
        shares = np.asarray(lens.top_probability, dtype=np.float64)[:, place]
        said = [[percent(float(share)) for share in row] for row in shares]
        ranks = [_PLACES[rank] if rank < len(_PLACES) else f"{rank + 1}th" for rank in range(shares.shape[1])]
        title = f"What each layer would say at {quoted(tokens[position])}"
        return _Table(title, "likeliest", rows, ranks, words, shares, said, frozenset())
    columns = columns_of(lens, selected)
    places = [place_of(lens, column) for column in columns]
    words = [[word(int(lens.top[layer, place, 0])) for place in places] for layer in range(layers)]
    shares = np.asarray(lens.top_probability, dtype=np.float64)[:, places, 0]
    said = [[_candidates(lens, layer, place, word) for place in places] for layer in range(layers)]
    names = [shown(tokens[column]).strip() or shown(tokens[column]) for column in columns]
    picked = frozenset(place for place, column in enumerate(columns) if column == selected)
    return _Table("What each layer would say at each token", "token", rows, names, words, shares, said, picked)


def place_of(lens: Reading, position: int) -> int:
    read = [int(each) for each in lens.positions]
    if position not in read:
        raise OptionError(f"The lens did not read token {position}.", f"It read {', '.join(map(str, read[:20]))}.")
    return read.index(position)


def columns_of(lens: Reading, selected: int | None) -> list[int]:
    """The last positions, or where the selected one is not among them, those that end with it."""
    read = [int(each) for each in lens.positions]
    end = len(read)
    if selected in read and read.index(selected) < end - COLUMNS:
        end = max(read.index(selected) + 1, min(COLUMNS, end))
    return read[max(end - COLUMNS, 0) : end]


def _candidates(lens: Reading, layer: int, place: int, word: Word) -> str:
    pairs = zip(lens.top[layer, place], lens.top_probability[layer, place], strict=True)
    return " · ".join(f"{quoted(word(int(each)))} {percent(float(share))}" for each, share in pairs)


def _shades(table: _Table) -> list[list[str]]:
    return [[bucket_class(int(each), signed=False) for each in row] for row in buckets(table.shares, 1.0)]


def _geometry(table: _Table) -> dict[str, Any]:
    """As that of `views.heatmap`: pixels, `left` and `top` where cells begin."""
    left = round(max(estimated_width(row, _SIZE) for row in table.rows) + 14)
    return {
        "left": left,
        "top": 26,
        "cell": _CELL,
        "row": _ROW,
        "gap": _GAP,
        "slanted": False,
        "numbers": True,
        "width": left + _CELL * len(table.columns),
        "height": 26 + _ROW * len(table.rows) + _GAP,
    }


def _fitting(name: str) -> str:
    """The word, cut to the width of a cell."""
    label = shown(name).strip() or shown(name)
    room = _CELL - 10
    if estimated_width(label, _SIZE) <= room:
        return label
    kept = ""
    for cluster in clusters(label):
        if estimated_width(f"{kept}{cluster}…", _SIZE) > room:
            break
        kept += cluster
    return f"{kept}…"


def _cell(table: _Table, at: tuple[int, int], shade: str, corner: tuple[float, float], word: str) -> Node:
    row, column = at
    x, y = corner
    title = f"{table.rows[row]} × {table.columns[column]}: {table.said[row][column]}"
    if table.axis == "likeliest":
        title = f"{table.rows[row]}, {table.columns[column]}: {quoted(word)} {table.said[row][column]}"
    patch = node("rect", x=x, y=y, width=_CELL - _GAP, height=_ROW - _GAP, rx=2)
    written = text(_fitting(word), x + (_CELL - _GAP) / 2, y + 15.5, "", "middle")
    return node("g", [node("title", title), patch, written], kind=shade)


def _scale(left: float, top: float) -> list[Node]:
    """From 0 to 100 %."""
    parts = [text(percent(0.0), left, top + 12, "tk-small")]
    x = left + 30
    for name in scale_classes(signed=False)[1:]:
        parts.append(node("rect", kind=name, x=x, y=top + 2, width=9, height=12))
        x += 9
    return [*parts, text(f"{percent(1.0)} likely", x + 6, top + 12, "tk-small")]


def _summary(table: _Table) -> str:
    last = " ".join(quoted(word) for word in table.words[-1])
    return f"{table.title}, {len(table.rows)} × {len(table.columns)}; in the end {last}"
