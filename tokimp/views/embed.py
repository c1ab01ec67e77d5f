"""A result as a small page of its own, to stand in a frame on somebody else's page: no script, no request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from tokimp.assets import read_asset
from tokimp.score import Score
from tokimp.types import Attribution, Explanation, Floats, Request, Target
from tokimp.views.characters import escaped, shown
from tokimp.views.color import bucket_class, buckets, full_scale
from tokimp.views.flow import lines_of
from tokimp.views.judged import judged_html, judged_line
from tokimp.views.letters import estimated_width
from tokimp.views.numbers import show
from tokimp.views.page import brief, question
from tokimp.views.pieces import typed_pieces
from tokimp.views.sheets import digest, used
from tokimp.views.table import ranked_rows
from tokimp.views.text import legend_html, pinned, tokens_html

Theme = Literal["", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
WIDTH = 640
"""Pixels that the code for a frame asks for; in less room the text flows into more lines."""

HIGHEST = 1000
"""Longer results scroll inside their frame."""

LABEL = 20
_INSIDE = "explanation.css", "charts.css", "inside_charts.css", "generation.css"
_WIDER = 1.06
"""How much wider than Helvetica a reader's own font may be."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a result.

    link: the whole page, also as an address relative to the embed's own; oembed: where this embed
    is described to other sites; theme: "" is the reader's own; notes: sentences above the text;
    scores: what metrics say of an explanation, a line under it.
    """

    link: str = ""
    oembed: str = ""
    theme: Theme = ""
    notes: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A page, and what a Content-Security-Policy calls its style sheet."""

    html: str
    style: str


def tokens_embed(explanation: Explanation, frame: Frame | None = None) -> Document:
    """The question, the coloured text with numbers on hover, and all numbers in a list to be unfolded."""
    drawing = tokens_html(explanation) + legend_html(explanation)
    numbers = f"<details><summary>Numbers</summary>{_numbers(explanation)}</details>"
    return _framed(explanation, drawing, numbers, frame or Frame())


def heatmap_embed(
    explanation: Explanation, scores: Floats, outputs: Sequence[str], frame: Frame | None = None
) -> Document:
    """The same with scores (token, output) as a table of coloured numbers."""
    signed = explanation.attribution.signed
    plain = replace(explanation, attribution=Attribution(explanation.scores, signed=signed))
    drawing = legend_html(plain, full_scale(scores)) + _cells(explanation, scores, outputs)
    return _framed(explanation, drawing, "", frame or Frame())


def figures_embed(title: str, body: str, frame: Frame | None = None) -> Document:
    """Drawings of what happens inside a model, as markup that brings its own heading."""
    frame = frame or Frame()
    notes = "".join(f'<p class="tk-limit">{escaped(note)}</p>' for note in frame.notes)
    return _document(title, f'{notes}{body}<div class="tk-foot">{_link(frame)}</div>', frame, sheets=_INSIDE)


def notice(title: str, sentence: str, frame: Frame | None = None, refresh: int | None = None) -> Document:
    """A page without a result: what is the matter. With `refresh` it asks again after so many seconds."""
    frame = frame or Frame()
    link = f'<p class="tk-foot">{_link(frame)}</p>' if frame.link else ""
    body = f'<h1 class="tk-question">{escaped(title)}</h1><p class="tk-said">{escaped(sentence)}</p>{link}'
    again = "" if refresh is None else f'<meta http-equiv="refresh" content="{refresh}">'
    return _document(title, body, frame, again)


def height(explanation: Explanation, width: int = WIDTH, *, heatmap: bool = False, scores: Sequence[Score] = ()) -> int:
    """Pixels that a frame of this width should have, so that nothing scrolls in it: an estimate, at most `HIGHEST`.

    A page without script cannot tell the frame around it how high it is; hence this goes into the frame's code.
    A line for what metrics say is always among it: they are often known only later.
    """
    room = width - 32
    texts = [f"{name} {value}" for name, value in brief(explanation)]
    total = 32 + 4 + 26 * _rows([question(explanation)], 20 * 1.07, room)
    total += 12 + 21 * _rows(texts, 14, room, gap=27)
    total += sum(8 + 21 * _rows([note], 14, room) for note in explanation.attribution.notes)
    if heatmap:
        total += 12 + 26 * (len(explanation.tokens) + 1)
    else:
        blank = sum(len(found) - 2 for found in re.findall(r"\n{3,}", explanation.request.text))
        total += 12 + 34 * (len(lines_of(explanation, _wide, 17, room)) + blank)
        total += 28 * ((explanation.stderr is not None) + bool(pinned(explanation).any()))
    total += 24 * _rows([f"▸ {judged_line(scores)}"], 14, room)
    total += 28 if width > 480 else 52
    return min(total + 24, HIGHEST)


