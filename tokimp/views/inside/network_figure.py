"""The token network without script: the way into the answer (or through a chosen token) is coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tokimp.views.characters import quoted
from tokimp.views.drawing import Node, node
from tokimp.views.inside.attention import Selected, short
from tokimp.views.inside.attention_figure import scale_nodes
from tokimp.views.inside.network import (
    FLOW_SHADES,
    THRESHOLDS,
    USUAL,
    Edge,
    Network,
    briefly,
    coloured,
    flow_class,
    network_of,
    network_summary,
)
from tokimp.views.inside.wide import wide_html
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import percent

THICKEST = 8.0
"""The width of an edge along which all of the chosen token comes; grey edges are thin."""

_ROW, _TOP = 20, 34
_WIDE, _NARROWEST, _WIDEST = 560, 18, 240
_SIZE = 13.0
_WIDER = 1.08
_NAMED, _NAMED_WHOSE = 34, 76
_FOOT = 74
_TOLD = "share of the chosen token that comes this way · grey: other strong edges"


@dataclass(frozen=True)
class Places:
    """Where columns and rows stand, and how large the drawing is."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    width: float
    height: float

    @classmethod
    def of(cls, network: Network, tokens: Sequence[str]) -> Places:
        labels = [short(tokens[token]) for token in network.rows]
        beside = round(_WIDER * max(estimated_width(label, _SIZE) for label in labels) + 14)
        apart = min(max(_WIDE // (network.columns - 1), _NARROWEST), _WIDEST)
        xs = tuple(float(beside + apart * column) for column in range(network.columns))
        ys = tuple(float(_TOP + _ROW * row) for row in range(len(labels)))
        told = xs[0] + _WIDER * estimated_width(_TOLD, _SIZE)
        return cls(xs, ys, float(round(max(xs[-1] + beside, told))), ys[-1] + _FOOT)


def ribbon(places: Places, edge: Edge, width: float) -> str:
    """The outline of an edge of this width."""
    column, query, key = edge
    start, end = places.xs[column], places.xs[column + 1]
    high, low = places.ys[key] - width / 2, places.ys[query] - width / 2
    if key == query:
        return f"M{start:g} {high:.1f}H{end:g}v{width:.1f}H{start:g}z"
    middle = (start + end) / 2
    there = f"M{start:g} {high:.1f}C{middle:g} {high:.1f} {middle:g} {low:.1f} {end:g} {low:.1f}"
    low, high = low + width, high + width
    return f"{there}V{low:.1f}C{middle:g} {low:.1f} {middle:g} {high:.1f} {start:g} {high:.1f}z"


def network_figure(
    edges: npt.ArrayLike,
    tokens: Sequence[str],
    position: int,
    *,
    title: str = "Token network",
    selected: Selected | None = None,
    encoder: int = 0,
) -> Node:
    """Tokens downwards, layers to the right; what makes up the chosen token is coloured.

    encoder: how many of the layers are an encoder's.
    """
    network = network_of(edges, position, selected, encoder)
    places = Places.of(network, tokens)
    parts = [
        *_names(network, tokens, places),
        *_edges(network, tokens, places),
        *_nodes(network, places),
        *scale_nodes(places.xs[0], places.height - 50, 1.0, _TOLD, FLOW_SHADES),
    ]
    facts = {"class": "tk-chart", "width": places.width, "height": places.height, "role": "img"}
    label = f"{title}: {network_summary(network, tokens, len(tokens))}"
    return "svg", facts | {"viewBox": f"0 0 {places.width:g} {places.height:g}", "aria-label": label}, parts


def network_html(
    edges: npt.ArrayLike,
    tokens: Sequence[str],
    position: int,
    *,
    title: str = "Token network",
    selected: Selected | None = None,
    encoder: int = 0,
) -> str:
    """The same with its strongest edges in words, in a box that scrolls by itself."""
    figure = network_figure(edges, tokens, position, title=title, selected=selected, encoder=encoder)
    told = network_summary(network_of(edges, position, selected, encoder), tokens, len(tokens))
    return wide_html(figure, title, told)


def _names(network: Network, tokens: Sequence[str], places: Places) -> list[Node]:
    parts = []
    for row, token in enumerate(network.rows):
        label = short(tokens[token])
        for x, anchor in ((places.xs[0] - 8, "end"), (places.xs[-1] + 8, "start")):
            kind = "tk-heading" if (anchor == "start" and row == network.answer) else "tk-axis"
            parts.append(_text(label, x, places.ys[row], anchor, kind))
    narrow = places.xs[1] - places.xs[0] < (_NAMED if not network.encoder else _NAMED_WHOSE)
    for name, x in zip(network.names, places.xs, strict=True):
        parts.append(_text(briefly(name) if narrow else name.replace("layer ", ""), x, 12, "middle"))
    return parts


def _edges(network: Network, tokens: Sequence[str], places: Places) -> list[Node]:
    """A line for each token, the strongest edges in grey, and above them those of the chosen token."""
    ends = f"M{places.xs[0]:g} {{:g}}H{places.xs[-1]:g}"
    parts = [node("path", kind="tk-grid", d=ends.format(y)) for y in places.ys]
    shown = coloured(network)
    listed = {edge for edge, _ in shown}
    for edge in reversed(network.strongest()):
        if edge not in listed:
            drawn = ribbon(places, edge, 0.5 + 2 * float(network.shares[edge]))
            parts.append(node("path", [_title(network, tokens, edge)], kind="tk-patch tk0", d=drawn))
    for edge, flow in reversed(shown):
        drawn = ribbon(places, edge, 0.6 + THICKEST * min(flow, 1.0))
        title = _title(network, tokens, edge, flow)
        parts.append(node("path", [title], kind=f"tk-patch {flow_class(flow)}", d=drawn))
    return parts


def _title(network: Network, tokens: Sequence[str], edge: Edge, flow: float | None = None) -> Node:
    layer, query, key = edge
    told = f"{quoted(tokens[network.rows[key]])} → {quoted(tokens[network.rows[query]])}"
    told += f", {network.names[layer + 1]}: {percent(float(network.shares[edge]))}"
    return node("title", told if flow is None else f"{told}; {percent(flow)} of the chosen token")


def _nodes(network: Network, places: Places) -> list[Node]:
    """Nodes through which something of the chosen token comes."""
    parts = []
    for (column, row), share in np.ndenumerate(network.flows()[1]):
        shade, picked = flow_class(min(float(share), 1.0)), (column, row) == network.chosen
        if picked or share >= THRESHOLDS[USUAL]:
            kind = "tk-picked" if picked else "tk-patch"
            radius = 5.0 if picked else 2.0 + 2.0 * min(float(share), 1.0)
            facts = {"cx": places.xs[column], "cy": places.ys[row], "r": radius}
            parts.append(node("circle", kind=f"{kind} {shade}", **facts))
    return parts


def _text(text: str, x: float, y: float, anchor: str, kind: str = "tk-axis") -> Node:
    return node("text", text, kind=kind, x=x, y=y, text_anchor=anchor, dominant_baseline="central")
