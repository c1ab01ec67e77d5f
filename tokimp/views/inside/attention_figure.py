"""The same pictures of attention without script: figures that go into pages, SVG and PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.color import STEPS, bucket_class, scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.inside.attention import (
    UNITS,
    Measure,
    Selected,
    checked,
    chosen_cell,
    head_labels,
    layer_name,
    pooled,
    rooted,
    scale_numbers,
    short,
)
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import show

TITLED_UP_TO = 32
"""Tokens up to which each cell says its number; of more, each row says its largest."""

MOST_RUNS = 16_000
"""Runs of one shade that a drawing may hold, about 15 letters each; a map of more is drawn in blocks."""

Sides = tuple[Sequence[str], Sequence[str]]
"""Queries and keys."""

_CELLS = 40_000
_WIDE, _LARGEST = 640, 20
_LABELS = 16
_STEP = 16
_SIZE = 13.0
_SLOPE = 0.71
_WIDER = 1.08
_FOOT = 62


def map_figure(
    matrix: npt.ArrayLike,
    queries: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    title: str = "",
    measure: Measure = "weights",
    selected: Selected | None = None,
) -> Node:
    """Attention (query, key), queries downwards, with its scale; the chosen query and key are framed.

    queries, keys: tokens; without keys the same.
    """
    values = checked(matrix, queries, keys)
    keys = queries if keys is None else keys
    top = float(values.max(initial=0.0))
    cell = int(min(_LARGEST, max(1, _WIDE // max(values.shape))))
    shown = [_spaced(tokens, -(-_LABELS // cell)) for tokens in (queries, keys)]
    beside, widest = (_WIDER * max(estimated_width(label, _SIZE) for label in labels) for labels in shown)
    left, above = round(beside + 12), round(widest * _SLOPE + 20)
    high, side = cell * len(queries), cell * len(keys)
    drawn, blocks = _cells(values, (queries, keys), cell, (left, above))
    name = title or "Attention"
    sizes = f"{len(queries)} queries by {len(keys)} keys, full colour at {show(top)} ({UNITS[measure]})"
    parts = [*_labels(shown[0], cell, (left, above), down=True), *_labels(shown[1], cell, (left, above), down=False)]
    parts += [*drawn, *_frames(chosen_cell(selected), cell, (side, high), (left, above))]
    note = f" · each cell the mean of {blocks} × {blocks} tokens" if blocks > 1 else ""
    parts += scale_nodes(left, above + high + 14, top, UNITS[measure] + note, scale_classes(signed=False))
    told = estimated_width(UNITS[measure] + note, _SIZE)
    width = max(left + side + round(widest * _SLOPE) + 4, left + 250, left + round(told))
    return (
        "svg",
        {"class": "tk-chart", "width": width, "height": above + high + _FOOT, "role": "img"}
        | {"viewBox": f"0 0 {width} {above + high + _FOOT}", "aria-label": f"{name}: {sizes}"},
        parts,
    )


def grid_figure(
    pictures: npt.ArrayLike,
    habits: npt.ArrayLike,
    names: Sequence[str],
    *,
    measure: Measure = "weights",
    whose: str = "",
    selected: Selected | None = None,
) -> Node:
    """All heads, layers downwards, each up to its own largest value; what it does is in its title.

    whose: "encoder" or "decoder", where layers are named so.
    """
    maps, does = np.asarray(pictures, dtype=np.float64), np.asarray(habits, dtype=np.float64)
    layers, heads = maps.shape[:2]
    cells = max(int(np.sqrt(_CELLS / (layers * heads))), 4)
    maps = pooled(maps, -(-max(maps.shape[2:]) // cells))
    scale = max(36 // max(maps.shape[2:]), 1)
    (high, wide), left, above = (scale * cells for cells in maps.shape[2:]), 116 if whose else 66, 24
    titles = head_labels(does, names, whose)
    chosen = selected or {}
    columns, rows = (
        range(start, start + count * (size + 6), size + 6)
        for start, count, size in ((left, heads, wide), (above, layers, high))
    )
    parts = [_axis(str(head + 1), x + wide / 2, 16, "middle") for head, x in enumerate(columns)]
    parts += [_axis(f"{layer_name(whose)} {row + 1}", left - 8, y + high / 2, "end") for row, y in enumerate(rows)]
    for layer, head in np.ndindex(layers, heads):
        x, y = columns[head], rows[layer]
        picked = (chosen.get("layer"), chosen.get("head")) == (layer, head)
        edge = node("path", kind="tk-zero" if picked else "tk-grid", d=_frame(x - 1, y - 1, wide + 2, high + 2))
        shaded = _shaded(_buckets(maps[layer, head]), scale, (x, y))
        parts.append(node("g", [node("title", titles[layer * heads + head]), edge, *shaded]))
    width, height = max(columns.stop, 430), rows.stop + 12
    parts.append(_axis(f"{UNITS[measure]}, each head up to its own largest", left, height, "start"))
    label = f"Attention of {layers} {layer_name(whose)}s of {heads} heads, keys to the right and queries downwards"
    facts = {"class": "tk-chart", "width": width, "height": height + 12, "role": "img"}
    return "svg", facts | {"viewBox": f"0 0 {width} {height + 12}", "aria-label": label}, parts


def scale_nodes(x: float, y: float, top: float, unit: str, classes: Sequence[str]) -> list[Node]:
    """The shades from left to right with the values at both ends and in the middle, and their unit."""
    parts = [
        node("rect", kind=f"tk-patch {name}", x=x + _STEP * place, y=y, width=_STEP, height=10)
        for place, name in enumerate(classes)
        if name != "tk0"
    ]
    parts.append(node("path", kind="tk-grid", d=_frame(x, y, _STEP * len(classes), 10)))
    for share, number in zip((0.0, 0.5, 1.0), scale_numbers(top), strict=True):
        parts.append(_axis(number, x + _STEP * (0.5 + share * (len(classes) - 1)), y + 20, "middle"))
    return [*parts, _axis(unit, x, y + 36, "start")]


def _spaced(tokens: Sequence[str], every: int) -> list[str]:
    """Names of as many as have room, "" for the others."""
    return [short(token) if place % every == 0 else "" for place, token in enumerate(tokens)]


def _cells(values: Floats, sides: Sides, cell: int, corner: tuple[int, int]) -> tuple[list[Node], int]:
    """Coloured cells with their titles, and how many tokens are one block of them."""
    (left, above), (queries, keys) = corner, sides
    if max(values.shape) <= TITLED_UP_TO:
        shades = _buckets(values)
        places = [(int(query), int(key)) for query, key in np.argwhere(shades > 0)]
        return [
            node(
                "rect",
                [node("title", f"{quoted(queries[query])} → {quoted(keys[key])}: {show(float(values[query, key]))}")],
                kind=f"tk-patch {bucket_class(int(shades[query, key]), signed=False)}",
                **{"x": left + key * cell, "y": above + query * cell, "width": cell - 1, "height": cell - 1},
            )
            for query, key in places
        ], 1
    blocks, shades = 1, _buckets(values)
    while _runs(shades) > MOST_RUNS:
        blocks *= 2
        shades = _buckets(pooled(values, blocks))
    rows = []
    for row, line in enumerate(shades):
        if not line.any():
            continue
        titles = [node("title", _row_title(values[row], sides, row))] if blocks == 1 else []
        where = (left, above + row * cell * blocks)
        rows.append(node("g", [*titles, *_shaded(line[None], cell * blocks, where)]))
    return rows, blocks


def _row_title(row: Floats, sides: Sides, query: int) -> str:
    queries, keys = sides
    order = np.argsort(-row, kind="stable")[:3]
    told = ", ".join(f"{quoted(keys[int(key)])} {show(float(row[key]))}" for key in order if row[key] > 0)
    return f"{quoted(queries[query])} → {told}"


def _buckets(values: Floats) -> npt.NDArray[np.int64]:
    return np.rint(STEPS * rooted(values, float(values.max(initial=0.0)))).astype(np.int64)


def _runs(shades: npt.NDArray[np.int64]) -> int:
    starts = np.diff(shades, axis=1, prepend=0) != 0
    return int((starts & (shades > 0)).sum())


def _shaded(shades: npt.NDArray[np.int64], cell: int, corner: tuple[int, int]) -> list[Node]:
    """A path for each shade, its runs of cells side by side as one patch."""
    found: dict[int, list[str]] = {}
    for row, line in enumerate(shades):
        y = corner[1] + row * cell
        edges = [0, *(int(place) for place in np.flatnonzero(np.diff(line)) + 1), len(line)]
        for start, end in pairwise(edges):
            if line[start]:
                x, wide = corner[0] + start * cell, (end - start) * cell
                found.setdefault(int(line[start]), []).append(f"M{x} {y}h{wide}v{cell}h-{wide}z")
    return [
        node("path", kind=f"tk-patch {bucket_class(shade, signed=False)}", d="".join(pieces))
        for shade, pieces in sorted(found.items())
    ]


def _labels(shown: Sequence[str], cell: int, corner: tuple[int, int], *, down: bool) -> list[Node]:
    left, above = corner
    parts = []
    for place, label in enumerate(shown):
        if not label:
            continue
        middle = (place + 0.5) * cell
        if down:
            parts.append(_axis(label, left - 6, above + middle, "end"))
            continue
        x, y = left + middle, above - 6
        turn = f"rotate(-45 {x:g} {y:g})"
        parts.append(node("text", label, kind="tk-axis", x=x, y=y, transform=turn))
    return parts


def _axis(text: str, x: float, y: float, anchor: str) -> Node:
    return node("text", text, kind="tk-axis", x=x, y=y, text_anchor=anchor, dominant_baseline="central")


def _frames(cell_of: dict[str, int | None], cell: int, size: tuple[int, int], corner: tuple[int, int]) -> list[Node]:
    (left, above), (wide, high) = corner, size
    query, key = cell_of["query"], cell_of["key"]
    rows = [] if query is None else [_frame(left, above + query * cell, wide, cell)]
    columns = [] if key is None else [_frame(left + key * cell, above, cell, high)]
    return [node("path", kind="tk-zero", d=path) for path in (*rows, *columns)]


def _frame(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{height:g}h-{width:g}z"