def expected_height(request: Request, width: int = WIDTH) -> int:
    """The same for a question that has no answer yet."""
    target = Target(0, str(request.target or ""), 0)
    versions: dict[str, str] = {}
    nothing = Explanation(request, (), target, Attribution(np.zeros(0)), 0.0, 0.0, 0.0, 0, versions)
    return height(nothing, width)


def frame_code(address: str, title: str, height: int, width: int = WIDTH) -> str:
    """HTML of a frame around the embed at this address, never wider than what it stands in."""
    return (
        f'<iframe src="{escaped(address)}" title="{escaped(title)}" width="{width}" height="{height}" '
        'style="border:0;max-width:100%" loading="lazy"></iframe>'
    )


def _wide(text: str, size: float) -> float:
    return _WIDER * estimated_width(text, size)


def _rows(texts: Iterable[str], size: float, room: float, gap: float = 0.0) -> int:
    """Lines that texts take beside each other."""
    rows, filled = 1, 0.0
    for text in texts:
        width = _wide(text, size) + gap
        if filled and filled + width > room:
            rows, filled = rows + 1, 0.0
        rows += int(width // room)
        filled += width % room
    return rows


def _framed(explanation: Explanation, drawing: str, foot: str, frame: Frame) -> Document:
    told = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in brief(explanation)
    )
    notes = "".join(
        f'<p class="tk-limit">{escaped(note)}</p>' for note in (*frame.notes, *explanation.attribution.notes)
    )
    body = (
        f'<h1 class="tk-question" dir="auto">{escaped(question(explanation))}</h1><dl class="tk-facts">{told}</dl>'
        f"{notes}{drawing}{judged_html(frame.scores)}"
        f'<div class="tk-foot">{foot}{_link(frame)}</div>'
    )
    return _document(question(explanation), body, frame)


def _document(
    title: str, body: str, frame: Frame, head: str = "", sheets: tuple[str, ...] = ("explanation.css", "charts.css")
) -> Document:
    theme = f" tk-{frame.theme}" if frame.theme else ""
    if frame.oembed:
        head += f'<link rel="alternate" type="application/json+oembed" href="{escaped(frame.oembed)}">'
    root = f'<html lang="en" class="tk-embed{theme}">'
    inside = f'<body><main class="tk-root">{body}</main></body>'
    style = used("".join(map(read_asset, (*sheets, "embed.css"))), root + inside)
    html = (
        f'<!DOCTYPE html>{root}<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{escaped(f'{title} · tokimp')}</title><style>{style}</style></head>{inside}</html>\n"
    )
    return Document(html, digest(style))


def _link(frame: Frame) -> str:
    if not frame.link:
        return ""
    return f'<a href="{escaped(frame.link)}" target="_blank" rel="noopener">Open in tokimp</a>'


def _numbers(explanation: Explanation) -> str:
    """Every token with its number, for those who cannot hover: the largest |score| first."""
    items = "".join(
        f"<li><bdi>{escaped(row['token'])}</bdi>{show(row['score'], row['stderr'])}</li>"
        for row in ranked_rows(explanation)
    )
    return f'<ol class="tk-numbers">{items}</ol>'


def _cells(explanation: Explanation, scores: Floats, outputs: Sequence[str]) -> str:
    signed = explanation.attribution.signed
    shades = buckets(scores)
    head = "".join(f"<th>{escaped(label)}</th>" for label in map(short, outputs))
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    rows = []
    for piece, row, numbers in zip(pieces, shades, scores, strict=True):
        cells = "".join(
            f'<td class="{bucket_class(int(bucket), signed=signed)}">{show(float(number))}</td>'
            for bucket, number in zip(row, numbers, strict=True)
        )
        rows.append(f"<tr><th>{escaped(short(piece.text))}</th>{cells}</tr>")
    return (
        '<div class="tk-scroll" tabindex="0" role="group" aria-label="tokens by outputs"><table class="tk-cells">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def short(text: str) -> str:
    """A token or an output as the name of a row or column."""
    label = shown(text).strip()
    return label if len(label) <= LABEL else label[: LABEL - 1] + "…"
