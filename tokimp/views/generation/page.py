"""An explained answer as a page of its own and as what a notebook shows: rows are chosen without any script."""

from __future__ import annotations

from tokimp.generation import GenerationExplanation
from tokimp.views.characters import escaped, quoted
from tokimp.views.color import scale_classes
from tokimp.views.drawing import markup
from tokimp.views.figure import page_html, part_html
from tokimp.views.generation.payload import digest, matrix_nodes
from tokimp.views.generation.stops import Stop, shared_scale, signed, stops, unsure_sentence
from tokimp.views.generation.text import answer_tree, prompt_tree
from tokimp.views.numbers import MINUS, show
from tokimp.views.text import AWAY, TOWARDS

MOST_SPANS = 60_000
"""A longer page draws the coloured text of the first rows only; the matrix and the table have all."""

_LETTERS = 70


def generation_fragment(explained: GenerationExplanation) -> str:
    """For a page of somebody else's: brings its own style, no script."""
    return part_html(generation_body(explained))


def generation_page(explained: GenerationExplanation) -> str:
    """One self-contained document: no script, no request, light and dark as the reader's system is."""
    return page_html(generation_title(explained), generation_body(explained))


def generation_title(explained: GenerationExplanation) -> str:
    """Why “Paris, the city of light.”? In one line, whatever lines the answer has."""
    chosen = explained.answer[explained.span.first : explained.span.end]
    said = " ".join("".join(token.text for token in chosen).split())
    return f"Why {quoted(said if len(said) <= _LETTERS else said[: _LETTERS - 1] + '…')}?"


def generation_facts(explained: GenerationExplanation) -> list[tuple[str, str]]:
    """(name, value) pairs of plain text."""
    request = explained.request
    named = request.model if request.revision in ("", "main") else f"{request.model} @ {request.revision}"
    told = sum(explained.log_probs[explained.span.first : explained.span.end])
    cost = f"{explained.evaluations:,} evaluations, {show(explained.seconds)} s"
    pairs = [("model", named), ("method", request.method.replace("_", " ")), ("log-probability", show(told))]
    return [*pairs, ("tokens", str(len(explained.log_probs))), ("cost", cost)]


def generation_body(explained: GenerationExplanation) -> str:
    """Facts, the text with a panel a stop, heatmap and table, without style."""
    listed = "".join(
        f"<div><dt>{name}</dt><dd>{escaped(value)}</dd></div>" for name, value in generation_facts(explained)
    )
    limits = "".join(f'<p class="tk-limit">{escaped(note)}</p>' for note in explained.notes)
    if not explained.finished:
        limits += f'<p class="tk-limit">Unfinished: {len(explained.rows)} tokens of the answer are explained.</p>'
    unsure = unsure_sentence(explained)
    told = f'<p class="tk-note" dir="auto">{escaped(unsure)}</p>' if unsure else ""
    found = stops(explained)
    matrix = "".join(map(markup, matrix_nodes(explained, found)))
    return (
        f'<section class="tk-root tk-inside tk-generation"><h2 class="tk-question" dir="auto">'
        f'{escaped(generation_title(explained))}</h2><dl class="tk-facts">{listed}</dl>{limits}'
        f"{_panels(explained, found)}{told}{matrix}</section>"
    )


def _panels(explained: GenerationExplanation, found: list[Stop]) -> str:
    """Of each stop a hidden radio button and, behind it, what stands there while it is chosen."""
    is_signed, scale = signed(explained), shared_scale(found)
    if not found:
        trees = (prompt_tree(explained, None, 0.0, is_signed), answer_tree(explained, None, 0.0, is_signed))
        return "".join(map(markup, trees))
    shown = found[: max(MOST_SPANS // len(explained.tokens), 1) + 1]
    group = f"tk-{digest(explained)}"
    ids = [f"{group}-{number}" for number in range(len(shown))]
    choosing = {stop.place: {"for": name} for stop, name in zip(shown[1:], ids[1:], strict=True)}
    parts = []
    for number, stop in enumerate(shown):
        top = scale if stop.place >= 0 else stop.top
        trees = (
            prompt_tree(explained, stop, top, is_signed),
            answer_tree(explained, stop, top, is_signed, choosing),
        )
        checked = "" if number else " checked"
        parts.append(
            f'<input type="radio" class="tk-stop" name="{group}" id="{ids[number]}" '
            f'aria-label="{escaped(stop.head)}"{checked}><div class="tk-panel">{_stepper(stop, ids, number)}'
            f"{''.join(map(markup, trees))}{_legend(top, is_signed)}</div>"
        )
    left_out = len(found) - len(shown)
    more = f'<p class="tk-note">{left_out} more tokens stand in the heatmap and in the table.</p>' if left_out else ""
    return f'<div class="tk-panels" role="radiogroup" aria-label="Tokens of the answer">{"".join(parts)}</div>{more}'


def _stepper(stop: Stop, ids: list[str], number: int) -> str:
    sides = (("◄", number - 1, "the one before"), ("►", number + 1, "the next one"))
    back, on = (
        f'<label for="{ids[at]}" class="tk-step" title="{title}">{sign}</label>'
        if 0 <= at < len(ids)
        else f'<span class="tk-step tk-nowhere">{sign}</span>'
        for sign, at, title in sides
    )
    total = f'<label for="{ids[0]}" class="tk-step">total</label>' if number else ""
    return f'<div class="tk-steps-bar">{back}{on}<b dir="auto">{escaped(stop.head)}</b>{total}</div>'


def _legend(top: float, is_signed: bool) -> str:
    steps = "".join(f'<i class="{name}">{"0" * (name == "tk0")}</i>' for name in scale_classes(signed=is_signed))
    scale = f'<span class="tk-scale">{steps}</span><b>{show(top)}</b>'
    if not is_signed:
        return f'<div class="tk-legend">{scale}<span class="tk-towards">how much</span></div>'
    away = f'<span class="tk-away">◄ {AWAY}</span><b>{MINUS}{show(top)}</b>'
    return f'<div class="tk-legend">{away}{scale}<span class="tk-towards">{TOWARDS} ►</span></div>'
