"""Words, sentences and paragraphs of a text: which one each token lies in, and the question that looks into one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.types import Explanation, Request, Role, Token

KINDS = ("words", "sentences", "paragraphs")
_WORDS = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]+")
_SENTENCES = re.compile(r"\S.*?(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]+|\n|$)", re.DOTALL)
_PARAGRAPHS = re.compile(r"\S.*?(?:\n[^\S\n]*\n|$)", re.DOTALL)
_LINES = re.compile(r"\S.*?(?:\n|$)", re.DOTALL)

Units = npt.NDArray[np.int64]


def units_of(text: str, tokens: Sequence[Token], kind: str) -> Units:
    """Which unit of the text each token lies in (token,), by its first character that is no space.

    A paragraph ends at a blank line, or at each line's end where the text has no blank line. A token of
    white space alone, or of no character, goes with what follows it. No unit goes on from one segment
    into the next: from the text into what was generated behind it, or from one message into another.

    Raises:
        OptionError: there is no such kind.
    """
    pattern = _pattern(text, kind)
    ends = [match.end() for start, end in _stretches(text, tokens) for match in pattern.finditer(text, start, end)]
    first = [token.end - len(text[token.start : token.end].lstrip()) for token in tokens]
    return np.minimum(np.searchsorted(ends, first, side="right"), max(len(ends) - 1, 0)).astype(np.int64)


def zoom(explanation: Explanation, token: int, kind: str = "") -> Request:
    """The request that explains the tokens of one unit alone; all others are pinned, the target stays.

    The unit is the one around `token`: of the `kind` given, or of what the explanation's players were
    (sentences where these were tokens). A method with players then has the unit's tokens for them.

    Raises:
        OptionError: there is no such token, or it is none that can be taken away.
    """
    request, tokens = explanation.request, explanation.tokens
    if not -len(tokens) <= token < len(tokens) or tokens[token].special:
        raise OptionError(f"There is nothing to look into at token {token}.", "Choose a word of the text.")
    text = whole_text(request.text, tokens)
    kind = kind or str(request.options.get("players", "tokens"))
    units = units_of(text, tokens, "sentences" if kind == "tokens" else kind)
    inside = [each for each, unit in zip(tokens, units, strict=True) if unit == units[token] and each.end > each.start]
    start, end = place(text, inside[0]), max(each.end for each in inside)
    pinned: list[Role] = [(0, start, "pinned"), (end, len(text), "pinned")]
    roles = (*request.roles, *(role for role in pinned if role[0] < role[1]))
    options = {name: value for name, value in request.options.items() if name != "players"}
    return replace(request, roles=roles, options=options)


def whole_text(text: str, tokens: Sequence[Token]) -> str:
    """The text with what was generated behind it, as the tokens' ranges count."""
    return text + "".join(token.text for token in tokens if token.segment == "generated" and not token.special)


def place(text: str, token: Token) -> int:
    """The character by which a token belongs to a part of the text: its first that is no space, or its last."""
    return max(min(token.end - len(text[token.start : token.end].lstrip()), token.end - 1), 0)


def _pattern(text: str, kind: str) -> re.Pattern[str]:
    if kind not in KINDS:
        raise OptionError(f"There are no {kind!r} in a text.", f"There are: {', '.join(KINDS)}.")
    if kind == "paragraphs":
        return _PARAGRAPHS if re.search(r"\S\s*\n[^\S\n]*\n\s*\S", text) else _LINES
    return _WORDS if kind == "words" else _SENTENCES


def _stretches(text: str, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Character ranges of one segment each, from one end of the text to the other."""
    typed = [token for token in tokens if token.end > token.start]
    starts = [place(text, next(run)) for _, run in groupby(typed, key=lambda token: token.segment)]
    yield from pairwise([0, *starts[1:], len(text)])
