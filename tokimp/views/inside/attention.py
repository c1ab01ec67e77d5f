"""Attention for the browser: all heads at a glance, and one head (or a mean) as tokens × tokens.

Tokens that look and tokens that are looked at are the same, or those of an answer and of its text.

Shades go by the square root of a value: most of attention is small, and would not show beside the
largest. Numbers are always the values themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats
from tokimp.views.characters import shown
from tokimp.views.color import scale_classes
from tokimp.views.numbers import percent, show

Measure = Literal["weights", "norms"]
Selected = Mapping[str, int | None]
"""What is chosen in all views: "token", "layer", "head", and in a map "query" and "key"."""

UNITS: dict[Measure, str] = {"weights": "attention weight", "norms": "length of what is given, ‖a·v‖"}
HABITS = {
    "previous": "token before",
    "next": "token behind",
    "self": "itself",
    "first": "first token",
    "separator": "separators",
    "broad": "broad",
    "in_step": "in step",
}
MOST_CELLS = 290_000
"""Pictures of more heads than fit have fewer cells, so that all of them are less than 400 KB with their words."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""One for each of 64 shades: a cell of a small picture is a letter of this (base64 of its six bits)."""

_LABEL = 20


def grid_payload(
    pictures: npt.ArrayLike,
    habits: npt.ArrayLike,
    names: Sequence[str],
    *,
    measure: Measure = "weights",
    whose: str = "",
    first: int = 0,
    selected: Selected | None = None,
) -> dict[str, Any]:
    """Pictures (layer, head, row, column) as letters, each up to its own largest value, with what the heads do.

    habits (layer, head, habit), shares from 0 to 1 in the order of `names`; all orders go along, so that sorting
    needs no server. whose: "encoder" or "decoder", where layers are named so; first: how many of the model's
    layers stand before these, which count where one is picked or pointed at.
    """
    maps, does = np.asarray(pictures, dtype=np.float64), np.asarray(habits, dtype=np.float64)
    layers, heads = maps.shape[:2]
    if does.shape != (layers, heads, len(names)):
        raise ValueError(f"Habits of {does.shape} are not {len(names)} of {layers} × {heads} heads.")
    while maps.size > MOST_CELLS:
        maps = pooled(maps, 2)
    tops = maps.max(axis=(2, 3), keepdims=True)
    shades = np.rint(63 * rooted(maps, tops)).astype(np.uint8)
    columns = does.reshape(layers * heads, len(names))
    return {
        "size": [layers, heads, *maps.shape[2:]],
        "first": first,
        "layer": layer_name(whose),
        "pictures": np.frombuffer(LETTERS.encode(), dtype=np.uint8)[shades].tobytes().decode(),
        "labels": head_labels(does, names, whose),
        "sorts": [_by_layer(layers * heads), *[_by_habit(name, columns[:, at]) for at, name in enumerate(names)]],
        "sort": "layer",
        "unit": UNITS[measure],
        "classes": scale_classes(signed=False),
        "selected": {"layer": None, "head": None, **(selected or {})},
    }


def map_payload(
    matrix: npt.ArrayLike,
    queries: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    title: str = "",
    measure: Measure = "weights",
    selected: Selected | None = None,
    starts: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """Attention (query, key) in half precision, whose three digits are all that is shown.

    queries, keys: tokens; without keys the same. `selected` may name a "query" and a "key"; a "token" alone is a
    query. starts: places in the text of the first query and the first key, from which what is picked or pointed
    at counts.
    """
    values = checked(matrix, queries, keys)
    top = float(values.max(initial=0.0))
    return {
        "title": title,
        "unit": UNITS[measure],
        "queries": _side(queries, starts[0]),
        "keys": None if keys is None else _side(keys, starts[1]),
        "values": base64.b64encode(values.astype("<f2").tobytes()).decode(),
        "top": top,
        "classes": scale_classes(signed=False),
        "scale": scale_numbers(top),
        "share": measure == "weights",
        "selected": chosen_cell(selected),
    }


def row_values(matrix: npt.ArrayLike, selected: Selected) -> Floats:
    """What the chosen query looks at, or who looks at the chosen key (token,): scores to colour the text with.

    Raises:
        ValueError: neither is chosen.
    """
    values, cell = np.asarray(matrix, dtype=np.float64), chosen_cell(selected)
    if cell["query"] is not None:
        row: Floats = values[cell["query"]]
    elif cell["key"] is not None:
        row = values[:, cell["key"]]
    else:
        raise ValueError("No token is chosen.")
    return row


def chosen_cell(selected: Selected | None) -> dict[str, int | None]:
    found = selected or {}
    query, key = found.get("query"), found.get("key")
    if query is None and key is None:
        query = found.get("token")
    return {"query": query, "key": key}


def head_labels(habits: Floats, names: Sequence[str], whose: str = "") -> list[str]:
    """Of each head its place and what it does most, layer by layer."""
    most, kind = habits.argmax(-1), layer_name(whose)
    return [
        f"{kind} {layer + 1}, head {head + 1}: {habit_title(names[at])} {percent(float(habits[layer, head, at]))}"
        for (layer, head), at in np.ndenumerate(most)
    ]


def layer_name(whose: str) -> str:
    return f"{whose} layer" if whose else "layer"


def habit_title(name: str) -> str:
    return HABITS.get(name, name)


def rooted(values: Floats, top: float | Floats) -> Floats:
    """Square roots of shares of the largest value, from 0 to 1; 0 where there is none."""
    full = np.asarray(top, dtype=np.float64)
    shares: Floats = np.sqrt(np.clip(values, 0, None) / np.where(full > 0, full, 1.0))
    return np.where(np.isfinite(shares), np.minimum(shares, 1.0), 0.0)


def scale_numbers(top: float) -> list[str]:
    """The values at no colour, at half and at full colour."""
    return ["0", show(top / 4), show(top)]


def pooled(maps: Floats, side: int) -> Floats:
    """Means over blocks of side × side along the last two axes; the last blocks may be smaller."""
    for axis in (-2, -1):
        edges = np.arange(0, maps.shape[axis], side)
        sizes = np.diff([*edges, maps.shape[axis]])
        sums = np.add.reduceat(maps, edges, axis=axis)
        maps = sums / (sizes[:, None] if axis == -2 else sizes)
    return maps


def short(text: str) -> str:
    """A token as the name of a row or column."""
    label = shown(text).strip()
    return label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"


def checked(matrix: npt.ArrayLike, queries: Sequence[str], keys: Sequence[str] | None = None) -> Floats:
    """Attention (query, key) without what is not finite; every other value is at least 0."""
    values = np.asarray(matrix, dtype=np.float64)
    wanted = (len(queries), len(queries if keys is None else keys))
    if values.shape != wanted:
        raise ValueError(f"A matrix of {values.shape} has not {wanted[0]} queries and {wanted[1]} keys.")
    return np.where(np.isfinite(values), np.clip(values, 0, None), 0.0)


def _side(tokens: Sequence[str], first: int) -> dict[str, Any]:
    return {
        "first": first,
        "labels": [short(token) for token in tokens],
        "names": [shown(token) for token in tokens],
    }


def _by_layer(count: int) -> dict[str, Any]:
    return {"key": "layer", "title": "layer", "order": list(range(count)), "numbers": None}


def _by_habit(name: str, shares: Floats) -> dict[str, Any]:
    order = [int(place) for place in np.argsort(-shares, kind="stable")]
    return {
        "key": name,
        "title": habit_title(name),
        "order": order,
        "numbers": [percent(float(share)) for share in shares],
    }
