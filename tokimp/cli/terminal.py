"""Explanations for a terminal: coloured where it can be, and never able to command it."""

from __future__ import annotations

import os
import re
from typing import TextIO

from tokimp.types import Explanation, Prediction
from tokimp.views.characters import drawable, quoted
from tokimp.views.numbers import percent, show
from tokimp.views.page import facts, question
from tokimp.views.pieces import typed_pieces
from tokimp.views.shades import channels, shades
from tokimp.views.table import ranked_rows
from tokimp.views.text import TokenItem, legend, token_items

TOP = 10
_CODES = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_PLAIN = "\x1b[0m"
_LEVELS = (0, 95, 135, 175, 215, 255)


def harmless(text: str) -> str:
    """The text without anything that moves the cursor, colours, or turns the direction of what follows."""
    return _CODES.sub("\ufffd", drawable(text)).replace("\r", "␍")


def coloured(stream: TextIO) -> bool:
    """Whether colours belong there: a terminal that has some, and nobody who said NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def explanation_text(explanation: Explanation, *, colour: bool) -> str:
    """What a terminal shows: with colours the text and its largest scores, without them a table of all tokens."""
    head = [question(explanation), *(f"{name}: {value}" for name, value in facts(explanation))]
    lines = [harmless(line) for line in [*head, *explanation.attribution.notes]]
    if not colour:
        return "\n".join([*lines, "", *_table(explanation)]) + "\n"
    text = "".join(_coloured(item) for item in token_items(explanation))
    tail = harmless(typed_pieces(explanation.tokens, explanation.request.text)[1])
    return "\n".join([*lines, "", text + tail, "", _legend(explanation), "", *_top(explanation)]) + "\n"


def prediction_text(prediction: Prediction, *, words: bool) -> str:
    """One line an answer; words stand in quotes, so that their spaces show."""
    rows = [
        f"{percent(each.prob):>8}  {harmless(quoted(each.label) if words else each.label)}"
        for each in prediction.candidates
    ]
    return "\n".join(rows) + "\n"


def _table(explanation: Explanation) -> list[str]:
    """Tokens in the order of the text, at the end of each line, where wide letters do no harm."""
    rows = sorted(ranked_rows(explanation), key=lambda row: row["position"])
    scores = [show(row["score"], row["stderr"]) for row in rows]
    width = max(map(len, [*scores, "score"]))
    lines = [f"{'rank':>4}  {'score':>{width}}  token"]
    for row, score in zip(rows, scores, strict=True):
        lines.append(f"{row['rank']:>4}  {score:>{width}}  {harmless(row['token'])}")
    return lines


def _top(explanation: Explanation) -> list[str]:
    rows = ranked_rows(explanation)[:TOP]
    scores = [show(row["score"], row["stderr"]) for row in rows]
    width = max(map(len, [*scores, ""]))
    return [f"{score:>{width}}  {harmless(quoted(row['token']))}" for row, score in zip(rows, scores, strict=True)]


def _legend(explanation: Explanation) -> str:
    told = legend(explanation)
    steps = "".join(_painted("  ", name) if name != "tk0" else " 0 " for name in told["classes"])
    return " ".join(filter(None, (told["left"], told["low"], steps, told["high"], told["right"])))


def _coloured(item: TokenItem) -> str:
    """The token on its shade; the space before a word stays plain, and so does the end of a line."""
    text = harmless(item["text"])
    if item["mark"] and item["bucket"] != "tk0":
        text = item["mark"] + ("\n" if "\n" in text else "")
    word = text.strip()
    if not word:
        return harmless(item["gap"]) + text
    start = text.index(word)
    painted = "\n".join(_painted(line, item["bucket"], item["maybe"]) for line in word.split("\n"))
    return harmless(item["gap"]) + text[:start] + painted + text[start + len(word) :]


def _painted(text: str, bucket: str, maybe: bool = False) -> str:
    ground, ink = shades().of(bucket, maybe)
    if ground is None or not text:
        return text
    return f"\x1b[48;{_code(ground)};38;{_code(ink)}m{text}{_PLAIN}"


def _code(color: str) -> str:
    """In 24 bits where the terminal says that it can, else the nearest of 216 colours."""
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "2;" + ";".join(map(str, channels(color)))
    steps = [min(range(6), key=lambda step: abs(_LEVELS[step] - value)) for value in channels(color)]
    return f"5;{16 + 36 * steps[0] + 6 * steps[1] + steps[2]}"
