"""What the model might say: bars, how sure it is, and how two prompts differ; temperature is for display only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.types import Candidate, Floats, Prediction
from tokimp.views.characters import drawable, quoted
from tokimp.views.charts import bars_payload
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, chart, heading, short, text
from tokimp.views.numbers import MINUS, percent, show

LIMIT = 10

_ROW, _PAIR = 24, 40
_NAME = 130.0
_NUMBER = 58.0
_LONG_NAME = 17
_HALF = 0.05


@dataclass(frozen=True)
class Change:
    """A candidate after two prompts: probabilities, None where it is not among those that are known."""

    label: str
    first: float | None
    second: float | None

    @property
    def points(self) -> float | None:
        """Percentage points from the first to the second."""
        return None if self.first is None or self.second is None else 100 * (self.second - self.first)


def softened(logits: npt.ArrayLike, temperature: float = 1.0) -> Floats:
    """Probabilities (candidate,) of these candidates among themselves at a temperature; nothing is asked anew.

    Logits or log-probabilities, which differ by a constant. Given all candidates at 1 it is what the model says.

    Raises:
        OptionError: the temperature is not above 0.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise OptionError(f"There is no temperature {temperature:g}.", "Give one above 0.")
    values = np.asarray(logits, dtype=np.float64)
    raised = np.exp((values - values.max()) / temperature)
    shares: Floats = raised / raised.sum()
    return shares


def at_temperature(prediction: Prediction, temperature: float) -> Prediction:
    """The listed candidates with their shares among themselves: for display, with `temperature_note`."""
    shares = softened([candidate.logit for candidate in prediction.candidates], temperature)
    kept = [
        Candidate(candidate.index, candidate.label, float(share), candidate.logit)
        for candidate, share in zip(prediction.candidates, shares, strict=True)
    ]
    return Prediction(tuple(kept), prediction.tokens, prediction.position, None, prediction.masks)


def temperature_note(temperature: float, among: int | None = None) -> str:
    """What must stand beside such shares; `among` how many candidates they are shares of, None for all."""
    of = "" if among is None else f", among the {among} shown"
    return (
        f"Shown at temperature {show(temperature)}{of}: for display only, the model’s answer and all scores are at 1."
    )


def confidence(probability: float, entropy: float, choices: int) -> str:
    """How sure the model is. probability: of its likeliest answer; entropy in nats over `choices`."""
    most = math.log(choices) if choices > 1 else 0.0
    share = f", {percent(entropy / most)} of the most that {choices:,} choices allow" if most else ""
    return f"Likeliest answer {percent(probability)}; entropy {show(entropy / math.log(2))} bits{share}."


def probabilities_payload(prediction: Prediction, temperature: float = 1.0, *, words: bool = True) -> dict[str, Any]:
    """What the browser's bars draw, as `views.charts.bars_payload`, and the `note` on their temperature."""
    if temperature == 1:
        return bars_payload(prediction, words=words, limit=LIMIT) | {"note": ""}
    listed = Prediction(prediction.candidates[:LIMIT], prediction.tokens, prediction.position, None)
    drawn = bars_payload(at_temperature(listed, temperature), words=words, limit=LIMIT)
    return drawn | {"note": temperature_note(temperature, len(listed.candidates))}


def bars_figure(
    labels: Sequence[str], shares: npt.ArrayLike, sentence: str, notes: Sequence[str] = (), *, words: bool = True
) -> Node:
    """Candidates with their probabilities as bars from 0 to 100 %, and what is left for everything else."""
    values = np.asarray(shares, dtype=np.float64)
    content, top = heading(sentence)
    right = WIDTH - _NUMBER
    for place, (label, share) in enumerate(zip(labels, values, strict=True)):
        y = top + 10 + place * _ROW
        name = quoted(label) if words else drawable(label)
        title = node("title", f"{name}: {percent(float(share))}")
        width = max(round((right - _NAME) * float(np.clip(share, 0, 1)), 1), 0.5)
        bar = node("rect", kind="tks1", x=_NAME, y=y + 6, width=width, height=11, rx=2)
        content.append(node("g", [title, *_named(label, y, words), bar, _number(percent(float(share)), y)]))
    y = top + 10 + len(labels) * _ROW
    left = 1 - float(values.sum())
    if left > 5e-4:
        content += [text("everything else", _NAME - 10, y + 16, "tk-axis", "end"), _number(percent(left), y, "tk-axis")]
        y += _ROW
    for note in notes:
        lines, y = _small(note, y + 8)
        content += lines
    return chart(content, y + 8, sentence)


