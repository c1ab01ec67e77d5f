"""How far methods agree, as a matrix of coloured cells."""

from __future__ import annotations

from typing import Any, Literal, get_args

from tokimp.comparison import Agreement
from tokimp.types import Floats
from tokimp.views.color import bucket_class, buckets
from tokimp.views.compare.cells import ROW, SCALE, cell, listed, method_name, scale, scale_width, two_digits, width_of
from tokimp.views.drawing import Node
from tokimp.views.inside.axes import chart, text
from tokimp.views.inside.wide import wide_html

Measure = Literal["spearman", "kendall", "overlap"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

_CELL = 46
_SLOPE = 0.71
_ENDS = ("at odds", "agree")


def matrix_payload(agreement: Agreement) -> dict[str, Any]:
    """For each measure what the browser's drawing draws; a cell is picked as "pair", row × methods + column."""
    drawn: dict[str, Any] = {measure: {"tree": matrix_figure(agreement, measure)} for measure in MEASURES}
    return drawn | {"titles": {measure: title(agreement, measure) for measure in MEASURES}, "note": note(agreement)}


def matrix_html(agreement: Agreement, measure: Measure = "spearman") -> str:
    """The same without script, in a box that scrolls by itself."""
    return wide_html(matrix_figure(agreement, measure), title(agreement, measure), title(agreement, measure))


def matrix_figure(agreement: Agreement, measure: Measure = "spearman") -> Node:
    """Methods downwards and to the right; the full colour is 1."""
    names, values = [method_name(key) for key in agreement.names], getattr(agreement, measure)
    signed = measure != "overlap"
    longest = max(map(width_of, names), default=0.0)
    left, above = longest + 14, longest * _SLOPE + 18
    content: list[Node] = []
    for place, name in enumerate(names):
        middle = left + (place + 0.5) * _CELL
        content.append(text(name, middle, above - 8, "tk-axis", turn=-45))
        content.append(text(name, left - 8, above + place * ROW + ROW / 2 + 3.5, "tk-axis", "end"))
    for row, one in enumerate(names):
        for column, other in enumerate(names):
            number = two_digits(values[row, column])
            box = (left + column * _CELL, above + row * ROW, float(_CELL))
            said = f"{one} and {other}: {number}"
            content.append(
                cell(number, said, _shade(values, row, column, signed), box, ("pair", row * len(names) + column))
            )
    bottom = above + ROW * len(names) + 14
    content += scale(1.0, 0.0, bottom, _ENDS, signed=signed)
    width = max(left + _CELL * len(names) + longest * _SLOPE, scale_width(1.0, _ENDS, signed=signed) + 8)
    return chart(content, round(bottom + SCALE), f"{title(agreement, measure)}, {len(names)} methods", round(width))


def title(agreement: Agreement, measure: Measure) -> str:
    over = f"over {agreement.count} tokens"
    if measure == "overlap":
        return f"Share of the {agreement.top_k} tokens of largest size that both have"
    return f"Agreement of methods: {'Spearman’s ρ' if measure == 'spearman' else 'Kendall’s τ-b'} {over}"


def note(agreement: Agreement) -> str:
    """Which pairs are compared without signs."""
    without = [method_name(key) for key, signed in zip(agreement.names, agreement.signed, strict=True) if not signed]
    if not without:
        return "Scores are compared with their signs, overlap by size."
    if len(without) == len(agreement.names):
        return "Scores are compared by size: none of these methods has signs."
    return f"Scores are compared with their signs, but by size in pairs with {listed(without)}; overlap by size."


def _shade(values: Floats, row: int, column: int, signed: bool) -> str:
    return bucket_class(int(buckets([values[row, column]], 1.0)[0]), signed=signed)
