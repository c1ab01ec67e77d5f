"""A matrix as coloured cells: input × output, layer × token, token × token."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats
from tokimp.views.characters import escaped, shown
from tokimp.views.color import bucket_class, buckets, full_scale
from tokimp.views.numbers import show
from tokimp.views.text import effect

NUMBERS_UP_TO = 8
"""Columns up to which the cells have room for their numbers."""

_LONG = 16
_LABEL = 20
_LETTER = 7.5
_ROW = 24
_WIDE_CELL, _NARROW_CELL = 64, 22
_GAP = 2


def heatmap_payload(
    matrix: npt.ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    signed: bool = True,
    title: str = "",
    axes: tuple[str, str] = ("token", "output"),
) -> dict[str, Any]:
    """What the browser's heatmap draws, with the geometry worked out.

    matrix (row, column); `axes` name both, the rows first. A long horizontal axis is laid down
    vertically, so that a page scrolls in the direction in which it is read.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"A matrix of {values.shape} has not {len(rows)} rows and {len(columns)} columns.")
    if len(columns) > _LONG and len(columns) > len(rows):
        values, rows, columns, axes = values.T, columns, rows, (axes[1], axes[0])
    return {
        "title": title,
        "signed": signed,
        "axes": list(axes),
        "rows": [_label(row) for row in rows],
        "columns": [_label(column) for column in columns],
        "names": [[shown(row) for row in rows], [shown(column) for column in columns]],
        "classes": _classes(values, signed),
        "numbers": [[show(float(value)) for value in row] for row in values],
        "effects": [[effect(float(value), signed=signed) for value in row] for row in values],
        "scale": show(full_scale(values)),
        "geometry": _geometry([_label(row) for row in rows], [_label(column) for column in columns]),
    }


def heatmap_svg(
    matrix: npt.ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    signed: bool = True,
    title: str = "",
    axes: tuple[str, str] = ("token", "output"),
) -> str:
    """The same as a drawing without script, in a box that scrolls by itself; numbers on hover.

    What it says as a whole is its label; the numbers are in its cells' titles.
    """
    drawing = heatmap_payload(matrix, rows, columns, signed=signed, title=title, axes=axes)
    size = drawing["geometry"]
    parts = [_column_text(label, place, size) for place, label in enumerate(drawing["columns"])]
    for row, label in enumerate(drawing["rows"]):
        middle = size["top"] + row * _ROW + (_ROW - _GAP) / 2
        parts.append(
            f'<text class="tk-axis" x="{size["left"] - 8}" y="{middle}" text-anchor="end" '
            f'dominant-baseline="central">{escaped(label)}</text>'
        )
        parts.extend(_cell(drawing, row, column) for column in range(len(drawing["columns"])))
    label = escaped(_summary(drawing))
    return (
        f'<div class="tk-root tk-heat" tabindex="0" role="group" aria-label="{label}">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'width="{size["width"]}" height="{size["height"]}" '
        f'viewBox="0 0 {size["width"]} {size["height"]}">{"".join(parts)}</svg></div>'
    )


def _classes(values: Floats, signed: bool) -> list[list[str]]:
    return [[bucket_class(int(bucket), signed=signed) for bucket in row] for row in buckets(values)]


def _geometry(rows: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    """Pixels: `left` and `top` are where cells begin; columns too narrow for their labels slant them."""
    roomy = len(columns) <= NUMBERS_UP_TO
    longest = max(map(_width, columns), default=0.0)
    cell = min(max(_WIDE_CELL, longest + 12), 112) if roomy else _NARROW_CELL
    slanted = longest + 4 > cell
    left = round(max(map(_width, rows), default=0.0) + 14)
    top = round(longest * 0.71 + 16) if slanted else 26
    overhang = round(longest * 0.71) if slanted else 0
    return {
        "left": left,
        "top": top,
        "cell": round(cell),
        "row": _ROW,
        "gap": _GAP,
        "slanted": slanted,
        "numbers": roomy,
        "width": left + round(cell) * len(columns) + overhang,
        "height": top + _ROW * len(rows) + _GAP,
    }


def _width(label: str) -> float:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label) * _LETTER


def _label(text: str) -> str:
    label = shown(text).strip()
    return label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"


def _column_text(label: str, place: int, size: dict[str, Any]) -> str:
    x = size["left"] + place * size["cell"] + (size["cell"] - _GAP) / 2
    y = size["top"] - 9
    turn = f' transform="rotate(-45 {x} {y})"' if size["slanted"] else ' text-anchor="middle"'
    return f'<text class="tk-axis" x="{x}" y="{y}"{turn}>{escaped(label)}</text>'


def _cell(drawing: dict[str, Any], row: int, column: int) -> str:
    size, name = drawing["geometry"], drawing["classes"][row][column]
    number = drawing["numbers"][row][column]
    x, y = size["left"] + column * size["cell"], size["top"] + row * _ROW
    said = f"{drawing['names'][0][row]} × {drawing['names'][1][column]}: {number}"
    text = ""
    if size["numbers"]:
        text = (
            f'<text x="{x + (size["cell"] - _GAP) / 2}" y="{y + (_ROW - _GAP) / 2}" text-anchor="middle" '
            f'dominant-baseline="central">{number}</text>'
        )
    return (
        f'<g class="{name}"><title>{escaped(said)}</title><rect x="{x}" y="{y}" '
        f'width="{size["cell"] - _GAP}" height="{_ROW - _GAP}" rx="2"/>{text}</g>'
    )


def _summary(drawing: dict[str, Any]) -> str:
    rows, columns = drawing["axes"]
    size = f"{len(drawing['rows'])} × {len(drawing['columns'])}"
    return f"{drawing['title'] or 'Heatmap'}: {rows} by {columns}, {size}, full colour at {drawing['scale']}"
