"""The one hook of long work: progress, partial results, counting and cancelling."""

from __future__ import annotations

from dataclasses import dataclass

from tokimp.types import Floats, Progress


@dataclass
class Watch:
    """Counts evaluations and passes progress on; whoever listens raises `Cancelled` to stop.

    `report(fraction, partial)` is called after every batch with the share of the work done
    (0 to 1) and the scores so far (token,), or None where there are none yet.
    """

    report: Progress | None = None
    evaluations: int = 0

    def __call__(self, fraction: float, partial: Floats | None = None) -> None:
        if self.report is not None:
            self.report(min(max(fraction, 0.0), 1.0), partial)

    def count(self, evaluations: int) -> None:
        """Adds forward passes of one copy each; a forward with its backward counts as one."""
        self.evaluations += evaluations
