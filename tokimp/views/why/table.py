"""Reasons as files: a page of their own, and a table for spreadsheets."""

from __future__ import annotations

import csv
import io

from tokimp.assets import read_asset
from tokimp.reasons import Number, Reasons
from tokimp.views.characters import escaped, quoted
from tokimp.views.sheets import used
from tokimp.views.spreadsheet import guarded
from tokimp.views.why.drawer import reasons_html

COLUMNS = ("token", "position", "reason", "sentence", "number", "value", "stderr", "unit")


def reasons_page(reasons: Reasons) -> str:
    """One self-contained page, light or dark as its reader's system is."""
    body = reasons_html(reasons)
    title = escaped(f"Why {quoted(reasons.text)}?")
    style = used(read_asset("explanation.css") + read_asset("why.css"), body)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{style}</style></head><body>{body}</body></html>'


def reasons_csv(reasons: Reasons) -> str:
    """After RFC 4180: a row for each number, one for a reason that has none. `position` counts from 0."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for reason in reasons.reasons:
        told = [guarded(reasons.text), reasons.token, reason.kind, guarded(reason.sentence)]
        for number in reason.numbers or (None,):
            writer.writerow([*told, *_cells(number)])
    return table.getvalue()


def _cells(number: Number | None) -> list[str]:
    if number is None:
        return ["", "", "", ""]
    error = "" if number.stderr is None else repr(float(number.stderr))
    return [guarded(number.name), repr(float(number.value)), error, number.unit]
