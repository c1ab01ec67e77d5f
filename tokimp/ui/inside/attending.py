"""Attention that was seen: as payloads of its views, as drawings without script, and as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tokimp.internals.looks.seen import Seen
from tokimp.ui.components import Payload
from tokimp.ui.inside.state import Selection
from tokimp.views.drawing import Node
from tokimp.views.inside.attention import grid_payload, map_payload
from tokimp.views.inside.attention_figure import grid_figure, map_figure
from tokimp.views.inside.layers import layer_title, token_names

WHOSE = {"cross": "decoder", "encoder": "encoder", "decoder": "decoder"}
"""Whose layers have an attention."""

_LEADS = {
    "cross": "The answer’s attention to the text",
    "encoder": "The text’s attention to itself",
    "decoder": "The answer’s attention to itself",
}
_READ = "A row is a token of the answer as the decoder reads it, on the way to the next one"
_TOLD = {
    "cross": f"{_READ}; columns are tokens of the text.",
    "encoder": "Rows and columns are tokens of the text, as the encoder reads it.",
    "decoder": f"{_READ}; columns are the answer so far.",
}


def heads(seen: Seen, _at: Selection) -> Payload:
    facts, whose = seen.facts, _whose(seen)
    return grid_payload(
        seen["pictures"],
        seen["habits"],
        facts["habits"],
        measure=facts["measure"],
        whose=whose,
        first=facts["first"],
    )


def one_map(seen: Seen, _at: Selection) -> Payload:
    queries, keys = _sides(seen)
    starts = (seen.facts["queries"][0], seen.facts["keys"][0])
    return map_payload(seen["map"], queries, keys, title=title(seen), measure=seen.facts["measure"], starts=starts)


def figures(seen: Seen, at: Selection) -> dict[str, Callable[[], Node]]:
    """How to draw each drawing, by what it is called."""
    facts, measure, (queries, keys) = seen.facts, seen.facts["measure"], _sides(seen)
    layer = None if facts["layer"] is None else facts["layer"] - 1 - facts["first"]
    chosen = {"layer": layer, "head": facts["head"]}
    cell, name = _cell(seen, at), title(seen)

    def grid() -> Node:
        shown = {"measure": measure, "whose": _whose(seen), "selected": chosen}
        return grid_figure(seen["pictures"], seen["habits"], facts["habits"], **shown)

    return {
        "the map": lambda: map_figure(seen["map"], queries, keys, title=name, measure=measure, selected=cell),
        "all heads": grid,
    }


def rows(seen: Seen) -> Iterable[list[Any]]:
    """Every cell of the map; queries and keys are places among all tokens, and the token is the key's."""
    (first, _), (start, _) = seen.facts["queries"], seen.facts["keys"]
    yield ["query", "key", "token", "attention"]
    for (row, column), number in np.ndenumerate(seen["map"]):
        yield [first + row, start + column, seen.tokens[start + column].text, float(number)]


def told(seen: Seen) -> list[str]:
    """With an encoder, what rows and columns are."""
    part = seen.facts["part"]
    return [_TOLD[part]] if part else []


def title(seen: Seen) -> str:
    """Which attention the map shows."""
    layer, head, part = (seen.facts[name] for name in ("layer", "head", "part"))
    if layer is None:
        where = "mean over all layers and heads" if head is None else f"head {head + 1}, mean over all layers"
    else:
        named = layer_title(layer, seen.facts["encoder_layers"])
        where = f"{named}, mean over its heads" if head is None else f"{named}, head {head + 1}"
    return f"{_LEADS[part]}: {where}" if part else where[0].upper() + where[1:]


def _whose(seen: Seen) -> str:
    part = seen.facts["part"]
    return WHOSE[part] if part else ""


def _sides(seen: Seen) -> tuple[list[str], list[str] | None]:
    """Tokens that look, and those that are looked at where they are others."""
    names = token_names(seen.tokens, seen.request.text)
    queries, keys = (slice(*seen.facts[axis]) for axis in ("queries", "keys"))
    return names[queries], None if keys == queries else names[keys]


def _cell(seen: Seen, at: Selection) -> dict[str, int | None]:
    """Which row of the map is pointed at, or which column where the token is none of its queries."""
    query, key = (_place(at.token, seen.facts[axis]) for axis in ("queries", "keys"))
    return {"query": query, "key": key if query is None else None}


def _place(token: int | None, ends: list[int]) -> int | None:
    return token - ends[0] if token is not None and ends[0] <= token < ends[1] else None
