"""What was seen, without script: figures, a page, a picture, a table, JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from tokimp.errors import OptionError
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen
from tokimp.ui.inside import attending, payloads
from tokimp.ui.inside.answer import answer_of, said_of, source_of
from tokimp.ui.inside.state import Selection
from tokimp.views.characters import drawable, escaped
from tokimp.views.drawing import Node
from tokimp.views.figure import figure_svg, page_html
from tokimp.views.figure_png import figure_png
from tokimp.views.inside.answer import answer_figure
from tokimp.views.inside.layers import layers_figure, state_names
from tokimp.views.inside.lens import lens_figure
from tokimp.views.inside.network_figure import network_figure
from tokimp.views.inside.probabilities import bars_figure
from tokimp.views.inside.readings import readings_figure
from tokimp.views.inside.wide import wide_html
from tokimp.views.spreadsheet import guarded

Rows = Iterable[list[Any]]
Figures = dict[str, Callable[[], Node]]
"""How to draw each drawing of a view, by what it is called."""


def figures(seen: Seen) -> list[Node]:
    """A view's drawings, the one that stands for it first."""
    return [draw() for draw in _figures(seen).values()]


def figure_names(seen: Seen) -> list[str]:
    """What the drawings are called, in their order; none is drawn."""
    return list(_figures(seen))


def _figures(seen: Seen) -> Figures:
    return _FIGURES[seen.request.view](seen, Selection.of(seen.request.options))


def body(seen: Seen) -> str:
    """All drawings with what is to be known of them, as markup without style."""
    info, asked = LOOKS[seen.request.view].info, seen.request
    facts = [("model", asked.model), ("read", f"{_text_tokens(seen)} tokens")]
    if asked.generated:
        facts += [("answer", answer_of(seen)), ("written", f"{len(asked.generated)} tokens")]
    facts.append(("shown by", info.paper))
    facts += [(name, str(value)) for name, value in asked.options.items()]
    listed = "".join(f"<div><dt>{escaped(name)}</dt><dd>{escaped(drawable(value))}</dd></div>" for name, value in facts)
    told = "".join(f"<p>{escaped(sentence)}</p>" for sentence in [info.tells, *payloads.told(seen), *seen.notes])
    drawn = "".join(wide_html(figure, str(figure[1].get("aria-label", info.title))) for figure in figures(seen))
    return (
        f'<section class="tk-root tk-inside"><h2 class="tk-question" dir="auto">{escaped(title(seen))}</h2>'
        f'<dl class="tk-facts">{listed}</dl>{told}{drawn}</section>'
    )


def _text_tokens(seen: Seen) -> int:
    return sum(token.segment != "generated" for token in seen.tokens)


def title(seen: Seen) -> str:
    """What is seen, of which text."""
    text = " ".join(drawable(seen.request.text).split())
    return f"{LOOKS[seen.request.view].info.title}: {text if len(text) <= 80 else text[:79] + '…'}"


def content(seen: Seen, suffix: str, *, dark: bool = False, transparent: bool = False, figure: int = 0) -> bytes:
    """What a file of this suffix holds; a picture holds one drawing, by its place in `figure_names`.

    Raises:
        TokimpError: Pillow is missing. InputError: the drawing is too large for a PNG. OptionError: there is no such.
    """
    if suffix in (".png", ".svg"):
        drawings = list(_figures(seen).values())
        if not 0 <= figure < len(drawings):
            raise OptionError(f"There is no drawing {figure}.", f"This view has 0 to {len(drawings) - 1}.")
        drawn = drawings[figure]()
        if suffix == ".png":
            return figure_png(drawn, dark=dark, transparent=transparent)
        return figure_svg(drawn, dark=dark, transparent=transparent).encode("utf-8", "replace")
    written = {
        ".html": lambda: page_html(title(seen), body(seen)),
        ".csv": lambda: table(seen),
        ".json": seen.to_json,
    }
    return written[suffix]().encode("utf-8", "replace")


