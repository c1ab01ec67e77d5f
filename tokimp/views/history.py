"""How scores came to be: a line for each token over the steps of a method that works step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tokimp.types import Explanation, Floats
from tokimp.views.characters import quoted, shown
from tokimp.views.color import bucket_class
from tokimp.views.drawing import WIDE, Node, markup, node, stretched
from tokimp.views.numbers import percent, show
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import ranks
from tokimp.views.uncertainty import may_be_nothing

NAMED = 8
GREY = 24
POINTS = 40

_HEIGHT, _STRIP = 200, 56
_EDGE = 5
_TICKS, _NAMES = 48, 112
_LINE = 15
_LETTERS = 13
_TRACKED = {
    "rank": "Rank of the answer when only the important tokens are left",
    "probability": "Probability of the answer when only the important tokens are left",
}


def history_payload(explanation: Explanation) -> dict[str, Any] | None:
    """What the browser draws; None where the method kept no steps."""
    tree = _story(explanation)
    return None if tree is None else {"tree": tree}


def history_svg(explanation: Explanation) -> str:
    """The same without script; "" where the method kept no steps. Numbers on hover."""
    tree = _story(explanation)
    return "" if tree is None else markup(tree)


def _story(explanation: Explanation) -> Node | None:
    history = explanation.attribution.history  # (step, token)
    if history is None or len(history) < 2:
        return None
    kept = _thinned(len(history))
    named, others = _chosen(explanation)
    caption = _caption(len(named), len(others))
    steps = [node("span", "step 1"), node("span", f"step {len(history):,}")]
    parts = [
        node("p", caption),
        _chart(explanation, kept, named, others, caption),
        node("div", steps, kind="tk-steps"),
    ]
    for fact, title in _TRACKED.items():
        parts += _strip(explanation, fact, title)
    return node("div", parts, kind="tk-story")


def _thinned(steps: int) -> list[int]:
    """Steps to draw, first and last among them."""
    return [int(step) for step in np.unique(np.linspace(0, steps - 1, POINTS).round())]


def _chosen(explanation: Explanation) -> tuple[list[int], list[int]]:
    """Positions of the tokens that are named, from the largest down, and of all others."""
    sizes = np.abs(explanation.scores)
    order = np.argsort(ranks(explanation.scores), kind="stable")
    named = [int(place) for place in order[:NAMED] if sizes[place] > 0.02 * sizes.max()]
    return named, [int(place) for place in order if place not in named]


def _caption(named: int, others: int) -> str:
    sentence = "Each line is a token’s score, from the first step to the last."
    if not others or not named:
        return sentence
    where = "are grey" if others <= GREY else "lie in the grey band"
    return f"{sentence} The {named} largest are named; the other {others} {where}."


def _chart(
    explanation: Explanation, kept: Sequence[int], named: Sequence[int], others: Sequence[int], caption: str
) -> Node:
    history = np.asarray(explanation.attribution.history)
    xs = [WIDE * step / (len(history) - 1) for step in kept]
    low, high = _range(history[kept], explanation.scores)

    def y(value: float) -> float:
        return _EDGE + (high - value) / (high - low) * (_HEIGHT - 2 * _EDGE)

    def line(token: int) -> str:
        return _path(xs, [y(value) for value in history[kept, token]])

    grey = [node("path", d=line(token)) for token in others] if len(others) <= GREY else []
    if others and not grey:
        ends = [history[kept][:, list(others)].max(axis=1), history[kept][:, list(others)].min(axis=1)]
        top, bottom = ([y(value) for value in side] for side in ends)
        grey = [node("path", kind="tk-band", d=_path([*xs, *xs[::-1]], [*top, *bottom[::-1]]) + "z")]
    zero = node("path", kind="tk-zero", d=f"M0 {y(0):.0f}H{WIDE}")
    drawn = [_named_line(explanation, token, line(token)) for token in reversed(named)]
    names = _names(explanation, named, [y(value) for value in history[-1, list(named)]])
    marks = {show(value): y(value) for value in (0.0, high, low)}
    lines = stretched([*grey, zero, node("g", drawn, kind="tk-named")], _HEIGHT, caption)
    return node("div", [_ticks(marks, _HEIGHT), lines, names])


def _range(history: Floats, scores: Floats) -> tuple[float, float]:
    """From the lowest to the highest value and 0; wild first steps do not press the last ones flat."""
    reach = 3 * float(np.abs(scores).max()) or math.inf
    low, high = max(float(history.min()), -reach), min(float(history.max()), reach)
    low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (-1.0, 1.0)


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Whole units, each point told from the one before: half the letters."""
    points = [(round(x), round(min(max(y, -999), 1999))) for x, y in zip(xs, ys, strict=True)]
    moves = [(x - a, y - b) for (a, b), (x, y) in pairwise(points)]
    return f"M{points[0][0]} {points[0][1]}l" + " ".join(f"{x} {y}" for x, y in moves).replace(" -", "-")


