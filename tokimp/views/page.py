"""An explanation as a page of its own, and as what a notebook shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tokimp.assets import read_asset
from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.characters import checked_link, escaped, quoted
from tokimp.views.history import history_svg
from tokimp.views.judged import judged_html
from tokimp.views.numbers import percent, show
from tokimp.views.sheets import digest, lean, used
from tokimp.views.table import table_html
from tokimp.views.text import legend_html, tokens_html

ROWS_ON_A_PAGE = 18
_UNITS = {"logit": "logit", "log_prob": "log-probability", "prob": "probability"}


def explanation_fragment(explanation: Explanation) -> str:
    """Caption, coloured text and table for a page of somebody else's; brings its own style, no script."""
    body = explanation_body(explanation)
    return f"<style>{_style(explanation, body)}</style>{body}"


def explanation_page(explanation: Explanation, link: str | None = None, scores: Sequence[Score] = ()) -> str:
    """One self-contained document: no script, no request, light and dark as the reader's system is.

    `link` is where the explanation can be had again; `scores` are what metrics say of it.

    Raises:
        OptionError: the link is no web address.
    """
    body = explanation_body(explanation, link, scores, unfolded=True)
    style = _style(explanation, body)
    title = escaped(f"{question(explanation)} · tokimp")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src '{digest(style)}'; base-uri 'none'; form-action 'none'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{title}</title><style>{style}</style></head>'
        f'<body class="tk-page"><main>{body}</main></body></html>\n'
    )


def question(explanation: Explanation) -> str:
    """What is explained, in one line: Why “ girl” rather than “ boy”?"""
    target = explanation.target
    rather = f" rather than {quoted(target.contrast_label)}" if target.contrast_label is not None else ""
    return f"Why {quoted(target.label)}{rather}?"


def facts(explanation: Explanation) -> list[tuple[str, str]]:
    """What a reader needs to judge the numbers: (name, value) pairs of plain text."""
    request = explanation.request
    pairs = [
        (
            "model",
            request.model if request.revision in ("", "main") else f"{request.model} @ {request.revision}",
        ),
        ("method", request.method.replace("_", " ")),
        ("probability", percent(explanation.probability)),
        (_UNITS[explanation.target.output], show(explanation.output)),
    ]
    if explanation.baseline_output is not None:
        pairs.append(("at the baseline", show(explanation.baseline_output)))
    pairs.append(("cost", f"{explanation.evaluations:,} evaluations, {show(explanation.seconds)} s"))
    return pairs


def brief(explanation: Explanation) -> list[tuple[str, str]]:
    """The facts that there is always room for; the model's revision is not among them."""
    request = explanation.request
    named = [("model", request.model), ("method", request.method.replace("_", " "))]
    return [*named, ("probability", percent(explanation.probability))]


def explanation_body(
    explanation: Explanation, link: str | None = None, scores: Sequence[Score] = (), *, unfolded: bool = False
) -> str:
    """Caption, coloured text, trust, table and story, without style."""
    listed = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in facts(explanation)
    )
    if link is not None:
        listed += f'<div><dt>link</dt><dd><a href="{escaped(checked_link(link))}">open it again</a></dd></div>'
    limits = "".join(f'<p class="tk-limit">{escaped(note)}</p>' for note in explanation.attribution.notes)
    opened = " open" if unfolded else ""
    story = history_svg(explanation)
    how = f"<details{opened}><summary>How it got there</summary>{story}</details>" if story else ""
    return (
        f'<section class="tk-root"><h2 class="tk-question" dir="auto">{escaped(question(explanation))}</h2>'
        f'<dl class="tk-facts">{listed}</dl>{limits}{tokens_html(explanation)}{legend_html(explanation)}'
        f"{judged_html(scores, unfolded=unfolded)}"
        f"<details{opened}><summary>Table</summary>{table_html(explanation, ROWS_ON_A_PAGE)}</details>{how}</section>"
    )


def _style(explanation: Explanation, body: str) -> str:
    """The style sheet with the shades of one scale, which travels with every page, and what else the body needs."""
    unused = "u" if explanation.attribution.signed else "[pn]"
    whole = lean(re.sub(rf"^\.tk{unused}\d.*?$", "", read_asset("explanation.css"), flags=re.MULTILINE))
    return whole + used(read_asset("charts.css"), body)
