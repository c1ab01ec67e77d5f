"""A click in a view → what all views point at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tokimp.ui.inside.payloads import lens_columns
from tokimp.ui.inside.state import Selection, Shown
from tokimp.views.inside.layers import layer_and_token, layers_payload

Click = Mapping[str, Any]


def pointed(part: str, click: Click, shown: Shown) -> Selection:
    """The selection after a click, which comes from a browser and may be anything."""
    index, kind = click.get("index"), click.get("kind", "token")
    if part == "lens_table":
        return _lens_cell(index, shown)
    if part == "layer_scores":
        return _layer_cell(index, shown)
    if kind in ("head", "cell"):
        return _pair(kind, index, shown)
    number = _number(index)
    return shown.selection if number is None else _single(part, number, click, shown)


def _pair(kind: str, index: Any, shown: Shown) -> Selection:
    """A head, [layer, head] or [None, None] for the mean of all; or a cell, [query, key]."""
    if not isinstance(index, list) or len(index) != 2:
        return shown.selection
    first, second = (_number(each) for each in index)
    if kind == "head":
        return replace(shown.selection, layer=None if first is None else first + 1, head=second)
    return replace(shown.selection, token=_token(first, shown), key=_token(second, shown))


def _single(part: str, number: int, click: Click, shown: Shown) -> Selection:
    before = shown.selection
    if click.get("kind") == "layer":
        above = part == "attention_grid"  # which counts layers alone, the others what stands between them
        return replace(before, layer=min(number + above, _layers(shown)), head=None if above else before.head)
    column = _number(click.get("layer"))
    layer = before.layer if column is None or _direct(shown) else min(column, _layers(shown))
    return replace(before, token=_token(number, shown), key=None, layer=layer)


def _lens_cell(index: Any, shown: Shown) -> Selection:
    cell = _cell(index)
    if cell is None or "logit_lens" not in shown.seen:
        return shown.selection
    columns = lens_columns(shown.seen["logit_lens"], shown.selection)
    token = columns[cell[1]] if cell[1] < len(columns) else shown.selection.token
    return replace(shown.selection, layer=min(cell[0], _layers(shown)), token=token, key=None)


def _layer_cell(index: Any, shown: Shown) -> Selection:
    cell = _cell(index)
    if cell is None or "layers" not in shown.seen:
        return shown.selection
    seen = shown.seen["layers"]
    drawing = layers_payload(seen["scores"], seen.tokens, seen.request.text)
    layer, token = layer_and_token(drawing, *cell)
    return replace(shown.selection, layer=min(layer, _layers(shown)), token=_token(token, shown), key=None)


def _cell(index: Any) -> tuple[int, int] | None:
    if not isinstance(index, list) or len(index) != 2:
        return None
    row, column = (_number(each) for each in index)
    return None if row is None or column is None else (row, column)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _token(token: int | None, shown: Shown) -> int | None:
    counts = [len(seen.tokens) for seen in shown.seen.values()]
    return token if token is not None and counts and token < min(counts) else None


def _layers(shown: Shown) -> int:
    """How many layers the model has, as far as any view tells."""
    if "attention" in shown.seen:
        return int(shown.seen["attention"].facts["layers"])
    for view, name in (("layers", "scores"), ("logit_lens", "rank"), ("hidden_states", "way")):
        if view in shown.seen:
            return len(shown.seen[view][name]) - 1
    return 0 if _direct(shown) else len(shown.seen["network"]["edges"])


def _direct(shown: Shown) -> bool:
    seen = shown.seen.get("network")
    return seen is None or "edges" not in seen.arrays or seen.request.options.get("way") == "direct"
