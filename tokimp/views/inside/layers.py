"""Scores layer by layer: layer × token as cells, and the text as it stands at one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats, Token
from tokimp.views.color import full_scale
from tokimp.views.heatmap import heatmap_payload, heatmap_svg
from tokimp.views.inside.attention import Selected
from tokimp.views.inside.coloured import coloured_html, coloured_payload
from tokimp.views.pieces import typed_pieces

AXES = ("layer", "token")


def layers_payload(
    scores: npt.ArrayLike,
    tokens: Sequence[Token],
    text: str,
    *,
    signed: bool = True,
    title: str = "Scores at each layer",
    selected: Selected | None = None,
) -> dict[str, Any]:
    """The heatmap of scores (layer, token), row 0 what the first layer gets; see `views.heatmap`."""
    values = _checked(scores, tokens)
    names = token_names(tokens, text)
    drawing = heatmap_payload(values, state_names(len(values)), names, signed=signed, title=title, axes=AXES)
    return drawing | {"selected": {"layer": None, "token": None, **(selected or {})}}


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


def state_names(count: int) -> list[str]:
    """What stands between layers: the input, then what each layer hands on, counted from 1 as all views do."""
    return ["input", *(f"layer {layer}" for layer in range(1, count))]


def token_names(tokens: Sequence[Token], text: str) -> list[str]:
    """Tokens as typed; the later pieces of a character are ""."""
    return [piece.text for piece in typed_pieces(tokens, text)[0]]


def _checked(scores: npt.ArrayLike, tokens: Sequence[Token]) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(tokens) or not len(values):
        raise ValueError(f"Scores of {values.shape} are not (layer, token) of {len(tokens)} tokens.")
    return values
