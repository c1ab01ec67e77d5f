"""The numbers of an explained answer in words: a row for each of its tokens."""

from __future__ import annotations

from tokimp.generation import GenerationExplanation
from tokimp.views.characters import drawable, quoted
from tokimp.views.drawing import Node, node
from tokimp.views.generation.stops import Stop, probability, signed
from tokimp.views.generation.text import names
from tokimp.views.numbers import percent

_MOST = 4


def table_tree(explained: GenerationExplanation, found: list[Stop]) -> Node:
    """What pushed most towards each token and most away from it, the total first."""
    ways = ("pushed towards it", "pushed away") if signed(explained) else ("most of it from",)
    head = [node("th", name, scope="col") for name in ("token", "probability", *ways)]
    body = [_row(explained, stop) for stop in found]
    return node("table", [node("thead", [node("tr", head)]), node("tbody", body)], kind="tk-said-rows")


def _row(explained: GenerationExplanation, stop: Stop) -> Node:
    sure, name = "", "all together"
    if stop.place >= 0:
        number = stop.place - explained.start
        sure = percent(probability(explained.log_probs[number]))
        name = f"{number + 1} {quoted(explained.tokens[stop.place].text)}"
    cells = [node("td", sure), node("td", _most(explained, stop, 1))]
    if signed(explained):
        cells.append(node("td", _most(explained, stop, -1)))
    return node("tr", [node("th", drawable(name), scope="row"), *cells])


def _most(explained: GenerationExplanation, stop: Stop, side: int) -> str:
    known = names(explained)
    order = sorted(range(len(stop.scores)), key=lambda place: -side * float(stop.scores[place]))
    picked = [place for place in order[:_MOST] if side * stop.scores[place] > 0]
    return ", ".join(f"{quoted(known[place])} {stop.numbers[place]}" for place in picked) or "–"
