"""What tables of coloured cells share: one cell, and the scale under them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tokimp.titles import TITLES
from tokimp.views.color import scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import text
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import MINUS, NOT_A_NUMBER, show
from tokimp.views.text import AWAY, TOWARDS

ROW, GAP = 24, 2
SCALE = 34.0
"""Pixels that the scale needs under the cells."""

_STEP = 8
_SIZE = 13.0
_WIDER = 1.08


def method_name(key: str) -> str:
    """Its title; where no method of that key is loaded, the key in words."""
    return TITLES.get(key, key.replace("_", " "))


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def two_digits(value: float) -> str:
    """Two digits behind the point, none more: −0.07, 1.00."""
    if not math.isfinite(value):
        return NOT_A_NUMBER
    number = f"{abs(value):.2f}"
    return MINUS + number if value < 0 and number != "0.00" else number


def width_of(label: str) -> float:
    return _WIDER * estimated_width(label, _SIZE)


def cell(label: str, said: str, shade: str, box: tuple[float, float, float], index: tuple[str, int]) -> Node:
    """box: left, top and width; index: the kind and number of what is clicked."""
    x, y, wide = box
    facts: dict[str, Any] = {"data_kind": index[0], "data_index": index[1]}
    patch = node("rect", x=round(x, 1), y=round(y, 1), width=round(wide - GAP, 1), height=ROW - GAP, rx=2, **facts)
    letters = text(label, x + (wide - GAP) / 2, y + ROW / 2 + 3.5, "", "middle")
    return node("g", [node("title", said), patch, *([letters] if label else [])], kind=shade)


def scale(top: float, left: float, y: float, ends: tuple[str, str] = (AWAY, TOWARDS), *, signed: bool) -> list[Node]:
    """The shades with the numbers at their ends, and what they mean where there are signs."""
    classes = scale_classes(signed=signed)
    low, high = (f"{ends[0]} {MINUS}{show(top)}", f"{show(top)} {ends[1]}") if signed else ("0", show(top))
    first = left + width_of(low) + 8
    parts = [text(low, left, y + 10, "tk-axis")]
    for place, name in enumerate(classes):
        if name != "tk0":
            parts.append(node("rect", kind=f"tk-patch {name}", x=first + _STEP * place, y=y, width=_STEP, height=12))
    return [*parts, text(high, first + _STEP * len(classes) + 8, y + 10, "tk-axis")]


def scale_width(top: float, ends: tuple[str, str] = (AWAY, TOWARDS), *, signed: bool) -> float:
    words = f"{ends[0]} {MINUS}{show(top)}{show(top)} {ends[1]}" if signed else f"0{show(top)}"
    return width_of(words) + 16 + _STEP * len(scale_classes(signed=signed))
