"""Who has the word: of a visitor's questions in a tab, the last."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

ASKING = 64
"""So many visitors' questions can be taken at once."""


class Turns:
    """Who computes for whom: one turn a visitor and tab, so that a new question ends the one before.

    Only the `most` visitors who asked last are remembered; a forgotten turn is over.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._numbers: dict[Sequence[str], int | None] = {}  # None: it is over
        self._most = most
        self._last = 0
        self._lock = threading.Lock()
        self._asking = tuple(threading.RLock() for _ in range(ASKING))

    @contextmanager
    def asking(self, visitor: Sequence[str]) -> Iterator[bool]:
        """A visitor's questions are taken one after the other; tells whether any was asked here before."""
        with self._asking[hash(visitor) % ASKING]:
            yield visitor in self._numbers

    def begin(self, visitor: Sequence[str]) -> int:
        """Ends the visitor's turn and begins the next."""
        with self._lock:
            self._last += 1
            self._put(visitor, self._last)
            return self._last

    def end(self, visitor: Sequence[str], turn: int | None = None) -> bool:
        """Ends the visitor's turn, or no other than this one; False where that is over already."""
        with self._lock:
            if turn is not None and self._numbers.get(visitor) != turn:
                return False
            was = self._numbers.get(visitor)
            self._put(visitor, None)
            return was is not None

    def taken_over(self, visitor: Sequence[str], turn: int) -> bool:
        """Whether the visitor's next turn has begun, which has the word from then on."""
        return self._numbers.get(visitor) not in (None, turn)

    def current(self, visitor: Sequence[str]) -> int | None:
        """The turn's number; None where it was ended."""
        return self._numbers.get(visitor)

    def _put(self, visitor: Sequence[str], turn: int | None) -> None:
        self._numbers.pop(visitor, None)
        self._numbers[visitor] = turn
        while len(self._numbers) > self._most:
            del self._numbers[next(iter(self._numbers))]
