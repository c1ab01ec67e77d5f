"""How far the work is, on one line that disappears."""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

from tokimp.cli.terminal import harmless
from tokimp.types import Floats
from tokimp.watch import Watch

_CLEAR = "\r\x1b[K"


class Progress:
    """Writes into a terminal only: a log file gets nothing. `counter` counts evaluations."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream if stream.isatty() else None
        self.counter = Watch()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(_CLEAR)

    def say(self, sentence: str) -> None:
        self._write(_CLEAR + harmless(sentence))

    def report(self, fraction: float, _partial: Floats | None = None) -> None:
        self.say(f"{100 * fraction:3.0f} %  {self.counter.evaluations:,} evaluations")

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
