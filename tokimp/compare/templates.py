"""Variations of a prompt: one a line, from a template with slots, or from a table."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tokimp.errors import EmptyTextError, OptionError

MOST = 50
"""Prompts that are compared at once."""

MOST_CHARACTERS = 1_000_000
"""Of a template, a list or a table."""

_SLOT = re.compile(r"\{(\w+)(?::((?:[^{}|\\]|\\.)*\|(?:[^{}\\]|\\.)*))?\}", re.DOTALL)
_MARK = re.compile(r"\{\{|\}\}|" + _SLOT.pattern, re.DOTALL)
_HELP = "Write {name: Anna|Omar} for a slot, and {{ or }} for a brace."


@dataclass(frozen=True, slots=True)
class Variation:
    """One prompt. slots: the character ranges that each slot of its template fills."""

    text: str
    slots: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


def variations(given: str | Iterable[str | Variation], most: int = MOST) -> list[Variation]:
    """The prompts: of a string one a line, lines with slots standing for all their fillings; a list is taken as it is.

    Raises:
        EmptyTextError: there is none. OptionError: more than `most`, or a template that cannot be read.
    """
    found: list[Variation] = []
    if isinstance(given, str):
        _check_size(given)
        for line in filter(str.strip, given.splitlines()):
            found += filled(line, most)
            _check_count(len(found), most)
    else:
        found = [each if isinstance(each, Variation) else Variation(str(each)) for each in given]
    _check_count(len(found), most)
    if not found:
        raise EmptyTextError("There is no prompt yet.", "Write one a line.")
    return found


def filled(template: str, most: int = MOST) -> list[Variation]:
    """All fillings of the slots, the last slot changing fastest; {name} again stands for the same filling.

    In a template `{{` and `}}` are braces, and `\\|` is a bar within a slot. Spaces around a filling don't count.
    A line without any list of fillings is no template, and stays as it is.

    Raises:
        OptionError: more than `most`; a brace that opens no slot; a slot without a list of fillings, or with two.
    """
    if not any(match.group(2) is not None for match in _SLOT.finditer(template)):
        return [Variation(template)]
    pieces, choices = _read(template)
    count = 1
    for each in choices.values():
        count *= len(each)
        _check_count(count, most)
    return [_put(pieces, dict(zip(choices, chosen, strict=True))) for chosen in itertools.product(*choices.values())]


def from_csv(table: str, column: str | int | None = None, most: int = MOST) -> list[Variation]:
    """One prompt a row of a table with commas, semicolons or tabs between cells; empty cells are left out.

    `column` is a name from the first row, or a number from 0 in a table without names. If it is None, it is the
    column called "prompt" or "text", else the only one.

    Raises:
        OptionError: no such column, too many rows, or a table that cannot be read. EmptyTextError: no prompt in it.
    """
    _check_size(table)
    try:
        rows = [row for row in csv.reader(io.StringIO(table.lstrip("\ufeff"), newline=""), _dialect(table)) if any(row)]
    except csv.Error as error:
        raise OptionError("This table cannot be read.", f"Give a CSV file: {error}.") from error
    if not rows:
        raise EmptyTextError("There is no row in this table.", "Give one prompt a row.")
    place, body = _column(rows, column)
    texts = [row[place] for row in body if place < len(row) and row[place].strip()]
    return variations(texts, most)


def _read(template: str) -> tuple[list[str | tuple[str]], dict[str, list[str]]]:
    """Texts and (slot,) in turn, and what each slot may be."""
    pieces: list[str | tuple[str]] = []
    choices: dict[str, list[str]] = {}
    cursor = 0
    for match in _MARK.finditer(template):
        pieces.append(_plain(template[cursor : match.start()]))
        cursor = match.end()
        if match.group() in ("{{", "}}"):
            pieces.append(match.group()[0])
            continue
        name, listed = match.group(1), match.group(2)
        if listed is not None:
            if name in choices:
                raise OptionError(f"The slot {name} is listed twice.", f"Write {{{name}}} where it stands again.")
            choices[name] = _fillings(listed)
        pieces.append((name,))
    pieces.append(_plain(template[cursor:]))
    unknown = [piece[0] for piece in pieces if isinstance(piece, tuple) and piece[0] not in choices]
    if unknown:
        raise OptionError(f"Nothing says what the slot {unknown[0]} may be.", f"Write {{{unknown[0]}: this|that}}.")
    return pieces, choices


def _fillings(listed: str) -> list[str]:
    """What stands between bars, each once."""
    parts = [""]
    for sign in re.findall(r"\\.|[^\\]", listed, re.DOTALL):
        if sign == "|":
            parts.append("")
        else:
            parts[-1] += sign[-1]
    return list(dict.fromkeys(part.strip() for part in parts))


def _plain(text: str) -> str:
    if "{" in text or "}" in text:
        raise OptionError("There is a brace that opens or closes no slot.", _HELP)
    return text


def _put(pieces: Sequence[str | tuple[str]], chosen: Mapping[str, str]) -> Variation:
    text = ""
    slots: dict[str, tuple[tuple[int, int], ...]] = dict.fromkeys(chosen, ())
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        filling = chosen[piece[0]]
        slots[piece[0]] += ((len(text), len(text) + len(filling)),)
        text += filling
    return Variation(text, slots)


def _dialect(table: str) -> type[csv.Dialect]:
    """Of spreadsheets, with the sign between cells that the first line has most of."""
    first = table.splitlines()[0] if table.strip() else ""

    class Cells(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Cells


def _column(rows: Sequence[Sequence[str]], column: str | int | None) -> tuple[int, Sequence[Sequence[str]]]:
    """Where the prompts stand, and the rows that hold them."""
    names = [name.strip() for name in rows[0]]
    if isinstance(column, int):
        if not 0 <= column < len(names):
            raise OptionError(f"There is no column {column}.", f"There are {len(names)}, counted from 0.")
        return column, rows
    if column is not None:
        if column not in names:
            raise OptionError(f"There is no column {column!r}.", f"There are: {', '.join(names)}.")
        return names.index(column), rows[1:]
    for place, name in enumerate(names):
        if name.casefold() in ("prompt", "text"):
            return place, rows[1:]
    if len(names) > 1:
        raise OptionError("Nothing says which column holds the prompts.", f"Choose one of: {', '.join(names)}.")
    return 0, rows


def _check_size(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise OptionError(f"These are {len(text):,} characters.", f"At most {MOST_CHARACTERS:,} can be read.")


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise OptionError(f"These are more than {most} prompts.", f"At most {most} can be compared at once.")
