"""Scores layer by layer: layer × token as cells, and the text as it stands at one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats, Token
from tokimp.views.color import full_scale, scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.heatmap import heatmap_payload, heatmap_svg
from tokimp.views.inside.attention import Selected
from tokimp.views.inside.coloured import coloured_html, coloured_payload
from tokimp.views.numbers import MINUS
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import AWAY, TOWARDS

AXES = ("layer", "token")

_ROOM = 8
"""Letters of a number that a cell holds."""


def layers_payload(
    scores: npt.ArrayLike,
    tokens: Sequence[Token],
    text: str,
    *,
    signed: bool = True,
    title: str = "Scores at each layer",
    selected: Selected | None = None,
) -> dict[str, Any]:
    """The heatmap of scores (layer, token), row 0 what the first layer gets; see `views.heatmap`.

    Cells of the chosen layer and token have the class `tk-here`.
    """
    values = _checked(scores, tokens)
    names = token_names(tokens, text)
    drawing = heatmap_payload(values, state_names(len(values)), names, signed=signed, title=title, axes=AXES)
    chosen: dict[str, int | None] = {"layer": None, "token": None, **(selected or {})}
    at = (chosen["layer"], chosen["token"])
    row, column = at if tuple(drawing["axes"]) == AXES else at[::-1]
    drawing["classes"] = [
        [f"{name} tk-here" if row == down or column == across else name for across, name in enumerate(line)]
        for down, line in enumerate(drawing["classes"])
    ]
    return drawing | {"selected": chosen}


def layers_html(
    scores: npt.ArrayLike,
    tokens: Sequence[Token],
    text: str,
    *,
    signed: bool = True,
    title: str = "Scores at each layer",
) -> str:
    """The same without script; numbers on hover."""
    values = _checked(scores, tokens)
    names = token_names(tokens, text)
    return heatmap_svg(values, state_names(len(values)), names, signed=signed, title=title, axes=AXES)


def layers_figure(
    scores: npt.ArrayLike,
    tokens: Sequence[str],
    rows: Sequence[str],
    *,
    signed: bool = True,
    title: str = "Scores at each layer",
) -> Node:
    """The same as a figure for files, with its scale; `rows` are names of the layers."""
    values = np.asarray(scores, dtype=np.float64)
    drawing = heatmap_payload(values, rows, tokens, signed=signed, title=title, axes=AXES)
    size, names = drawing["geometry"], drawing["names"]
    width, foot = max(size["width"], size["left"] + 460), size["height"] + 16
    parts = []
    for column, label in enumerate(drawing["columns"]):
        x, y = size["left"] + (column + 0.5) * size["cell"] - 1, size["top"] - 9
        placed: dict[str, str | float] = {"text_anchor": "middle"}
        if size["slanted"]:
            placed = {"transform": f"rotate(-45 {x:g} {y:g})"}
        parts.append(node("text", label, kind="tk-axis", x=x, y=y, **placed))
    for row, label in enumerate(drawing["rows"]):
        y = size["top"] + (row + 0.5) * size["row"] - 1
        facts: dict[str, str | float] = {"text_anchor": "end", "dominant_baseline": "central"}
        parts.append(node("text", label, kind="tk-axis", x=size["left"] - 8, y=y, **facts))
        parts += [_cell(drawing, names, row, column) for column in range(len(names[1]))]
    facts = {"viewBox": f"0 0 {width} {foot + 24}", "aria_label": f"{title}, full colour at {drawing['scale']}"}
    parts += _legend(drawing, foot)
    return node("svg", parts, kind="tk-chart", width=width, height=foot + 24, role="img", **facts)


def layer_text_payload(
    scores: npt.ArrayLike, tokens: Sequence[Token], text: str, layer: int, *, signed: bool = True
) -> dict[str, Any]:
    """The text coloured at one layer; all layers share one scale, so that they can be compared."""
    values = _checked(scores, tokens)
    return coloured_payload(tokens, text, values[layer], signed=signed, scale=full_scale(values))


def layer_text_html(
    scores: npt.ArrayLike, tokens: Sequence[Token], text: str, layer: int, *, signed: bool = True
) -> str:
    """The same without script."""
    values = _checked(scores, tokens)
    return coloured_html(tokens, text, values[layer], signed=signed, scale=full_scale(values))


def layer_and_token(drawing: dict[str, Any], row: int, column: int) -> tuple[int, int]:
    """Which layer and token a cell of `layers_payload` is, as it was drawn; long texts are laid down."""
    return (row, column) if tuple(drawing["axes"]) == AXES else (column, row)


def state_names(count: int, encoder: int = 0) -> list[str]:
    """What stands between layers: the input, then what each layer hands on, counted from 1 as all views do.

    Of so many layers of an `encoder`, and of its decoder's behind them, the name says whose they are.
    """
    if not encoder:
        return ["input", *layer_names(count - 1)]
    return ["input", *(layer_title(layer, encoder) for layer in range(1, count))]


def layer_title(layer: int, encoder: int = 0) -> str:
    """A layer, counted from 1 through encoder and decoder, as it is named."""
    if not encoder:
        return f"layer {layer}"
    return f"encoder layer {layer}" if layer <= encoder else f"decoder layer {layer - encoder}"


def layer_names(count: int) -> list[str]:
    return [f"layer {layer}" for layer in range(1, count + 1)]


def token_names(tokens: Sequence[Token], text: str) -> list[str]:
    """Tokens as typed; the later pieces of a character are ""."""
    return [piece.text for piece in typed_pieces(tokens, text)[0]]


def _cell(drawing: dict[str, Any], names: list[list[str]], row: int, column: int) -> Node:
    size, number = drawing["geometry"], drawing["numbers"][row][column]
    x, y = size["left"] + column * size["cell"], size["top"] + row * size["row"]
    wide, high = size["cell"] - size["gap"], size["row"] - size["gap"]
    parts = [node("title", f"{names[0][row]} × {names[1][column]}: {number}")]
    if drawing["classes"][row][column] != "tk0":
        parts.append(node("rect", x=x, y=y, width=wide, height=high, rx=2))
    if size["numbers"] and len(number) <= _ROOM:
        middle: dict[str, str | float] = {"text_anchor": "middle", "dominant_baseline": "central"}
        parts.append(node("text", number, x=x + wide / 2, y=y + high / 2, **middle))
    return node("g", parts, kind=drawing["classes"][row][column])


def _legend(drawing: dict[str, Any], y: float) -> list[Node]:
    """The scale with the numbers at its ends and, where there are signs, what they mean."""
    signed, full = drawing["signed"], drawing["scale"]
    steps = scale_classes(signed=signed)
    left = 150.0 if signed else 20.0
    right = left + 10 * len(steps)
    parts = [
        node("rect", kind=f"tk-patch {name}", x=left + 10 * place, y=y - 6, width=10, height=12)
        for place, name in enumerate(steps)
        if name != "tk0"
    ]
    low, high = (f"{AWAY} {MINUS}{full}", f"{full} {TOWARDS}") if signed else ("0", f"{full}")
    for text, x, anchor in ((low, left - 8, "end"), (high, right + 8, "start")):
        parts.append(node("text", text, kind="tk-axis", x=x, y=y, text_anchor=anchor, dominant_baseline="central"))
    return parts


def _checked(scores: npt.ArrayLike, tokens: Sequence[Token]) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(tokens) or not len(values):
        raise ValueError(f"Scores of {values.shape} are not (layer, token) of {len(tokens)} tokens.")
    return values
