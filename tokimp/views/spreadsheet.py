"""Scores as a table for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.caption import LINK, captioned
from tokimp.views.characters import drawable

CAPTION = ("target", "model", "method", LINK)
COLUMNS = ("token", "position", "id", "start", "end", "score", "stderr", *CAPTION)
_FORMULA = ("=", "+", "-", "@")
_GUARD = "'"


def explanation_csv(explanation: Explanation, link: str | None = None, scores: Sequence[Score] = ()) -> str:
    """One row a token, in the order of the text, after RFC 4180; stderr and link may be empty.

    `position` counts from 0. Each row says what it is of, so that tables of several explanations can be put together;
    so of what metrics say of the explanation: comprehensiveness_mask is the number, comprehensiveness_mask_low and
    _high are the ends of what random scores get.

    A token that a spreadsheet would take for a formula, its first sign being = + - or @, has an
    apostrophe in front. Numbers have all their digits. Control characters are shown as their pictures.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    judged = _judged(scores)
    writer.writerow([*COLUMNS, *(guarded(name) for name, _ in judged)])
    errors = explanation.stderr
    told = dict(captioned(explanation, link))
    caption = [guarded(told.get(name, "")) for name in CAPTION] + [number for _, number in judged]
    for position, token in enumerate(explanation.tokens):
        score = repr(float(explanation.scores[position]))
        error = "" if errors is None else repr(float(errors[position]))
        writer.writerow([guarded(token.text), position, token.id, token.start, token.end, score, error, *caption])
    return table.getvalue()


def _judged(scores: Sequence[Score]) -> list[tuple[str, str]]:
    """Columns and their numbers."""
    cells = []
    for score in scores:
        name = "_".join(filter(None, [score.metric, score.removal]))
        low, high = (None, None) if score.chance is None else (score.chance.low, score.chance.high)
        numbers = [(name, score.value), (f"{name}_low", low), (f"{name}_high", high)]
        cells += [(column, "" if number is None else repr(float(number))) for column, number in numbers]
    return cells


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet computes, also where it drops white space first."""
    shown = drawable(text)
    starts = shown.lstrip().startswith(_FORMULA) or shown.startswith(("\t", "\r"))
    return _GUARD + shown if starts else shown
