"""An explanation as Markdown: caption, text and ranked table, for wherever there are no colours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.caption import captioned
from tokimp.views.characters import drawable, quoted
from tokimp.views.judged import COLUMNS, judged_line, judged_rows
from tokimp.views.numbers import show
from tokimp.views.page import question
from tokimp.views.table import HELPS, HURTS, Row, ranked_rows
from tokimp.views.uncertainty import STANDARD_ERRORS

ROWS = 50
_STRONG = 0.5
_ARROWS = {HELPS: "▲", HURTS: "▼", "": ""}
_MEANT = frozenset("\\`*_{}[]#|~$@")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def explanation_markdown(explanation: Explanation, link: str | None = None, scores: Sequence[Score] = ()) -> str:
    """The ranked tokens as a GitHub-flavoured table: ▲ helps, ▼ hurts, bold from half of the largest score on.

    Under it, in a table of their own, what metrics say of the explanation.

    Whatever the text holds is shown literally: none of it is read as Markdown or HTML.

    Raises:
        OptionError: the link is no web address.
    """
    pairs = [f"- {name}: {_value(name, value)}" for name, value in captioned(explanation, link)]
    notes = [f"> {_literal(note)}" for note in explanation.attribution.notes]
    parts = [
        f"**{_literal(question(explanation))}**",
        "\n".join(pairs),
        "\n>\n".join(notes),
        _fenced(drawable(explanation.request.text)),
        _table(explanation),
        _legend(explanation),
        _literal(judged_line(scores)),
        _judged(scores),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _table(explanation: Explanation) -> str:
    rows = ranked_rows(explanation)
    top = abs(rows[0]["score"]) if rows else 0.0
    signed, sampled = explanation.attribution.signed, explanation.stderr is not None
    titles = ["rank", "token", *([""] if signed else []), "score", *(["± error"] if sampled else [])]
    lines = [titles, ["---:", ":---", *([":---:"] if signed else []), "---:", *(["---:"] if sampled else [])]]
    lines += [_cells(row, top, signed) for row in rows[:ROWS]]
    left = f"\n\n{len(rows) - ROWS:,} smaller scores are left out." if len(rows) > ROWS else ""
    return _piped(lines) + left


def _judged(scores: Sequence[Score]) -> str:
    if not scores:
        return ""
    rows = [[_literal(cell) for cell in row] for row in judged_rows(scores)]
    return _piped([COLUMNS, (":---", "---:", "---:", ":---"), *rows])


def _piped(lines: Iterable[Iterable[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row, top: float, signed: bool) -> list[str]:
    number, _, error = show(row["score"], row["stderr"]).partition(" ± ")
    token = _literal(quoted(row["token"]))
    if row["score"] and abs(row["score"]) >= _STRONG * top and not row["maybe"]:
        token, number = f"**{token}**", f"**{number}**"
    arrow = [_ARROWS[row["effect"]]] if signed else []
    return [str(row["rank"]), token, *arrow, number, *([error] if row["stderr"] is not None else [])]


def _legend(explanation: Explanation) -> str:
    parts = ["▲ pushes towards, ▼ pushes away." if explanation.attribution.signed else "Scores say how much."]
    if explanation.stderr is not None:
        parts.append(f"± is one standard error: a score within {STANDARD_ERRORS} of 0 may be 0, and has no arrow.")
    return " ".join(parts)


def _value(name: str, value: str) -> str:
    return f"<{value}>" if name == "link" else _literal(value)


def _literal(text: str) -> str:
    """The text on one line, with everything escaped that Markdown or HTML would read."""
    line = "".join(map(_escaped, " ".join(drawable(text).splitlines())))
    return line.replace("://", r":\/\/").replace("www.", r"www\.")


def _escaped(character: str) -> str:
    return _ENTITIES.get(character) or (f"\\{character}" if character in _MEANT else character)


def _fenced(text: str) -> str:
    """The text as it was typed, in a fence longer than any within."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
