"""How the model's answer comes up: its probability and its rank across the layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tokimp.views.characters import quoted
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, Axis, chart, columns, heading, path, rows, text
from tokimp.views.inside.lens import Reading, Word, place_of
from tokimp.views.numbers import percent

_LEFT, _RIGHT = 62.0, WIDTH - 12.0
_TALL, _BETWEEN = 130, 34


def answer_payload(
    lens: Reading, position: int, tokens: list[str], word: Word, *, layer: int | None = None
) -> dict[str, Any]:
    """What the browser draws: `answer_figure` as {"tree": …}; a click on a layer selects it."""
    return {"tree": answer_figure(lens, position, tokens, word, layer=layer)}


def answer_figure(lens: Reading, position: int, tokens: list[str], word: Word, *, layer: int | None = None) -> Node:
    """Two charts over the layers: probability of the answer at token `position`, and its rank on a log axis,
    1 on top. `layer` is marked. What the answer is stands in the heading, with the layer that settles it.
    """
    place = place_of(lens, position)
    shares = np.asarray(lens.probability, dtype=np.float64)[:, place]
    ranks = np.asarray(lens.rank, dtype=np.float64)[:, place]
    sentence = _sentence(quoted(word(int(lens.answer[place]))), quoted(tokens[position]), shares, ranks)
    content, top = heading(sentence)
    across = Axis(0, max(len(shares) - 1, 1), _LEFT, _RIGHT)
    likely = Axis(0, 1, top + 26 + _TALL, top + 26)
    below = top + 26 + _TALL + _BETWEEN
    order = Axis(1, max(float(ranks.max()), 10.0), below, below + _TALL, log=True)
    content += [
        text("probability", 0, top + 14, "tk-small"),
        text("rank, 1 is the likeliest", 0, below - 12, "tk-small"),
    ]
    content += rows(likely, _LEFT, _RIGHT, percent, 4)
    content += rows(order, _LEFT, _RIGHT, lambda rank: f"{rank:,.0f}", 5)
    content += columns(across, below + _TALL, lambda each: f"{each:.0f}", 8)
    content.append(text("layer (0: the input)", (_LEFT + _RIGHT) / 2, below + _TALL + 34, "tk-small", "middle"))
    if layer is not None:
        content.append(node("path", kind="tk-dashed", d=f"M{across.at(layer):.1f} {top + 26:.1f}V{below + _TALL:.1f}"))
    for values, axis in ((shares, likely), (ranks, order)):
        points = [(across.at(each), axis.at(float(value))) for each, value in enumerate(values)]
        content.append(node("path", kind="tks1 tk-line", d=path(points)))
        for each, (x, y) in enumerate(points):
            title = node("title", f"layer {each}: {percent(float(shares[each]))}, rank {ranks[each]:,.0f}")
            kind = "tks1 tk-picked" if each == layer else "tks1 tk-dot"
            dot = node(
                "circle", [title], kind=kind, cx=round(x, 1), cy=round(y, 1), r=4, data_kind="layer", data_index=each
            )
            content.append(dot)
    return chart(content, below + _TALL + 42, sentence)


def _sentence(answer: str, token: str, shares: Any, ranks: Any) -> str:
    begin = f"{answer} at {token}: {percent(float(shares[-1]))} in the end"
    if ranks[-1] != 1:
        return f"{begin}, rank {ranks[-1]:,.0f}"
    behind = np.flatnonzero(ranks != 1)
    first = int(behind[-1]) + 1 if len(behind) else 0
    return f"{begin}, the likeliest from {f'layer {first}' if first else 'the input'} on"
