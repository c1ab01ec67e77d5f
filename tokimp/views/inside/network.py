"""The token network: which token gives how much to which, layer by layer or from input to output."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.types import Floats
from tokimp.views.characters import quoted, shown
from tokimp.views.color import STEPS, bucket_class
from tokimp.views.inside.attention import Selected, rooted, scale_numbers, short
from tokimp.views.inside.layers import state_names
from tokimp.views.numbers import percent

MOST_ROWS = 40
"""Of longer texts only the tokens are drawn that give most to where the answer is read."""

MOST_GREY, MOST_COLOURED = 250, 500
"""Edges that are drawn: the strongest of all, and those that carry most of the chosen token."""

_GREY_EACH = 2
THRESHOLDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
USUAL = 1
"""Place of the threshold at first."""

FLOW_SHADES = tuple(bucket_class(step, signed=False) for step in range(4, STEPS + 1))
"""Of edges in colour: the palest would not stand out from the grey ones."""

Edge = tuple[int, int, int]
"""Column of its input, row of the query (at column + 1), row of the key."""


@dataclass(frozen=True, eq=False)
class Network:
    """What is drawn. rows: tokens, by their place in the text; chosen: (column, row); answer: its row.

    shares (layer, query, key): what each query takes from each key, of these rows; encoder: how many of the layers
    are an encoder's, whose decoder has the others (0 without one).
    """

    rows: tuple[int, ...]
    shares: Floats
    chosen: tuple[int, int]
    answer: int
    encoder: int = 0

    @property
    def columns(self) -> int:
        return len(self.shares) + 1

    @property
    def names(self) -> list[str]:
        """Of each column."""
        return column_names(self.columns, self.encoder)

    def strongest(self, count: int | None = None) -> list[Edge]:
        """Edges between different tokens, the strongest first; without a count, as many as can be told apart."""
        apart = self.shares * (1 - np.eye(len(self.rows)))
        return _largest(apart, min(MOST_GREY, _GREY_EACH * apart[..., 0].size) if count is None else count)

    def flows(self) -> tuple[Floats, Floats]:
        """How much of the chosen node comes along each edge (layer, query, key), and through each node (column, row).

        Before the chosen column these are parts of the chosen token, behind it the chosen token's part
        of others. Shares multiply along a path and add up over paths.
        """
        nodes = np.zeros((self.columns, len(self.rows)))
        along = np.zeros_like(self.shares)
        nodes[self.chosen] = 1.0
        for column in reversed(range(self.chosen[0])):
            along[column] = nodes[column + 1][:, None] * self.shares[column]
            nodes[column] = along[column].sum(0)
        for column in range(self.chosen[0], len(self.shares)):
            along[column] = self.shares[column] * nodes[column]
            nodes[column + 1] = along[column].sum(1)
        return along, nodes


def network_of(edges: npt.ArrayLike, position: int, selected: Selected | None = None, encoder: int = 0) -> Network:
    """Of edges (layer, query, key), rows summing to about 1; `position` is where the answer is read.

    A single layer stands for the whole way from input to output. `selected` may name a "token" and a
    "layer" (a column, from 0 for the input); without them, the answer's own node is chosen.

    Raises:
        ValueError: these are no such edges, or there is no such position.
    """
    shares = np.asarray(edges, dtype=np.float64)
    if shares.ndim != 3 or shares.shape[1] != shares.shape[2] or not 0 <= position < shares.shape[1]:
        raise ValueError(f"Edges of {shares.shape} are not (layer, query, key) with a token {position}.")
    shares = np.where(np.isfinite(shares), np.clip(shares, 0.0, 1.0), 0.0)
    wanted = selected or {}
    token, column = wanted.get("token"), wanted.get("layer")
    token = position if token is None else token
    rows = _rows(shares, position, token)
    chosen = (len(shares) if column is None else column, rows.index(token))
    return Network(tuple(rows), shares[:, rows][:, :, rows], chosen, rows.index(position), encoder)


def without_first(edges: npt.ArrayLike) -> Floats:
    """Edges (layer, query, key) without what other tokens take from the first, the rest shared out anew.

    Decoders rest the attention that they need nowhere on the first token (Xiao et al. 2024): rolled out over
    many layers, all comes from there. A token that takes from nothing else keeps itself.
    """
    shares = np.array(edges, dtype=np.float64)
    shares[:, 1:, 0] = 0.0
    left = shares.sum(-1, keepdims=True)
    return np.where(left > 0, shares / np.where(left > 0, left, 1.0), np.eye(shares.shape[-1]))


def through(edges: npt.ArrayLike) -> Floats:
    """The compact network: edges (1, query, key) from the input to the output along all paths."""
    shares = np.asarray(edges, dtype=np.float64)
    whole = np.eye(shares.shape[-1])
    for layer in shares:
        whole = layer @ whole
    return whole[None]


def network_payload(
    edges: npt.ArrayLike,
    tokens: Sequence[str],
    position: int,
    *,
    title: str = "Token network",
    selected: Selected | None = None,
    encoder: int = 0,
) -> dict[str, Any]:
    """What the browser draws: all shares go along, so that it follows and filters paths without the server."""
    network = network_of(edges, position, selected, encoder)
    return {
        "title": title,
        "columns": network.names,
        "briefly": [briefly(name) for name in network.names],
        "labels": [short(tokens[token]) for token in network.rows],
        "names": [shown(tokens[token]) for token in network.rows],
        "rows": list(network.rows),
        "shares": base64.b64encode(network.shares.astype("<f2").tobytes()).decode(),
        "strongest": [list(edge) for edge in network.strongest()],
        "most": MOST_COLOURED,
        "thresholds": list(THRESHOLDS),
        "marks": [percent(threshold) for threshold in THRESHOLDS],
        "usual": USUAL,
        "chosen": list(network.chosen),
        "answer": network.answer,
        "summary": network_summary(network, tokens, len(tokens)),
        "classes": list(FLOW_SHADES),
        "scale": scale_numbers(1.0),
    }


def coloured(network: Network, threshold: float = THRESHOLDS[USUAL]) -> list[tuple[Edge, float]]:
    """Edges along which at least this part of the chosen token comes, the largest first."""
    along, _ = network.flows()
    return [(edge, float(along[edge])) for edge in _largest(along, MOST_COLOURED) if along[edge] >= threshold]


def network_summary(network: Network, tokens: Sequence[str], length: int, count: int = 4) -> str:
    """What reaches the chosen token, the strongest edges, and what is left out of a text of this length, in words."""
    words = [quoted(tokens[token]) for token in network.rows]
    names = network.names
    column, row = network.chosen
    sentences = []
    if column:
        _, nodes = network.flows()
        first = np.argsort(-nodes[0], kind="stable")[:count]
        order = [int(place) for place in first if place == first[0] or nodes[0, place] >= THRESHOLDS[0]]
        parts = ", ".join(f"{percent(float(nodes[0, place]))} from {words[place]}" for place in order)
        read = ", where the answer is read," if (row, column) == (network.answer, network.columns - 1) else ""
        sentences.append(f"{words[row]}{read} is made of the input: {parts}.")
    edges = "; ".join(
        f"{words[key]} → {words[query]} {percent(float(network.shares[layer, query, key]))}"
        + ("" if network.columns == 2 else f" in {names[layer + 1]}")
        for layer, query, key in network.strongest(count)
    )
    if edges:
        sentences.append(f"Strongest edges: {edges}.")
    if length > len(network.rows):
        sentences.append(f"Drawn are the {len(network.rows)} of {length} tokens that give most.")
    return " ".join(sentences)


def column_names(columns: int, encoder: int = 0) -> list[str]:
    return ["input", "output"] if columns == 2 else state_names(columns, encoder)


def briefly(name: str) -> str:
    """A column's name where there is little room: "in", "1", and of two networks "e1", "d1"."""
    words = name.split()
    return "in" if name == "input" else "".join(word[0] for word in words[:-2]) + words[-1]


def flow_class(flow: float) -> str:
    return FLOW_SHADES[round((len(FLOW_SHADES) - 1) * float(rooted(np.float64(flow), 1.0)))]


def _rows(shares: Floats, position: int, token: int) -> list[int]:
    count = shares.shape[1]
    if count <= MOST_ROWS:
        return list(range(count))
    reach = np.zeros(count)
    reach[position] = 1.0
    for layer in shares[::-1]:
        reach = reach @ layer
    reach[[position, token]] = np.inf
    return sorted(int(place) for place in np.argsort(-reach, kind="stable")[:MOST_ROWS])


def _largest(values: Floats, count: int) -> list[Edge]:
    """Places of the largest values above 0, ties in their order."""
    flat = values.ravel()
    order = np.argsort(-flat, kind="stable")[:count]
    places = np.unravel_index(order[flat[order] > 0], values.shape)
    return [(int(layer), int(query), int(key)) for layer, query, key in zip(*places, strict=True)]
