"""Who has the word: of a visitor's questions in a tab, the last."""

from __future__ import annotations

import threading
from collections.abc import Sequence


class Turns:
    """Who computes for whom: one turn a visitor and tab, so that a new question ends the one before.

    Only the visitors of the last `most` turns are remembered; a forgotten turn is over.
    """

    def __init__(self, most: int = 1000) -> None:
        self._numbers: dict[Sequence[str], int] = {}
        self._most = most
        self._last = 0
        self._lock = threading.Lock()

    def begin(self, visitor: Sequence[str]) -> int:
        """Ends the visitor's turn and begins the next."""
        with self._lock:
            self._last += 1
            self._numbers.pop(visitor, None)
            self._numbers[visitor] = self._last
            while len(self._numbers) > self._most:
                del self._numbers[next(iter(self._numbers))]
            return self._last

    def end(self, visitor: Sequence[str], turn: int | None = None) -> bool:
        """Ends the visitor's turn, or no other than this one; False where that is over already."""
        with self._lock:
            if turn is not None and self._numbers.get(visitor) != turn:
                return False
            return self._numbers.pop(visitor, None) is not None

    def taken_over(self, visitor: Sequence[str], turn: int) -> bool:
        """Whether the visitor's next turn has begun, which has the word from then on."""
        return self._numbers.get(visitor) not in (None, turn)

    def current(self, visitor: Sequence[str]) -> int | None:
        """The turn's number; None where it was ended."""
        return self._numbers.get(visitor)
