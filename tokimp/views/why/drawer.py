"""Reasons as a drawer: a headline, then sentences that unfold into the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence

from tokimp.assets import read_asset
from tokimp.reasons import Number, Part, Reason, Reasons
from tokimp.views.characters import drawable, escaped
from tokimp.views.drawing import WIDE, Node, markup, node, stretched
from tokimp.views.numbers import percent, show
from tokimp.views.sheets import used

TITLES = {
    "token": "What it is",
    "without": "Without it",
    "instead": "Another in its place",
    "moved": "Somewhere else",
    "removals": "Other ways to take it away",
    "chance": "Beside other tokens",
    "sink": "Sink or effect",
    "methods": "Other methods",
    "interactions": "Together with others",
    "repeats": "Other settings and seeds",
}
SHARES = ("probability", "share")
_BAR, _EDGE = 16.0, 4.0


def reasons_html(reasons: Reasons, *, unfolded: bool = False) -> str:
    """The same without script."""
    opened = " open" if unfolded else ""
    listed = "".join(_reason(reason, opened) for reason in reasons.reasons)
    cost = f"{reasons.evaluations:,} evaluations, {show(reasons.seconds)} s"
    state = cost if reasons.finished else f"Unfinished: {cost} so far"
    return (
        f'<section class="tk-root tk-why"><p class="tk-headline" dir="auto">{_told(reasons.headline)}</p>'
        f'{listed}<p class="tk-note">{state}</p></section>'
    )


def reasons_fragment(reasons: Reasons) -> str:
    """The same for a page of somebody else's; brings its own style, no script."""
    html = reasons_html(reasons)
    return f"<style>{used(read_asset('explanation.css') + read_asset('why.css'), html)}</style>{html}"


def numbers_tree(numbers: Sequence[Number]) -> Node | None:
    """One row a number: its name, a bar, the number with its unit.

    Bars of one unit share a scale. Ranks have none, nor has a number that stands alone in its unit.
    """
    if not numbers:
        return None
    alike = {unit: [row for row in numbers if row.unit == unit] for unit in {row.unit for row in numbers}}
    reach = {unit: _reach(rows) for unit, rows in alike.items() if unit in SHARES or (len(rows) > 1 and unit != "rank")}
    return node("div", [_row(row, reach.get(row.unit)) for row in numbers], kind="tk-why-rows")


def shown_number(row: Number) -> str:
    """With its standard error and its unit: "47 %", "1.9 ± 0.07 logits"."""
    if row.unit in SHARES:
        return percent(row.value) if row.stderr is None else f"{percent(row.value)} ± {percent(row.stderr)}"
    number = show(row.value, row.stderr)
    return f"{number} {row.unit}" if row.unit not in ("", "rank") else number


def _row(row: Number, reach: tuple[float, float] | None) -> Node:
    name, number = drawable(row.name), shown_number(row)
    bar = node("span") if reach is None else _bar(row, *reach, f"{name}: {number}")
    return node("div", [node("span", name), bar, node("span", number, kind="tk-number")], kind="tk-why-row")


def _bar(row: Number, low: float, high: float, label: str) -> Node:
    """From zero to the value, with a line as long as the standard error to each side."""

    def x(value: float) -> float:
        return round(WIDE * (min(max(value, low), high) - low) / (high - low), 1)

    start, end = sorted((x(0.0), x(row.value)))
    kind = "tk-less" if row.value < 0 else "tk-more"
    lines = [
        node("path", kind="tk-zero", d=f"M{x(0.0)} 0V{_BAR:g}"),
        node("rect", kind=kind, x=start, y=_EDGE, width=max(end - start, 1.0), height=_BAR - 2 * _EDGE),
    ]
    if row.stderr:
        ends = f"M{x(row.value - row.stderr)} {_BAR / 2:g}H{x(row.value + row.stderr)}"
        lines.append(node("path", kind="tk-error", d=ends))
    return stretched(lines, _BAR, label)


def _reach(rows: Sequence[Number]) -> tuple[float, float]:
    """The ends of the scale: zero is on it, and probabilities and shares of one always have the same."""
    ends = [row.value + side * (row.stderr or 0.0) for row in rows for side in (-1, 1)]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    if rows[0].unit in SHARES and low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    return (low, high) if high > low else (0.0, 1.0)


def _reason(reason: Reason, opened: str) -> str:
    title = f'<span class="tk-why-title">{escaped(TITLES.get(reason.kind, reason.kind))}</span> {_told(reason.parts)}'
    notes = "".join(f'<p class="tk-note" dir="auto">{escaped(note)}</p>' for note in reason.notes)
    tree = numbers_tree(reason.numbers)
    inside = f"{markup(tree) if tree is not None else ''}{notes}"
    if not inside:
        return f'<p class="tk-reason" dir="auto">{title}</p>'
    return f'<details class="tk-reason"{opened}><summary dir="auto">{title}</summary>{inside}</details>'


def _told(parts: Sequence[Part]) -> str:
    """Parts as text in their elements; only elements that are known, so that no part can bring one."""
    return "".join(f"<strong>{escaped(text)}</strong>" if element else escaped(text) for text, element in parts)
