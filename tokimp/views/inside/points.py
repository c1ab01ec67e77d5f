"""Hidden states as points on paper: the tokens at one layer, a token's way through the layers, several texts in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, Axis, apart, around, chart, columns, heading, path, rows, short, text
from tokimp.views.inside.labels import Spot, placed
from tokimp.views.numbers import percent

SERIES = 6
"""Colours and shapes that there are; further texts begin anew."""

_LEFT, _RIGHT, _TALL = 46.0, WIDTH - 10.0, 330
_SIZE = 5.0
_ARM = ((-0.5, -1.2), (0.5, -1.2), (0.5, -0.5), (1.2, -0.5), (1.2, 0.5), (0.5, 0.5))
_CORNERS: tuple[tuple[tuple[float, float], ...], ...] = (
    (),  # a circle
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.25), (1.25, 1), (-1.25, 1)),
    ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
    ((0, 1.25), (1.25, -1), (-1.25, -1)),
    (*_ARM, *((-x, -y) for x, y in _ARM)),
)


@dataclass(frozen=True, eq=False)
class Group:
    """Points of one text, or of one token's way: points (point, axis), and what each is called.

    places: the positions of the tokens, where they are not all there.
    """

    name: str
    points: Floats
    labels: Sequence[str]
    places: Sequence[int] | None = None


def tokens_figure(
    groups: Sequence[Group], explained: Sequence[float], sentence: str, *, selected: int | None = None
) -> Node:
    """The tokens of one or several texts in one projection; `selected` is the token marked in each.

    explained: the share of variance of both axes. Names that would stand on others are left to the hover.
    """
    frame = _frame(groups, explained, sentence, legend=len(groups) > 1)
    dots: list[Node] = []
    spots: list[Spot] = []
    for place, group in enumerate(groups):
        places = range(len(group.points)) if group.places is None else group.places
        for each, point, label in zip(places, group.points, group.labels, strict=True):
            x, y = frame.at(point)
            said = f"{quoted(label)}, token {each}" + (f", {group.name}" if len(groups) > 1 else "")
            marked = each == selected
            dots.append(_dot(place, (x, y), said, ("token", each), marked))
            spots.append(Spot(short(label), x, y, _SIZE + 2, first=marked))
    return frame.finished(dots, spots, sentence)


def ways_figure(
    groups: Sequence[Group], explained: Sequence[float], sentence: str, *, layer: int | None = None
) -> Node:
    """Tokens on their ways through the layers, each point called by the number of its layer; `layer` is marked."""
    frame = _frame(groups, explained, sentence, legend=len(groups) > 1)
    lines: list[Node] = []
    dots: list[Node] = []
    spots: list[Spot] = []
    for place, group in enumerate(groups):
        points = [frame.at(point) for point in group.points]
        lines.append(node("path", kind=f"{_series(place)} tk-way", d=path(points)))
        ends = (0, len(points) - 1)
        for each, ((x, y), label) in enumerate(zip(points, group.labels, strict=True)):
            marked = each == layer
            dots.append(_dot(place, (x, y), f"{group.name}, {label}", ("layer", each), marked))
            spots.append(Spot(str(each), x, y, _SIZE + 2, first=marked or each in ends))
    return frame.finished([*lines, *dots], spots, sentence)


def similarity_figure(lines: Floats, names: Sequence[tuple[str, str]], *, layer: int | None = None) -> Node:
    """Cosine similarity (layer, pair) over the layers, a line for each pair of tokens, named at its end."""
    values = np.asarray(lines, dtype=np.float64)
    sentence = "How alike two tokens are from layer to layer"
    content, top = heading(sentence)
    low = min(0.0, float(values.min(initial=0.0)))
    right = WIDTH - 130.0
    across, up = Axis(0, max(len(values) - 1, 1), _LEFT, right), Axis(low, 1, top + 240, top + 26)
    content.append(text("cosine similarity", 0, top + 12, "tk-small"))
    content += rows(up, _LEFT, right)
    content += columns(across, top + 240, lambda each: f"{each:.0f}", 8)
    content.append(text("layer (0: the input)", (_LEFT + right) / 2, top + 274, "tk-small", "middle"))
    if layer is not None:
        content.append(node("path", kind="tk-dashed", d=f"M{across.at(layer):.1f} {top + 26:.1f}V{top + 240:.1f}"))
    content += _named_lines(values, names, across, up)
    return chart(content, top + 282, sentence)


def points_payload(figure: Node) -> dict[str, Any]:
    """What the browser's drawing draws, of any figure here."""
    return {"tree": figure}


