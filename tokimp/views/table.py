"""Tokens by the size of their scores, with what both sides add up to."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from tokimp.types import Explanation
from tokimp.views.characters import escaped, shown
from tokimp.views.color import bucket_classes
from tokimp.views.numbers import show
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import pinned, ranks
from tokimp.views.uncertainty import STANDARD_ERRORS, may_be_nothing

HELPS = "helps"
HURTS = "hurts"
ON_A_PAGE = ("rank", "token", "bar", "number", "error")
"""Columns of the table without script: what a reader compares. The others are for looking things up."""


class Row(TypedDict):
    """`position` counts tokens from 1; `effect` is "helps", "hurts" or "" (no push, unsigned, or not
    distinguishable from 0, which is `maybe`)."""

    rank: int
    position: int
    token: str
    id: int
    score: float
    stderr: float | None
    maybe: bool
    effect: str
    bucket: str


def ranked_rows(explanation: Explanation) -> list[Row]:
    """One row a token, the largest |score| first."""
    signed = explanation.attribution.signed
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    names = bucket_classes(explanation.scores, signed=signed)
    errors = explanation.stderr
    rows: list[Row] = []
    for position, rank in enumerate(ranks(explanation.scores, pinned(explanation))):
        token, score = explanation.tokens[position], float(explanation.scores[position])
        text = pieces[position].text
        error = None if errors is None else float(errors[position])
        maybe = may_be_nothing(explanation, score, error)
        effect = HELPS if score > 0 else HURTS if score < 0 else ""
        rows.append(
            Row(
                rank=rank,
                position=position + 1,
                token=shown(text),
                id=token.id,
                score=score,
                stderr=error,
                maybe=maybe,
                effect=effect if signed and not maybe else "",
                bucket=names[position],
            )
        )
    return sorted(rows, key=lambda row: row["rank"])


def totals(explanation: Explanation) -> dict[str, float]:
    """What both sides add up to: {"helps": ≥ 0, "hurts": ≤ 0, "sum"}."""
    scores = explanation.scores
    return {
        HELPS: float(np.maximum(scores, 0).sum()),
        HURTS: float(np.minimum(scores, 0).sum()),
        "sum": float(scores.sum()),
    }


def table_payload(explanation: Explanation) -> dict[str, Any]:
    """What the browser's table draws: columns (key, title), rows with their shown numbers, totals.

    Of tokens that the question keeps there are none.
    """
    kept, reach = pinned(explanation), _reach(explanation)
    rows = [row for row in ranked_rows(explanation) if not kept[row["position"] - 1]]
    signed = explanation.attribution.signed
    return {
        "columns": _columns(explanation),
        "rows": [dict(row) | _numbers(row) | {"bar": _bar(row, reach, signed)} for row in rows],
        "totals": [[name, number] for name, number in _shown_totals(explanation)],
        "note": _note(explanation),
    }


def table_html(explanation: Explanation, limit: int | None = None) -> str:
    """The table; with a limit, the rows after it are one row that holds their sum."""
    columns = [pair for pair in _columns(explanation) if pair[0] in ON_A_PAGE]
    rows, reach = ranked_rows(explanation), _reach(explanation)
    signed = explanation.attribution.signed
    kept = rows if limit is None else rows[:limit]
    head = "".join(f'<th scope="col">{title}</th>' for _, title in columns)
    body = "".join(_row_html(row, [key for key, _ in columns], _bar(row, reach, signed)) for row in kept)
    after = len(columns) - 4
    if rest := rows[len(kept) :]:
        body += _sum_html(f"{len(rest)} more", show(sum(row["score"] for row in rest)), after)
    foot = "".join(_sum_html(name, number, after) for name, number in _shown_totals(explanation))
    note = f'<p class="tk-doubt">{_note(explanation)}</p>' if explanation.stderr is not None else ""
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot>"
    return f'<table class="tk-table">{table}</table>{note}'


def _columns(explanation: Explanation) -> list[tuple[str, str]]:
    columns = [("rank", "rank"), ("token", "token"), ("bar", ""), ("number", "score")]
    if explanation.stderr is not None:
        columns.append(("error", "± error"))
    if explanation.attribution.signed:
        columns.append(("effect", "effect"))
    return [*columns, ("position", "position"), ("id", "id")]


def _note(explanation: Explanation) -> str:
    if explanation.stderr is None:
        return ""
    lines = f"The thin lines reach {STANDARD_ERRORS} of them to both sides"
    return f"± is one standard error. {lines}: a score whose line crosses 0 may be 0."


def _reach(explanation: Explanation) -> float:
    """The score that a bar's whole side stands for: that of the longest bar or line."""
    errors = explanation.stderr
    ends = np.abs(explanation.scores) + (0.0 if errors is None else STANDARD_ERRORS * errors)
    return float(ends.max(initial=0.0)) or 1.0


def _bar(row: Row, reach: float, signed: bool) -> dict[str, Any]:
    """A bar from 0 to the score, and the line of its error: [start, length] in per cent of the box."""
    score, error = row["score"], STANDARD_ERRORS * (row["stderr"] or 0.0)
    side = ("p" if score > 0 else "n") if signed else "u"

    def span(low: float, high: float) -> list[float]:
        ends = [50 * (1 + end / reach) if signed else 100 * max(end, 0.0) / reach for end in (low, high)]
        return [round(ends[0], 1), round(ends[1] - ends[0], 1)]

    return {
        "class": f"tk-bar tk{side}8" + " tk-maybe" * row["maybe"],
        "score": span(min(score, 0.0), max(score, 0.0)),
        "error": span(score - error, score + error) if error else None,
    }


def _numbers(row: Row) -> dict[str, str]:
    number, _, error = show(row["score"], row["stderr"]).partition(" ± ")
    return {"number": number, "error": f"± {error}" if error else ""}


def _shown_totals(explanation: Explanation) -> list[tuple[str, str]]:
    sums = totals(explanation)
    if not explanation.attribution.signed:
        return [("all together", show(sums["sum"]))]
    return [
        ("all that helps", show(sums[HELPS])),
        ("all that hurts", show(sums[HURTS])),
        ("together", show(sums["sum"])),
    ]


def _row_html(row: Row, keys: list[str], bar: dict[str, Any]) -> str:
    spans = "".join(f'<rect x="{span[0]:g}%" width="{span[1]:g}%"/>' for span in (bar["score"], bar["error"]) if span)
    cells = {
        "rank": str(row["rank"]),
        "token": f"<bdi>{escaped(row['token'])}</bdi>",
        "bar": f'<svg class="{bar["class"]}">{spans}</svg>',
    } | _numbers(row)
    return f"<tr>{''.join(f'<td>{cells[key]}</td>' for key in keys)}</tr>"


def _sum_html(name: str, number: str, after: int) -> str:
    return f'<tr class="tk-sum"><th scope="row" colspan="3">{name}</th><td>{number}</td>{"<td></td>" * after}</tr>'
