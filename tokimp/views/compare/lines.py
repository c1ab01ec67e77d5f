"""The text once for each method, coloured by its scores, and once by what all methods say together."""

from __future__ import annotations

from typing import Any

from tokimp.comparison import Comparison
from tokimp.types import Explanation
from tokimp.views.characters import escaped
from tokimp.views.compare.cells import method_name
from tokimp.views.inside.coloured import holding
from tokimp.views.numbers import show
from tokimp.views.text import text_payload, tokens_html

TOGETHER = "all together"


def lines_payload(comparison: Comparison) -> list[dict[str, Any]]:
    """For each method, and first for all together, what the browser's token view draws.

    Each line is coloured up to its own largest |score|: units differ. `method` is "" for all together.
    """
    return [
        {"method": key, "name": name, "cost": cost, "view": text_payload(explanation)}
        for key, name, cost, explanation in _lines(comparison)
    ]


def lines_html(comparison: Comparison) -> str:
    """The same without script."""
    parts = []
    for _, name, cost, explanation in _lines(comparison):
        about = f'<div class="tk-compared-by"><b>{escaped(name)}</b> <small>{escaped(cost)}</small></div>'
        parts.append(about + tokens_html(explanation))
    said = "Each line is coloured up to its own largest score." if parts else "No method could be used."
    return f'<div class="tk-compared">{"".join(parts)}</div><p>{said}</p>'


def _lines(comparison: Comparison) -> list[tuple[str, str, str, Explanation]]:
    lines = []
    if len(comparison.explanations) > 1:
        together = holding(comparison.tokens, comparison.text, comparison.consensus, signed=False)
        lines.append(("", TOGETHER, "mean share of |score|", together))
    for each in comparison.explanations:
        key = each.request.method
        lines.append((key, method_name(key), f"{each.evaluations:,} evaluations, {show(each.seconds)} s", each))
    return lines
