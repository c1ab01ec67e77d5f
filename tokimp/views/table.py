"""Tokens by the size of their scores, with what both sides add up to."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from tokimp.types import Explanation
from tokimp.views.characters import escaped, shown
from tokimp.views.color import bucket_classes
from tokimp.views.numbers import show
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import ranks

HELPS = "helps"
HURTS = "hurts"


class Row(TypedDict):
    """`position` counts tokens from 1; `effect` is "helps", "hurts" or "" (no push, or unsigned)."""

    rank: int
    position: int
    token: str
    id: int
    score: float
    stderr: float | None
    effect: str
    bucket: str


def ranked_rows(explanation: Explanation) -> list[Row]:
    """One row a token, the largest |score| first."""
    signed = explanation.attribution.signed
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    names = bucket_classes(explanation.scores, signed=signed)
    errors = explanation.stderr
    rows: list[Row] = []
    for position, rank in enumerate(ranks(explanation.scores)):
        token, score = explanation.tokens[position], float(explanation.scores[position])
        text = pieces[position].text
        effect = HELPS if score > 0 else HURTS if score < 0 else ""
        rows.append(
            Row(
                rank=rank,
                position=position + 1,
                token=shown(text),
                id=token.id,
                score=score,
                stderr=None if errors is None else float(errors[position]),
                effect=effect if signed else "",
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
    """What the browser's table draws: columns (key, title), rows with their shown numbers, totals."""
    rows = [dict(row) | {"number": show(row["score"], row["stderr"])} for row in ranked_rows(explanation)]
    return {
        "columns": _columns(explanation),
        "rows": rows,
        "totals": [[name, number] for name, number in _shown_totals(explanation)],
    }


def table_html(explanation: Explanation, limit: int | None = None) -> str:
    """The table; with a limit, the rows after it are one row that holds their sum."""
    columns = _columns(explanation)
    rows = ranked_rows(explanation)
    kept = rows if limit is None else rows[:limit]
    head = "".join(f'<th scope="col">{title}</th>' for _, title in columns)
    body = "".join(_row_html(row, [key for key, _ in columns]) for row in kept)
    if rest := rows[len(kept) :]:
        body += _sum_html(f"{len(rest)} more", show(sum(row["score"] for row in rest)), len(columns))
    foot = "".join(_sum_html(name, number, len(columns)) for name, number in _shown_totals(explanation))
    return f'<table class="tk-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>'


def _columns(explanation: Explanation) -> list[tuple[str, str]]:
    columns = [
        ("rank", "rank"),
        ("position", "position"),
        ("token", "token"),
        ("id", "id"),
        ("number", "score"),
    ]
    if explanation.stderr is not None:
        columns[-1] = ("number", "score ± error")
    return [*columns, ("effect", "effect")] if explanation.attribution.signed else columns


def _shown_totals(explanation: Explanation) -> list[tuple[str, str]]:
    sums = totals(explanation)
    if not explanation.attribution.signed:
        return [("all together", show(sums["sum"]))]
    return [
        ("all that helps", show(sums[HELPS])),
        ("all that hurts", show(sums[HURTS])),
        ("together", show(sums["sum"])),
    ]


def _row_html(row: Row, keys: list[str]) -> str:
    cells = {
        "token": f"<bdi>{escaped(row['token'])}</bdi>",
        "number": show(row["score"], row["stderr"]),
    }
    return f"<tr>{''.join(f'<td>{cells.get(key, row.get(key))}</td>' for key in keys)}</tr>"


def _sum_html(name: str, number: str, width: int) -> str:
    rest = "<td></td>" if width > 5 else ""
    return f'<tr class="tk-sum"><th scope="row" colspan="3">{name}</th><td></td><td>{number}</td>{rest}</tr>'
