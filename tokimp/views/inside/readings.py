"""The text coloured by how the model took each token: surprisal, rank, or how open it had been."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, Protocol, get_args

import numpy as np

from tokimp.errors import OptionError
from tokimp.types import Explanation, Floats, Token
from tokimp.views.characters import escaped, quoted, spoken
from tokimp.views.color import scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.flow import lines_of
from tokimp.views.inside.axes import chart, heading, text
from tokimp.views.inside.coloured import holding
from tokimp.views.inside.lens import Word
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import percent, show
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import text_payload, token_items, token_span

By = Literal["surprisal", "rank", "entropy"]
BY: tuple[By, ...] = get_args(By)

_TITLES: dict[By, str] = {
    "surprisal": "How much each token surprised the model, in bits",
    "rank": "Which place each token had among all that could stand there",
    "entropy": "How open it was to the model what would come, in bits",
}
_ENDS: dict[By, tuple[str, str]] = {
    "surprisal": ("expected", "surprising"),
    "rank": ("the likeliest", "far down"),
    "entropy": ("settled", "open"),
}
_SILENT = "the model says nothing of it"
_INSTEAD = 5
_WIDE, _LINE, _PATCH, _TEXT = 560, 30, 23, 16.0


class Taken(Protocol):
    """What `internals.token_probabilities` returns, in nats; NaN where the model says nothing of a token."""

    @property
    def probability(self) -> Floats: ...
    @property
    def rank(self) -> Any: ...
    @property
    def entropy(self) -> Floats: ...
    @property
    def surprisal(self) -> Floats: ...
    @property
    def top(self) -> Any: ...
    @property
    def top_probability(self) -> Floats: ...


def readings_payload(taken: Taken, tokens: Sequence[Token], text: str, word: Word, by: By = "surprisal") -> Any:
    """What the browser's token view draws. word: the text of an id.

    Raises:
        OptionError: there is no such number to colour by.
    """
    payload = text_payload(holding(tokens, text, _values(taken, by), signed=False))
    said = _tips(taken, tokens, text, word)
    items = payload["tokens"]["items"]
    for item in items:
        lines = said[item["indices"][0]]
        item |= {"tip": lines, "label": ", ".join([spoken(item["text"]), *lines[1:]]), "number": lines[1]}
    payload["tokens"]["legend"] = _legend(taken, by)
    return payload | {"words": None, "title": _TITLES[by]}


def readings_html(taken: Taken, tokens: Sequence[Token], text: str, word: Word, by: By = "surprisal") -> str:
    """The same without script, with its legend and what it shows."""
    held, said = holding(tokens, text, _values(taken, by), signed=False), _tips(taken, tokens, text, word)
    spans = [token_span(item, "\n".join(said[item["indices"][0]])) for item in token_items(held)]
    tail = typed_pieces(tokens, text)[1]
    facts = _legend(taken, by)
    steps = "".join(f'<i class="{name}"></i>' for name in facts["classes"])
    scale = f'<span>{facts["left"]}</span><b>{facts["low"]}</b><span class="tk-scale">{steps}</span>'
    return (
        f'<section class="tk-root tk-inside"><p>{_TITLES[by]}</p>'
        f'<div class="tk-text" dir="auto">{"".join(spans)}{escaped(tail)}</div>'
        f'<div class="tk-legend">{scale}<b>{facts["high"]}</b><span>{facts["right"]}</span></div></section>'
    )


def readings_figure(taken: Taken, tokens: Sequence[Token], text: str, word: Word, by: By = "surprisal") -> Node:
    """The same as a drawing of fixed size."""
    held: Explanation = holding(tokens, text, _values(taken, by), signed=False)
    said = _tips(taken, tokens, text, word)
    content, top = heading(_TITLES[by], _WIDE)
    top += 8
    for line in lines_of(held, estimated_width, _TEXT, _WIDE):
        content += [_box(box, top, said) for box in line]
        top += _LINE
    content += _drawn_legend(_legend(taken, by), top + 10)
    return chart(content, top + 30, _TITLES[by], _WIDE)


def bits(nats: float) -> str:
    return f"{show(nats / math.log(2))} bits"


def _values(taken: Taken, by: By) -> Floats:
    """What colours each token: 0 where the model says nothing of it, and for its first guess."""
    if by not in BY:
        raise OptionError(f"There is no colour by {by!r}.", f"There are: {', '.join(BY)}.")
    if by == "rank":
        return np.log(np.maximum(np.asarray(taken.rank, dtype=np.float64), 1.0))
    return np.maximum(np.nan_to_num(np.asarray(getattr(taken, by), dtype=np.float64)), 0.0)


def _tips(taken: Taken, tokens: Sequence[Token], text: str, word: Word) -> list[list[str]]:
    pieces, _ = typed_pieces(tokens, text)
    said = []
    for place, piece in enumerate(pieces):
        name = quoted(piece.text)
        if not np.isfinite(taken.probability[place]):
            said.append([name, _SILENT])
            continue
        likely = f"probability {percent(float(taken.probability[place]))}, rank {int(taken.rank[place]):,}"
        numbers = f"surprisal {bits(float(taken.surprisal[place]))} · entropy {bits(float(taken.entropy[place]))}"
        pairs = zip(taken.top[place][:_INSTEAD], taken.top_probability[place][:_INSTEAD], strict=True)
        guesses = " · ".join(f"{quoted(word(int(each)))} {percent(float(share))}" for each, share in pairs)
        said.append([name, likely, numbers, f"likeliest: {guesses}"])
    return said


def _legend(taken: Taken, by: By) -> dict[str, Any]:
    top = float(_values(taken, by).max(initial=0.0))
    ends = ("1", f"{math.exp(top):,.0f}") if by == "rank" else ("0", bits(top))
    left, right = _ENDS[by]
    if ends[1].split(" ")[0] == ends[0]:  # no colours between a number and itself
        left, ends, right = f"every token {left}: {ends[1]}", ("", ""), ""
    return {
        "left": left,
        "low": ends[0],
        "high": ends[1],
        "right": right,
        "classes": scale_classes(signed=False)[1:] if right else [],  # the number before it says what no colour is
        "doubt": "",
    }


def _box(box: Any, top: float, said: list[list[str]]) -> Node:
    x, y = box.x, top + (_LINE - _PATCH) / 2
    letters = text(box.text, x + box.width / 2, top + _LINE / 2 + 0.35 * box.size, "tk-run", "middle")
    if box.item is None:
        return node("g", [letters])
    added = box.item["added"]
    kind = "tk0" if added else box.item["bucket"]
    title = node("title", "\n".join(said[box.item["indices"][0]]))
    patch = [] if kind == "tk0" else [node("rect", x=round(x, 1), y=y, width=round(box.width, 1), height=_PATCH, rx=3)]
    letters = text(box.text, x + box.width / 2, top + _LINE / 2 + 5, "tk-small" if added else "tk-run", "middle")
    return node("g", [title, *patch, *([letters] if box.text else [])], kind=kind)


def _drawn_legend(facts: dict[str, Any], top: float) -> list[Node]:
    parts = []
    x = 0.0
    for part in (f"{facts['left']}  {facts['low']}", "", f"{facts['high']}  {facts['right']}"):
        if part:
            parts.append(text(part, x, top + 11, "tk-axis"))
            x += estimated_width(part, 13) + 10
            continue
        for name in facts["classes"]:
            parts.append(node("rect", kind=name, x=round(x, 1), y=top, width=9, height=12))
            x += 9
        x += 10
    return parts
