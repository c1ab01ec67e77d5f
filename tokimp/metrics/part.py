"""A part of some work, told to whoever watches the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from tokimp.types import Floats
from tokimp.watch import Watch


@dataclass
class Part(Watch):
    """A watch for what lies between `start` and `end`, shares of the whole; partial scores are not passed on."""

    whole: Watch = field(default_factory=Watch)
    start: float = 0.0
    end: float = 1.0

    def __call__(self, fraction: float, _partial: Floats | None = None) -> None:
        self.whole(self.start + (self.end - self.start) * fraction)

    def count(self, evaluations: int) -> None:
        self.whole.count(evaluations)