@dataclass(frozen=True)
class _Frame:
    content: list[Node]
    across: Axis
    up: Axis
    height: float

    def at(self, point: Floats) -> tuple[float, float]:
        return self.across.at(float(point[0])), self.up.at(float(point[1]))

    def finished(self, drawn: list[Node], spots: list[Spot], sentence: str) -> Node:
        room = (_LEFT, min(self.up.start, self.up.end), _RIGHT, max(self.up.start, self.up.end))
        return chart([*self.content, *drawn, *placed(spots, room)], self.height, sentence)


def _frame(groups: Sequence[Group], explained: Sequence[float], sentence: str, legend: bool) -> _Frame:
    content, top = heading(sentence)
    if legend:
        content += _legend(groups, top + 8)
        top += 24 + 20 * ((len(groups) - 1) // 2)
    every = np.concatenate([group.points for group in groups])
    bottom = top + 10 + _TALL
    across = Axis(*around(every[:, 0]), _LEFT + 6, _RIGHT - 6)
    up = Axis(*around(every[:, 1]), bottom - 6, top + 16)
    content += rows(up, _LEFT, _RIGHT) + columns(across, bottom)
    titles = [f"{name} component, {percent(share)} of the variance"
              for name, share in zip(("first", "second"), explained, strict=False)]  # fmt: skip
    content.append(text(titles[0], (_LEFT + _RIGHT) / 2, bottom + 36, "tk-small", "middle"))
    content.append(text(titles[1], 10, (top + bottom) / 2, "tk-small", "middle", -90))
    return _Frame(content, across, up, bottom + 44)


def _legend(groups: Sequence[Group], top: float) -> list[Node]:
    """The groups' names, two on a line."""
    parts = []
    for place, group in enumerate(groups):
        x, y = place % 2 * WIDTH / 2, top + 20 * (place // 2)
        parts.append(_shape(place, (x + 8, y + 4), f"{_series(place)} tk-dot", []))
        parts.append(text(short(group.name, 28), x + 20, y + 8.5, "tk-axis"))
    return parts


def _named_lines(values: Floats, names: Sequence[tuple[str, str]], across: Axis, up: Axis) -> list[Node]:
    parts = []
    ends = apart([up.at(float(value)) for value in values[-1]], up.end, up.start)
    for place, (pair, end) in enumerate(zip(names, ends, strict=True)):
        points = [(across.at(each), up.at(float(value))) for each, value in enumerate(values[:, place])]
        said = f"{quoted(pair[0])} and {quoted(pair[1])}"
        parts.append(node("path", kind=f"{_series(place)} tk-line", d=path(points)))
        for each, point in enumerate(points):
            title = f"{said}, layer {each}: {values[each, place]:.2f}".replace("-", "−")
            parts.append(_dot(place, point, title, ("layer", each), False, 3.0))
        parts.append(node("path", kind="tk-leader", d=path([(across.end + 5, points[-1][1]), (across.end + 13, end)])))
        parts.append(text(f"{short(pair[0], 9)} · {short(pair[1], 9)}", across.end + 16, end + 4, "tk-name"))
    return parts


def _dot(
    place: int, at: tuple[float, float], said: str, what: tuple[str, int], marked: bool, size: float = _SIZE
) -> Node:
    kind = f"{_series(place)} {'tk-picked' if marked else 'tk-dot'}"
    tag, attributes, inside = _shape(place, at, kind, [node("title", said)], size + 1.5 * marked)
    return tag, {**attributes, "data-kind": what[0], "data-index": what[1]}, inside


def _shape(place: int, at: tuple[float, float], kind: str, inside: list[Node], size: float = _SIZE) -> Node:
    """Circle, square, triangle …: groups differ by shape, too, for those who do not see their colours."""
    x, y = at
    corners = _CORNERS[place % SERIES]
    if not corners:
        return node("circle", inside, kind=kind, cx=round(x, 1), cy=round(y, 1), r=size)
    return node("path", inside, kind=kind, d=path([(x + size * a, y + size * b) for a, b in corners]) + "Z")


def _series(place: int) -> str:
    return f"tks{place % SERIES + 1}"
