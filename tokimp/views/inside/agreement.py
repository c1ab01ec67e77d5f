"""Inside against outside: scores of the tokens beside what attention says of them, and who is at odds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, Axis, around, chart, columns, heading, rows, short, text
from tokimp.views.inside.labels import Spot, placed
from tokimp.views.numbers import MINUS, show

NAMED = 3
"""Tokens at odds that are named under the chart."""

_LEFT, _RIGHT, _TALL = 62.0, WIDTH - 10.0, 300
_LEAST = 2.0
"""Places between two ranks that are worth naming."""


class Compared(Protocol):
    """What `internals.agreement` returns."""

    @property
    def pearson(self) -> float | None: ...
    @property
    def spearman(self) -> float | None: ...
    @property
    def why_not(self) -> str: ...
    @property
    def places(self) -> Any: ...
    @property
    def first_rank(self) -> Floats: ...
    @property
    def second_rank(self) -> Floats: ...
    @property
    def at_odds(self) -> Any: ...


def agreement_payload(
    compared: Compared,
    values: tuple[npt.ArrayLike, npt.ArrayLike],
    tokens: Sequence[str],
    names: tuple[str, str],
    *,
    selected: int | None = None,
) -> dict[str, Any]:
    """What the browser's drawing draws, and the sentences of the same facts."""
    told = [summary(compared), *([odds(compared, tokens, names)] if len(compared.places) else [])]
    return {"tree": agreement_figure(compared, values, tokens, names, selected=selected), "sentences": told}


def agreement_figure(
    compared: Compared,
    values: tuple[npt.ArrayLike, npt.ArrayLike],
    tokens: Sequence[str],
    names: tuple[str, str],
    *,
    selected: int | None = None,
) -> Node:
    """The first measure upwards, the second to the right, each (token,); tokens at odds are orange squares.

    `names` say what both measures are.
    """
    content, top = heading(summary(compared))
    upwards, across = (np.asarray(each, dtype=np.float64)[compared.places] for each in values)
    bottom = top + 16 + _TALL
    x, y = Axis(*around(across), _LEFT + 6, _RIGHT - 6), Axis(*around(upwards), bottom - 6, top + 22)
    content += [text(names[0], 0, top + 10, "tk-small"), *rows(y, _LEFT, _RIGHT), *columns(x, bottom)]
    content.append(text(names[1], (_LEFT + _RIGHT) / 2, bottom + 34, "tk-small", "middle"))
    odd = _odd(compared)
    spots = []
    for each, place in enumerate(compared.places):
        at = x.at(float(across[each])), y.at(float(upwards[each]))
        numbers = f"{show(float(upwards[each]))} and {show(float(across[each]))}"
        said = f"{quoted(tokens[place])}: {numbers}, ranks {_ranks(compared, each)}"
        content.append(_point(at, said, int(place), each in odd, place == selected))
        spots.append(Spot(short(tokens[place]), *at, 7.0, first=each in odd or place == selected))
    content += placed(spots, (_LEFT, top + 14, _RIGHT, bottom))
    lines, end = (
        heading(odds(compared, tokens, names), WIDTH, bottom + 58) if len(compared.places) else ([], bottom + 40)
    )
    content += [(tag, {**facts, "class": "tk-note"}, words) for tag, facts, words in lines]
    return chart(content, end, summary(compared))


def summary(compared: Compared) -> str:
    """Both correlations with the number of tokens, or why there are none."""
    if compared.pearson is None or compared.spearman is None:
        return compared.why_not
    return (
        f"Pearson r {_two(compared.pearson)}, Spearman ρ {_two(compared.spearman)}, over {len(compared.places)} tokens"
    )


def odds(compared: Compared, tokens: Sequence[str], names: tuple[str, str]) -> str:
    """The tokens whose ranks differ most, by name."""
    odd = _odd(compared)
    if not odd:
        return "No token’s rank differs by two places or more."
    told = [f"{quoted(tokens[compared.places[each]])} ({_ranks(compared, each)})" for each in odd]
    return f"Most at odds, by rank of {names[0]} and of {names[1]}: {', '.join(told)}."


def _odd(compared: Compared) -> list[int]:
    apart = np.abs(np.asarray(compared.first_rank) - np.asarray(compared.second_rank))
    return [int(each) for each in compared.at_odds[:NAMED] if apart[each] >= _LEAST]


def _point(at: tuple[float, float], said: str, place: int, odd: bool, marked: bool) -> Node:
    look = "tk-picked" if marked else "tk-dot"
    inside = [node("title", said)]
    facts: dict[str, Any] = {"data_kind": "token", "data_index": place}
    if not odd:
        return node("circle", inside, kind=f"tks1 {look}", cx=round(at[0], 1), cy=round(at[1], 1), r=5, **facts)
    square = {"x": round(at[0] - 5, 1), "y": round(at[1] - 5, 1), "width": 10, "height": 10}
    return node("rect", inside, kind=f"tks2 {look}", **square, **facts)


def _ranks(compared: Compared, each: int) -> str:
    return f"{compared.first_rank[each]:g} and {compared.second_rank[each]:g}"


def _two(value: float) -> str:
    """Two digits behind the point, none more: −0.07, 1.00."""
    number = f"{abs(value):.2f}"
    return number if value >= 0 or number == "0.00" else MINUS + number
