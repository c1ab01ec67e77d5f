"""Prompt and answer as text, coloured by one stop: one tree for a page without script and for the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tokimp.generation import GenerationExplanation
from tokimp.types import Token
from tokimp.views.characters import drawable, marks, quoted
from tokimp.views.color import bucket_class
from tokimp.views.drawing import Node, node
from tokimp.views.generation.stops import UNSURE, VERY_UNSURE, Stop, probability
from tokimp.views.numbers import percent
from tokimp.views.pieces import Piece, typed_pieces
from tokimp.views.text import effect
from tokimp.views.uncertainty import MAY_BE_NOTHING

PROMPT, ANSWER = "Prompt", "Answer"
QUIET = ("template",)

Facts = Mapping[str, Any]


def prompt_tree(explained: GenerationExplanation, stop: Stop | None, scale: float, signed: bool) -> Node:
    """The prompt's tokens, "data-place" the position of each; without a stop they have no colour."""
    pieces, tail = typed_pieces(explained.tokens, explained.request.text)
    after = pieces[explained.start].gap if explained.start < len(pieces) else tail
    dresses = _dresses(explained, stop, scale, signed)
    spans: list[Node] = []
    for place in range(explained.start):
        spans += _token(
            explained.tokens[place], pieces[place], pieces[place].gap, dresses[place], {"data_place": place}
        )
    return _block(PROMPT, [*spans, *_plain(after)], "tk-prompt")


def answer_tree(
    explained: GenerationExplanation,
    stop: Stop | None,
    scale: float,
    signed: bool,
    choosing: Mapping[int, Facts] | None = None,
) -> Node:
    """The answer's tokens; `choosing` says how a position is chosen: by its label's "for", or by its "data-row"."""
    pieces, _ = typed_pieces(explained.tokens, explained.request.text)
    dresses = _dresses(explained, stop, scale, signed)
    spans: list[Node] = []
    for place in range(explained.start, len(explained.tokens)):
        sure = probability(explained.log_probs[place - explained.start])
        kinds, title = list(dresses[place][0]), dresses[place][1]
        if stop is not None and place >= stop.place >= 0:
            kinds = [*kinds, "tk-chosen" if place == stop.place else "tk-unheard"]
        kinds += ["tk-doubtful"] if VERY_UNSURE <= sure < UNSURE else ["tk-doubted"] if sure < VERY_UNSURE else []
        told = title or f"{quoted(explained.tokens[place].text)}, {percent(sure)}"
        facts = {"data_place": place, **(choosing or {}).get(place, {})}
        spans += _token(explained.tokens[place], pieces[place], "", (kinds, told), facts)
    if spans and spans[0][1].get("class") == "tk-gap":
        spans = spans[1:]  # a block of its own needs no space in front
    return _block(ANSWER, spans, "tk-said-so")


def names(explained: GenerationExplanation) -> list[str]:
    """Each token as typed, "" for the later parts of a character."""
    pieces, _ = typed_pieces(explained.tokens, explained.request.text)
    return [drawable(piece.text) for piece in pieces]


def _block(title: str, spans: list[Node], kind: str) -> Node:
    text = node("div", spans, kind="tk-text", dir="auto")
    return node("div", [node("p", title, kind="tk-part-name"), text], kind=kind)


def _dresses(
    explained: GenerationExplanation, stop: Stop | None, scale: float, signed: bool
) -> list[tuple[list[str], str]]:
    """Classes and title of each token; nothing for those that the stop has no score of."""
    if stop is None:
        return [([], "")] * len(explained.tokens)
    dressed = []
    for place, shade in enumerate(stop.shades(scale)):
        maybe = place in stop.maybe
        meaning = MAY_BE_NOTHING if maybe else effect(float(stop.scores[place]), signed=signed)
        title = ", ".join(filter(None, [stop.numbers[place], meaning]))
        dressed.append(([bucket_class(shade, signed=signed), *(["tk-maybe"] if maybe else [])], title))
    return dressed + [([], "")] * (len(explained.tokens) - len(dressed))


def _token(token: Token, piece: Piece, gap: str, dress: tuple[Sequence[str], str], facts: Facts) -> list[Node]:
    kinds, title = list(dress[0]), dress[1]
    text, lead = drawable(piece.text), ""
    if text.startswith(" ") and not text[1:2].isspace() and len(text) > 1:
        lead, text = " ", text[1:]  # the one space before a word stays uncoloured
    told: dict[str, Any] = {**facts, **({"title": title} if title else {})}
    if piece.added:
        kinds.append("tk-added")
    elif not text:
        kinds.append("tk-piece")
    if token.segment in QUIET:
        kinds.append("tk-quiet")
    if mark := marks(piece.text):
        told["data_mark"] = mark
        chosen = "tk-chosen" in kinds or token.segment == "generated"
        kinds += ["tk-blank"] if chosen or any(name.startswith(("tkp", "tkn", "tku")) for name in kinds) else []
    tag = "label" if "for" in facts else "span"
    return [*_plain(drawable(gap) + lead), node(tag, text, **({"kind": " ".join(kinds)} if kinds else {}), **told)]


def _plain(text: str) -> list[Node]:
    return [node("span", drawable(text), kind="tk-gap")] if text else []
