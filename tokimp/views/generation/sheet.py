"""An explained answer as files: a table for spreadsheets after RFC 4180, and whatever a file's name asks for."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from tokimp.errors import OptionError
from tokimp.generation import GenerationExplanation
from tokimp.views.generation.page import generation_page
from tokimp.views.spreadsheet import guarded

SUFFIXES = (".html", ".csv", ".json")
COLUMNS = ("answer_token", "answer_position", "log_prob", "token", "position", "id", "segment", "score", "stderr",
           "method", "model")  # fmt: skip
TOTAL = "total"


def generation_csv(explained: GenerationExplanation) -> str:
    """One row for each cell of the matrix that exists, then those of the total, whose answer_position is empty.

    Positions count from 0, those of answer tokens from the answer's first. Of texts, what a spreadsheet would compute
    has an apostrophe in front; numbers have all their digits.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    first, end = explained.span
    about = [explained.request.method, guarded(explained.request.model)]
    told = [
        ([guarded(explained.answer[at].text), at, repr(float(explained.log_probs[at]))], row)
        for at, row in enumerate(explained.rows, first)
    ]
    if explained.total is not None:
        told.append(([TOTAL, "", repr(float(sum(explained.log_probs[first:end])))], explained.total))
    for named, row in told:
        errors = row.stderr
        for place, score in enumerate(row.scores):
            token = explained.tokens[place]
            error = "" if errors is None else repr(float(errors[place]))
            cells = [guarded(token.text), place, token.id, token.segment, repr(float(score)), error]
            writer.writerow([*named, *cells, *about])
    return table.getvalue()


def save(explained: GenerationExplanation, path: str | os.PathLike[str]) -> None:
    """Writes .html, .csv or .json, or nothing where it raises.

    Raises:
        OptionError: another suffix.
    """
    file = Path(path)
    writers = {".html": generation_page, ".csv": generation_csv, ".json": GenerationExplanation.to_json}
    if file.suffix.lower() not in writers:
        raise OptionError(f"There is no format {file.suffix!r}.", f"There are: {', '.join(SUFFIXES)}.")
    file.write_bytes(writers[file.suffix.lower()](explained).encode("utf-8", "replace"))
