"""Scores as a table for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from tokimp.types import Explanation
from tokimp.views.caption import LINK, captioned
from tokimp.views.characters import drawable

CAPTION = ("target", "model", "method", LINK)
COLUMNS = ("token", "position", "id", "start", "end", "score", "stderr", *CAPTION)
_FORMULA = ("=", "+", "-", "@")
_GUARD = "'"


def explanation_csv(explanation: Explanation, link: str | None = None) -> str:
    """One row a token, in the order of the text, after RFC 4180; stderr and link may be empty.

    `position` counts from 0. Each row says what it is of, so that tables of several explanations can be put together.

    A token that a spreadsheet would take for a formula, its first sign being = + - or @, has an
    apostrophe in front. Numbers have all their digits. Control characters are shown as their pictures.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    errors = explanation.stderr
    told = dict(captioned(explanation, link))
    caption = [guarded(told.get(name, "")) for name in CAPTION]
    for position, token in enumerate(explanation.tokens):
        score = repr(float(explanation.scores[position]))
        error = "" if errors is None else repr(float(errors[position]))
        writer.writerow([guarded(token.text), position, token.id, token.start, token.end, score, error, *caption])
    return table.getvalue()


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet computes, also where it drops white space first."""
    shown = drawable(text)
    starts = shown.lstrip().startswith(_FORMULA) or shown.startswith(("\t", "\r"))
    return _GUARD + shown if starts else shown