def changes(labels: Sequence[str], first: npt.ArrayLike, second: npt.ArrayLike, limit: int = LIMIT) -> list[Change]:
    """The candidates that change most, from the largest gain to the largest loss; NaN is "not known"."""
    pairs = zip(labels, np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64), strict=True)
    listed = [Change(label, *(float(each) if np.isfinite(each) else None for each in both)) for label, *both in pairs]
    known = [change for change in listed if change.points is not None]
    known = sorted(known, key=lambda change: -abs(change.points or 0.0))[:limit]
    unknown = [change for change in listed if change.points is None]
    unknown = sorted(unknown, key=lambda change: -max(change.first or 0.0, change.second or 0.0))
    return sorted(known, key=lambda change: -(change.points or 0.0)) + unknown[: limit - len(known)]


def changes_figure(found: Sequence[Change], names: tuple[str, str], *, words: bool = True) -> Node:
    """Each candidate's probability after both prompts, and its change in points of percent."""
    sentence = "What the second prompt changes"
    content, top = heading(sentence)
    for place, name in enumerate(names):
        y = top + 6 + 20 * place
        content.append(node("rect", kind=_FILLS[place], x=0, y=y, width=22, height=8, rx=2))
        content.append(text(short(name, 62), 30, y + 9, "tk-axis"))
    top += 54
    largest = max((share for each in found for share in (each.first, each.second) if share is not None), default=1.0)
    for place, change in enumerate(found):
        content.append(_change(change, top + place * _PAIR, largest or 1.0, words))
    return chart(content, top + _PAIR * len(found) + 6, sentence)


_FILLS = ("tks6", "tks1")


def _change(change: Change, y: float, largest: float, words: bool) -> Node:
    right = WIDTH - 2 * _NUMBER - 6
    parts = _named(change.label, y + 3, words)
    for place, share in enumerate((change.first, change.second)):
        if share is not None:
            width = max((right - _NAME) * share / largest, 0.5)
            kind = _FILLS[place]
            parts.append(node("rect", kind=kind, x=_NAME, y=y + 3 + 13 * place, width=round(width, 1), height=9, rx=2))
            at = _NAME + width + 6
            parts.append(text(percent(share), at, y + 10.5 + 13.5 * place, "tk-small"))
    points = signed_points(change.points)
    parts.append(text(points, WIDTH, y + 18, "tk-name", "end"))
    known = [percent(share) if share is not None else "not listed" for share in (change.first, change.second)]
    name = quoted(change.label) if words else drawable(change.label)
    return node("g", [node("title", f"{name}: {known[0]}, then {known[1]}"), *parts])


def signed_points(points: float | None) -> str:
    """ "+25 points", "−0.3 points"; one that is not known is said to be so."""
    if points is None:
        return "not known"
    if abs(points) < _HALF:
        return "0 points"
    number = f"{abs(points):.0f}" if abs(points) >= 9.95 else f"{abs(points):.1f}"
    return f"{'+' if points > 0 else MINUS}{number} points"


def _named(label: str, y: float, words: bool) -> list[Node]:
    cut = label if len(label) <= _LONG_NAME else f"{label[: _LONG_NAME - 1]}…"
    return [text(quoted(cut) if words else drawable(cut), _NAME - 10, y + 16, "tk-name", "end")]


def _number(number: str, y: float, kind: str = "tk-name") -> Node:
    return text(number, WIDTH, y + 16, kind, "end")


def _small(note: str, top: float) -> tuple[list[Node], float]:
    """A note in small letters, in as many lines as it needs."""
    lines, bottom = heading(note, WIDTH, top + 12)
    return [(tag, {**facts, "class": "tk-note"}, content) for tag, facts, content in lines], bottom - 6
