"""What charts share: where a value stands, what is written beside the axes, and lines of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tokimp.views.characters import shown
from tokimp.views.drawing import Node, node
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import show

WIDTH = 440
"""Of a chart, in pixels: a phone shrinks it little."""

LETTERS = 14
LINE = 15
_BASELINE = 4
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` at the pixel `start` to `high` at `end`; on a log axis equal steps are equal ratios."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        low, high, value = (self._even(each) for each in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values, both ends among them only if they are round; powers of ten on a log axis."""
        if self.log:
            powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
            return [10.0**power for power in powers[:: math.ceil(len(powers) / most) or 1]]
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        raw = span / most
        unit = 10.0 ** math.floor(math.log10(raw))
        step = unit * next(each for each in (1, 2, 5, 10) if each * unit >= raw * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        return [0.0 if place == 0 else place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _even(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value


def around(values: Iterable[float], room: float = 0.06) -> tuple[float, float]:
    """Ends of an axis with some room at both sides of the values, never equal."""
    kept = [float(value) for value in values if math.isfinite(value)] or [0.0]
    low, high = min(kept), max(kept)
    spare = room * (high - low) or abs(high) * room or 1.0
    return low - spare, high + spare


def chart(content: list[Node], height: float, label: str, width: float = WIDTH) -> Node:
    """A drawing that shrinks with its box; `label` says what it shows."""
    facts = {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria_label": label}
    return node("svg", content, kind="tk-chart", width=width, height=height, **facts)


def rows(axis: Axis, left: float, right: float, write: Write = show, most: int = 5) -> list[Node]:
    """Lines across the chart at round values of the vertical axis, with their numbers on the left."""
    parts = []
    for value in axis.ticks(most):
        y = axis.at(value)
        parts.append(node("path", kind="tk-grid", d=f"M{left:.1f} {y:.1f}H{right:.1f}"))
        parts.append(text(write(value), left - 7, y + _BASELINE, "tk-axis", "end"))
    return parts


def columns(axis: Axis, bottom: float, write: Write = show, most: int = 6) -> list[Node]:
    """Numbers under the chart at round values of the horizontal axis."""
    parts = []
    for value in axis.ticks(most):
        x = axis.at(value)
        parts.append(node("path", kind="tk-grid", d=f"M{x:.1f} {bottom:.1f}v4"))
        parts.append(text(write(value), x, bottom + 17, "tk-axis", "middle"))
    return parts


def text(content: str, x: float, y: float, kind: str = "tk-axis", anchor: str = "start", turn: float = 0.0) -> Node:
    facts: dict[str, str | float] = {"kind": kind} if kind else {}
    facts |= {"x": round(x, 1), "y": round(y, 1)}
    if anchor != "start":
        facts["text_anchor"] = anchor
    if turn:
        facts["transform"] = f"rotate({turn:g} {x:.1f} {y:.1f})"
    return node("text", content, **facts)


def heading(sentence: str, width: float = WIDTH, top: float = 14.0) -> tuple[list[Node], float]:
    """A sentence over a chart in as many lines as it needs, and where the chart may begin."""
    lines = [""]
    for word in sentence.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if estimated_width(longer, 13) * 1.06 > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    drawn = [text(line, 0, top + place * 18, "tk-heading") for place, line in enumerate(lines)]
    return drawn, top + 18 * len(lines)


def path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def short(name: str, letters: int = LETTERS) -> str:
    """A token as it is named in a chart."""
    label = shown(name).strip() or shown(name)
    return label if len(label) <= letters else label[: letters - 1] + "…"


def apart(places: Sequence[float], top: float, bottom: float, line: float = LINE) -> list[float]:
    """The places, moved so that none is nearer to another than a line, in the same order."""
    order = sorted(range(len(places)), key=lambda each: places[each])
    moved = [0.0] * len(places)
    free = top
    for each in order:
        moved[each] = max(places[each], free)
        free = moved[each] + line
    for each in reversed(order):
        moved[each] = min(moved[each], bottom)
        bottom = moved[each] - line
    return moved
