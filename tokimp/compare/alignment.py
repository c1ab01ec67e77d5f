"""Tokens of several prompts in common columns, so that they can be compared place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tokimp.prompt_comparison import Alignment
from tokimp.types import Floats, Token

_MISS = -0.5
"""Two different tokens in one column: better than two gaps, worse than any match."""

_GAP = 0.6
_UP, _LEFT, _DIAGONAL = range(3)


class Columns:
    """Columns that grow with each prompt: Needleman & Wunsch 1970, each prompt against all before it.

    A token fits into a column as far as tokens there are the same (but for case and spaces around it); to leave
    a column out costs as much as it is filled. Where it makes no difference, tokens go to the left.
    """

    def __init__(self) -> None:
        self._columns: list[Counter[str]] = []
        self._rows: list[list[int]] = []

    def add(self, tokens: Sequence[Token]) -> None:
        """Cost: tokens × columns, without those at both ends that are the same anyway."""
        names = [_name(token) for token in tokens]
        head, tail = self._same_ends(names)
        middle = self._columns[head : len(self._columns) - tail]
        steps = [_DIAGONAL] * head + _path(names[head : len(names) - tail], middle, len(self._rows))
        self._place(names, steps + [_DIAGONAL] * tail)

    @property
    def alignment(self) -> Alignment:
        return Alignment(np.array(self._rows, dtype=np.int64).reshape(len(self._rows), len(self._columns)))

    def _same_ends(self, names: Sequence[str]) -> tuple[int, int]:
        """How many tokens at the beginning and at the end are those that all prompts have there."""
        shorter, rows = min(len(names), len(self._columns)), len(self._rows)
        head = tail = 0
        while head < shorter and self._columns[head][names[head]] == rows:
            head += 1
        while tail < shorter - head and self._columns[-1 - tail][names[-1 - tail]] == rows:
            tail += 1
        return head, tail

    def _place(self, names: Sequence[str], steps: Sequence[int]) -> None:
        columns: list[Counter[str]] = []
        rows: list[list[int]] = [[] for _ in self._rows]
        row: list[int] = []
        token = column = 0
        for step in steps:
            columns.append(Counter() if step == _UP else self._columns[column])
            for kept, before in zip(rows, self._rows, strict=True):
                kept.append(-1 if step == _UP else before[column])
            row.append(-1 if step == _LEFT else token)
            if step != _LEFT:
                columns[-1][names[token]] += 1
            token, column = token + (step != _LEFT), column + (step != _UP)
        self._columns, self._rows = columns, [*rows, row]


def aligned(texts: Sequence[Sequence[Token]]) -> Alignment:
    """The tokens of all prompts in common columns."""
    columns = Columns()
    for tokens in texts:
        columns.add(tokens)
    return columns.alignment


def _path(names: Sequence[str], columns: Sequence[Counter[str]], rows: int) -> list[int]:
    """Steps of the best alignment: a token alone (up), a column left out (left), or both together."""
    skip = np.array([0.0, *(_GAP * column.total() / max(rows, 1) for column in columns)]) if columns else np.zeros(1)
    skipped = skip.cumsum()
    totals = np.array([column.total() for column in columns], dtype=np.float64)
    fits: dict[str, Floats] = {}
    best = -skipped
    came = np.full((len(names) + 1, len(columns) + 1), _LEFT, dtype=np.int8)
    for row, name in enumerate(names, start=1):
        if name not in fits:
            found = np.array([column[name] for column in columns], dtype=np.float64)
            fits[name] = np.where(found > 0, found / np.maximum(totals, 1), _MISS)
        up = best - _GAP
        both = np.concatenate([[-np.inf], best[:-1] + fits[name]])
        reached = np.maximum(up, both)
        # A column left out only ever adds to what is on its left: the best of them all is a running maximum.
        now = np.maximum.accumulate(reached + skipped) - skipped
        came[row] = np.where(now > reached + 1e-9, _LEFT, np.where(both >= up - 1e-9, _DIAGONAL, _UP))
        best = now
    return _traced(came)


def _traced(came: np.ndarray[tuple[int, int], np.dtype[np.int8]]) -> list[int]:
    row, column = came.shape[0] - 1, came.shape[1] - 1
    steps: list[int] = []
    while row or column:
        step = _UP if not column else int(came[row, column])
        steps.append(step)
        row, column = row - (step != _LEFT), column - (step != _UP)
    return steps[::-1]


def _name(token: Token) -> str:
    """What makes tokens the same; pieces of a character, which show nothing, are told apart by their ids."""
    if token.special or not token.text:
        return f"\x00{token.id}"
    return token.text.strip().casefold() or token.text
