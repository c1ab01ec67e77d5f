"""Whether an explanation can be trusted: each metric's number beside the band of chance, and the curves behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tokimp.score import Chance, Curve, Score
from tokimp.views.drawing import WIDE, Node, markup, node, stretched
from tokimp.views.numbers import percent, show

_ROW, _EDGE = 26.0, 8.0
_CURVE, _CURVE_EDGE = 110.0, 5.0
_UNNAMED = 0.04
"""What is left free beside the outermost of value and band, as a share of what they span."""

_VERDICTS = {True: "better than chance", False: "worse than chance", None: "no better than chance"}
_KINDS = {True: "tk-better", False: "tk-worse", None: "tk-alike"}
_LEADING = ("comprehensiveness", "sufficiency")
"""The metrics that the sentence on top speaks of."""


Tells = Mapping[str, str]
"""By a metric's key, one line on what it says."""


def trust_payload(scores: Sequence[Score], running: str = "", tells: Tells | None = None) -> dict[str, Any] | None:
    """What the browser draws; `running` says how far the work is, "" once it is done. None of nothing at all."""
    tree = _trust(scores, running, tells or {})
    return None if tree is None else {"tree": tree}


def trust_html(scores: Sequence[Score], tells: Tells | None = None) -> str:
    """The same without script; "" of no scores. Numbers on hover."""
    tree = _trust(scores, "", tells or {})
    return "" if tree is None else markup(tree)


def verdict(scores: Sequence[Score]) -> tuple[str, bool | None]:
    """One sentence on whether the order of the scores means anything, and which way it points; "" of no numbers."""
    known = {score.metric: score.better_than_chance for score in scores if score.value is not None and score.chance}
    taken, kept = (known.get(name, "unknown") for name in _LEADING)
    if "unknown" in (taken, kept):
        return "", None
    if taken and kept:
        return "The answer hangs on what is coloured most, more than on words picked at random.", True
    if taken is False or kept is False:
        return "Worse than chance: words picked at random matter more than what is coloured most.", False
    if taken:
        return (
            "The answer falls without what is coloured most, but that alone does not carry it better than chance.",
            True,
        )
    if kept:
        return "What is coloured most carries the answer, but taking it away hurts no more than chance.", True
    return "No better than chance on this text: do not read much into the order of the colours.", None


def _trust(scores: Sequence[Score], running: str, tells: Tells) -> Node | None:
    if not scores and not running:
        return None
    sentence, side = verdict(scores)
    parts = [node("p", sentence, kind=f"tk-verdict {_KINDS[side]}")] if sentence else []
    shown = [score for score in scores if score.value is not None]
    if shown:
        parts.append(node("div", [_row(score, tells.get(score.metric, "")) for score in shown], kind="tk-metrics"))
    curves = [score for score in shown if score.curve is not None and len(score.curve.values) > 1]
    if curves:
        parts.append(node("div", [curve(score, score.curve) for score in curves if score.curve], kind="tk-curves"))
    if shown:
        parts.append(node("p", "Grey is where 95 % of random orders of the same scores end.", kind="tk-legend-line"))
    parts += [node("p", note, kind="tk-note") for note in _notes(scores)]
    if running:
        parts.append(node("p", running, kind="tk-running"))
    return node("div", parts, kind="tk-trust")


def _notes(scores: Sequence[Score]) -> list[str]:
    """Why a number is missing, and what limits the first that is there: most limits are those of all."""
    missing = [score.notes for score in scores if score.value is None]
    known = [score.notes for score in scores if score.value is not None][:1]
    return list(dict.fromkeys(note for notes in [*known, *missing] for note in notes))


def _row(score: Score, tells: str) -> Node:
    """Name, the value on its scale, the number, and what it is worth."""
    side = score.better_than_chance
    word = _VERDICTS[side] if score.chance is not None and score.higher_is_better is not None else ""
    cells = [
        node("span", score.name, kind="tk-metric", title=tells),
        _scale(score),
        node("span", show(score.value or 0.0), kind="tk-number"),
        node("span", word, kind=_KINDS[side]),
    ]
    return node("div", cells, kind="tk-metric-row")


def _scale(score: Score) -> Node:
    """The band of chance with its mean, and where the value lies."""
    value, chance = score.value or 0.0, score.chance
    ends = [value, 0.0] if chance is None else [value, chance.low, chance.high]
    low, high = min(ends), max(ends)
    room = _UNNAMED * (high - low) or 1.0
    reach = high - low + 2 * room

    def x(number: float) -> float:
        return round(WIDE * (number - low + room) / reach, 1)

    lines = [node("path", kind="tk-zero", d=f"M0 {_ROW / 2:g}H{WIDE}")]
    if chance is not None:
        wide = max(x(chance.high) - x(chance.low), 3.0)
        lines.append(node("rect", kind="tk-band", x=x(chance.low), y=_EDGE, width=wide, height=_ROW - 2 * _EDGE))
        lines.append(node("path", kind="tk-mean", d=f"M{x(chance.mean)} {_EDGE:g}V{_ROW - _EDGE:g}"))
    title = node("title", _told(score, chance))
    lines.append(node("path", [title], kind="tk-value", d=f"M{x(value)} 3V{_ROW - 3:g}"))
    return stretched(lines, _ROW, _told(score, chance))


def _told(score: Score, chance: Chance | None) -> str:
    number = f"{score.name}: {show(score.value or 0.0)}"
    unit = f" ({score.unit})" if score.unit else ""
    if chance is None:
        return number + unit
    return f"{number}{unit}; chance {show(chance.low)} to {show(chance.high)}, mean {show(chance.mean)}"


def curve(score: Score, way: Curve, of: str = "of the tokens") -> Node:
    """What the model says as tokens go or come, with the band of random orders behind it; `of` names the fractions."""
    values = [*way.values, *way.low, *way.high]
    low, high = min(*values, 0.0), max(values)
    span = (high - low) or 1.0
    first, last = way.fractions[0], way.fractions[-1]

    def x(fraction: float) -> float:
        return WIDE * (fraction - first) / ((last - first) or 1.0)

    def y(value: float) -> float:
        return _CURVE_EDGE + (high - value) / span * (_CURVE - 2 * _CURVE_EDGE)

    def points(numbers: Sequence[float], reverse: bool = False) -> str:
        pairs = list(zip(way.fractions, numbers, strict=True))
        return "L".join(f"{x(a):.0f} {y(b):.0f}" for a, b in (pairs[::-1] if reverse else pairs))

    lines = []
    if way.low and way.high:
        lines.append(node("path", kind="tk-band", d=f"M{points(way.high)}L{points(way.low, True)}z"))
    if way.mean:
        lines.append(node("path", kind="tk-mean", d=f"M{points(way.mean)}"))
    ends = (
        f"{show(way.values[0])} at {percent(first)} {of}",
        f"{show(way.values[-1])} at {percent(last)}",
    )
    label = f"{score.name}: {', '.join(ends)}"
    lines.append(node("path", [node("title", label)], kind="tk-value", d=f"M{points(way.values)}"))
    parts = [
        node("p", score.name),
        node("div", [_ticks(low, high, y), stretched(lines, _CURVE, label)], kind="tk-plot"),
        node("div", [node("span", f"{percent(first)} {of}"), node("span", percent(last))], kind="tk-steps"),
    ]
    return node("div", parts, kind="tk-curve")


def _ticks(low: float, high: float, y: Any) -> Node:
    marks = [node("text", show(value), x=42, y=round(y(value) + 4), text_anchor="end") for value in (high, low)]
    return node("svg", marks, width=48, height=_CURVE, aria_hidden="true")