def _named_line(explanation: Explanation, token: int, path: str) -> Node:
    score = float(explanation.scores[token])
    error = None if explanation.stderr is None else float(explanation.stderr[token])
    shade = bucket_class(8 if score > 0 else -8, signed=explanation.attribution.signed)
    kind = f"{shade} tk-maybe" if may_be_nothing(explanation, score, error) else shade
    title = node("title", f"{quoted(_text(explanation, token))}: {show(score, error)}")
    return node("path", [title], kind=kind, d=path)


def _names(explanation: Explanation, named: Sequence[int], ends: Sequence[float]) -> Node:
    """The tokens beside the ends of their lines, moved apart where these meet."""
    order = sorted(range(len(named)), key=lambda place: ends[place])
    free: float = _EDGE + _LINE * 0.5
    places: list[float] = []
    for place in order:
        places.append(max(ends[place], free))
        free = places[-1] + _LINE
    bottom = float(_HEIGHT - _EDGE)
    for at in reversed(range(len(places))):
        places[at] = min(places[at], bottom)
        bottom = places[at] - _LINE
    parts = []
    for place, y in zip(order, places, strict=True):
        name = shown(_text(explanation, named[place])).strip()
        name = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
        parts.append(node("path", d=f"M1 {ends[place]:.0f}L9 {y:.0f}"))
        parts.append(node("text", name, kind="tk-name", x=13, y=round(y + 4)))
    return node("svg", parts, width=_NAMES, height=_HEIGHT, aria_hidden="true")


def _text(explanation: Explanation, token: int) -> str:
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    return pieces[token].text


def _ticks(marks: dict[str, float], height: int) -> Node:
    """Numbers on the left; one that would stand upon an earlier one is left out."""
    kept: list[tuple[str, float]] = []
    for number, y in marks.items():
        if all(abs(y - other) >= _LINE for _, other in kept):
            kept.append((number, y))
    texts = [node("text", number, x=_TICKS - 6, y=round(y + 4), text_anchor="end") for number, y in kept]
    return node("svg", texts, width=_TICKS, height=height, aria_hidden="true")


def _strip(explanation: Explanation, fact: str, title: str) -> list[Node]:
    """A small line of a fact that was noted at each step; for ranks, with the rank that stops the work (`top`)."""
    noted = [facts.get(fact) for facts in explanation.attribution.iterations]
    known = [(step, float(value)) for step, value in enumerate(noted) if isinstance(value, int | float)]
    if len(known) < 2:
        return []
    values = [value for _, value in known]
    top = explanation.attribution.iterations[-1].get("top") if fact == "rank" else None
    scale = _ranks(max(*values, 2.0, top or 0)) if fact == "rank" else _shares(max(*values, 1e-9))
    xs = [WIDE * known[place][0] / (len(noted) - 1) for place in _thinned(len(known))]
    lines = [node("path", d=_path(xs, [scale.y(known[place][1]) for place in _thinned(len(known))]))]
    sentence = f"{title}: {scale.number(values[0])} at first, {scale.number(values[-1])} at last."
    goal = []
    if top is not None:
        y = scale.y(float(top))
        lines.append(node("path", kind="tk-test", d=f"M0 {y:.0f}H{WIDE}"))
        goal = [node("text", f"goal: {top}", x=6, y=round(y + 4))]
    beside = node("svg", goal, width=_NAMES, height=_STRIP, aria_hidden="true")
    chart = [_ticks(scale.marks, _STRIP), stretched(lines, _STRIP, sentence), beside]
    return [node("p", sentence), node("div", chart, kind="tk-strip")]


@dataclass(frozen=True)
class _Scale:
    """Where a value stands in a strip, how it is written, and what is written beside it."""

    share: Callable[[float], float]
    number: Callable[[float], str]
    ends: tuple[float, float]

    def y(self, value: float) -> float:
        return _EDGE + (1 - self.share(value)) * (_STRIP - 2 * _EDGE)

    @property
    def marks(self) -> dict[str, float]:
        return {self.number(end): self.y(end) for end in self.ends}


def _ranks(worst: float) -> _Scale:
    """The first place on top; each step down a multiple of the one above."""
    return _Scale(lambda rank: 1 - math.log(rank) / math.log(worst), lambda rank: f"{rank:,.0f}", (1.0, worst))


def _shares(largest: float) -> _Scale:
    return _Scale(lambda share: share / largest, percent, (largest, 0.0))
