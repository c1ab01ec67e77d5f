"""What the browser draws of an explained answer: one tree, and the colours of each stop."""

from __future__ import annotations

import hashlib
from typing import Any

from tokimp.generation import GenerationExplanation
from tokimp.views.characters import quoted, spoken
from tokimp.views.color import scale_classes
from tokimp.views.drawing import Node, node
from tokimp.views.generation.heat import CELL, grid_of, heat_figure, label
from tokimp.views.generation.stops import Stop, shared_scale, signed, stops
from tokimp.views.generation.table import table_tree
from tokimp.views.generation.text import answer_tree, names, prompt_tree
from tokimp.views.numbers import show
from tokimp.views.text import AWAY, NEITHER, TOWARDS
from tokimp.views.uncertainty import MAY_BE_NOTHING


def generation_payload(explained: GenerationExplanation) -> dict[str, Any]:
    """`stops`: of each what stands above the text, the shades of its tokens on the scale of all and on its own.

    While the answer is being written there are no stops yet, and its tokens stand there plain.
    """
    found, is_signed = stops(explained), signed(explained)
    scale = shared_scale(found)
    choosing = {stop.place: {"data_row": row} for row, stop in enumerate(found[1:])}
    parts = [prompt_tree(explained, None, 0.0, is_signed), answer_tree(explained, None, 0.0, is_signed, choosing)]
    grid = grid_of(explained, found) if found else None
    return {
        "tree": node("div", [*parts, *matrix_nodes(explained, found)], kind="tk-generation"),
        "stops": [_stop(stop, scale) for stop in found],
        "names": [quoted(name) for name in names(explained)],
        "spoken": [spoken(name) for name in names(explained)],
        "classes": scale_classes(signed=is_signed),
        "words": [TOWARDS, AWAY, NEITHER] if is_signed else ["", "", ""],
        "maybe": MAY_BE_NOTHING,
        "grid": None if grid is None else {"left": grid.left, "cell": CELL, "columns": list(grid.columns)},
        "start": explained.start,
        "span": [explained.span.first, explained.span.end],
        "count": len(explained.log_probs),
        "key": digest(explained),
        "finished": explained.finished,
    }


def digest(explained: GenerationExplanation) -> str:
    """The same for the same question, however far its answer has come."""
    request = explained.request
    told = f"{request.model} {request.method} {request.text} {explained.span.first} {sorted(request.options.items())}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:8]


def _stop(stop: Stop, scale: float) -> dict[str, Any]:
    shared = scale if stop.place >= 0 else stop.top
    return {
        "place": stop.place,
        "head": stop.head,
        "shades": stop.shades(shared),
        "own": stop.shades(stop.top),
        "numbers": list(stop.numbers),
        "maybe": sorted(stop.maybe),
        "top": show(shared),
        "own_top": show(stop.top),
    }


def matrix_nodes(explained: GenerationExplanation, found: list[Stop]) -> list[Node]:
    """Heatmap and table, each in a box that scrolls by itself; nothing without rows."""
    if not found:
        return []
    figure, table = heat_figure(explained, found), table_tree(explained, found)
    box = node("div", [figure], kind="tk-wide", tabindex="0", role="group", aria_label=label(explained))
    scroll = node("div", [table], kind="tk-wide", tabindex="0", role="group", aria_label="Numbers")
    return [box, node("details", [node("summary", "Numbers"), scroll])]