def table(seen: Seen) -> str:
    """The numbers of the view's main drawing, after RFC 4180: long, one row a number where there are several axes."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    for row in _ROWS[seen.request.view](seen):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return held.getvalue()


def _probabilities(seen: Seen, _at: Selection) -> Figures:
    drawn: Figures = {}
    if payloads.has_readings(seen):
        drawn["the answer" if source_of(seen) else "the text"] = lambda: _readings(seen)
    if seen.facts["candidates"]:
        drawn["what the model says"] = lambda: _bars(seen)
    if seen.facts.get("changes"):
        drawn["what changes"] = lambda: payloads.changes_tree(seen)
    return drawn


def _readings(seen: Seen) -> Node:
    colour: Any = seen.request.options.get("colour", "surprisal")
    taken, tokens, text, _ = said_of(seen)
    return readings_figure(taken, tokens, text, payloads.word_of(seen), colour)


def _bars(seen: Seen) -> Node:
    labels, shares = zip(*((each["label"], each["prob"]) for each in seen.facts["candidates"]), strict=True)
    return bars_figure(labels, shares, "What the model says", words=seen.request.task != "classification")


def _lens(seen: Seen, at: Selection) -> Figures:
    reading, names, word = payloads.reading_of(seen), payloads.names_of(seen), payloads.word_of(seen)
    token = payloads.lens_token(seen, at)
    return {
        "the table": lambda: lens_figure(reading, names, word, selected=token),
        "the answer": lambda: answer_figure(reading, token, names, word, layer=at.layer),
    }


def _layers(seen: Seen, _at: Selection) -> Figures:
    rows, words = state_names(len(seen["scores"])), payloads.names_of(seen)
    return {"layers": lambda: layers_figure(seen["scores"], words, rows, title=payloads.layers_title(seen))}


def _states(seen: Seen, at: Selection) -> Figures:
    marked = replace(at, layer=seen.facts["layer"])
    return {
        "all tokens": lambda: payloads.state_points(seen, marked),
        "the token’s way": lambda: payloads.state_way(seen, marked),
        "how alike": lambda: payloads.state_similarity(seen, marked),
    }


def _network(seen: Seen, at: Selection) -> Figures:
    edges = payloads.edges_of(seen)
    column = None if at.layer is None or len(edges) == 1 else min(at.layer, len(edges))
    picked, position = {"token": at.token, "layer": column}, seen.facts["position"]
    drawn = (edges, payloads.names_of(seen), position)
    return {"network": lambda: network_figure(*drawn, selected=picked, encoder=seen.facts["encoder_layers"])}


def _compared(seen: Seen, at: Selection) -> Figures:
    return {"comparison": lambda: payloads.agreement_chart(seen, at)}


_FIGURES: dict[str, Callable[[Seen, Selection], Figures]] = {
    "attention": attending.figures,
    "token_probabilities": _probabilities,
    "logit_lens": _lens,
    "layers": _layers,
    "hidden_states": _states,
    "network": _network,
    "inside_outside": _compared,
}


def _matrix(name: str, axes: tuple[str, str], value: str) -> Callable[[Seen], Rows]:
    """An array of two axes, the last of which is the text's tokens."""

    def rows(seen: Seen) -> Rows:
        yield [*axes, "token", value]
        for (row, column), number in np.ndenumerate(seen[name]):
            yield [row, column, seen.tokens[column].text, float(number)]

    return rows


def _columns(*names: str) -> Callable[[Seen], Rows]:
    """Arrays (token,) beside each other, as far as they are there."""

    def rows(seen: Seen) -> Rows:
        kept = [name for name in names if name in seen.arrays]
        yield ["position", "token", *kept]
        for place, token in enumerate(seen.tokens):
            yield [place, token.text, *(_cell(seen[name][place]) for name in kept)]

    return rows


def _cell(number: Any) -> float | str:
    return float(number) if np.isfinite(number) else ""


def _points(seen: Seen) -> Rows:
    yield ["position", "token", "first", "second"]
    for place, token in enumerate(seen.tokens):
        yield [place, token.text, *(_cell(each) for each in seen["points"][place])]


def _lens_rows(seen: Seen) -> Rows:
    word = payloads.word_of(seen)
    yield ["layer", "position", "token", "likeliest", "probability", "answer", "answer_probability", "answer_rank"]
    for (layer, place), rank in np.ndenumerate(seen["rank"]):
        position = int(seen["positions"][place])
        best = word(int(seen["top"][layer, place, 0])), float(seen["top_probability"][layer, place, 0])
        answer = word(int(seen["answer"][place])), float(seen["probability"][layer, place]), int(rank)
        yield [layer, position, seen.tokens[position].text, *best, *answer]


_ROWS: dict[str, Callable[[Seen], Rows]] = {
    "attention": attending.rows,
    "token_probabilities": _columns("probability", "rank", "entropy", "surprisal"),
    "logit_lens": _lens_rows,
    "layers": _matrix("scores", ("layer", "position"), "score"),
    "hidden_states": _points,
    "network": _matrix("direct", ("query", "key"), "share"),
    "inside_outside": _columns("scores", "attention"),
}
