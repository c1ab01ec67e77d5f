"""Prompts out of a CSV file that the browser read: into the text area, where they can be seen and changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from tokimp.compare.templates import from_csv, variations
from tokimp.errors import OptionError, TokimpError
from tokimp.ui.comparing.components import MOST_BYTES
from tokimp.ui.components import Payload
from tokimp.views.characters import drawable

LONGEST_NAME = 60


def taken(given: Mapping[str, Any]) -> tuple[Payload, str | None]:
    """What the file offers, and the prompts of its column, one a line; None where they cannot be had yet.

    `given` is the browser's: "text", and "column", the place of one among its columns or None.
    """
    text, column = given.get("text"), given.get("column")
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        return _offer([], None, f"A table of at most {MOST_BYTES // 1024} KB can be read here."), None
    try:
        names = columns(text)
        chosen = names[column] if isinstance(column, int) and 0 <= column < len(names) else None
        found = from_csv(text, chosen)
    except (TokimpError, csv.Error) as error:
        return _offer(columns(text, strict=False), None, str(error)), None
    place = names.index(chosen) if chosen is not None else None
    prompts = "\n".join(line for line in (_line(each.text) for each in found) if line)
    return _offer(names, place, f"{len(found)} prompt{'s' * (len(found) != 1)}, now in the text above."), prompts


def columns(table: str, *, strict: bool = True) -> list[str]:
    """The cells of the first row.

    Raises:
        OptionError: there is none; not where `strict` is False.
    """
    first = table.lstrip("\ufeff").partition("\n")[0]
    try:
        row = next(csv.reader(io.StringIO(first, newline=""), delimiter=max(",;\t", key=first.count)), [])
    except csv.Error:
        row = []
    if strict and not any(row):
        raise OptionError("There is no row in this table.", "Give one prompt a row.")
    return [name.strip() for name in row]


def _line(text: str) -> str:
    """A prompt as a line of its own that stands for itself: braces are doubled where it would be a template."""
    line = " ".join(text.splitlines())
    try:
        alone = [each.text for each in variations(line)] == [line]
    except TokimpError:
        alone = False
    return line if alone or not line.strip() else line.replace("{", "{{").replace("}", "}}")


def _offer(names: list[str], column: int | None, note: str) -> Payload:
    shown = [drawable(name)[:LONGEST_NAME] or f"column {place + 1}" for place, name in enumerate(names)]
    return {"columns": shown if len(shown) > 1 else [], "column": column, "note": drawable(note)}
