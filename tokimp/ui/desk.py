"""Where every question is answered, whether it comes from the page, the API or an embed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tokimp.store import NoStore
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.counts import Counts, Kind
from tokimp.ui.limits import Limits
from tokimp.ui.results import Results
from tokimp.ui.state import Asked, Grid, Result, asked_of

__all__ = ["Desk", "Limits"]


class Desk:
    """Finds a result or computes it; never two at the same time, and never the same one twice."""

    def __init__(self, results: Results | None = None, limits: Limits | None = None) -> None:
        self.results = results or Results(NoStore())
        self.limits = limits or Limits.from_environment()
        self.turns = work.Turns()
        self.counts = Counts()
        self._computing = threading.Lock()

    def answer(self, asked: Asked, report: work.Report[Result], kind: Kind = "page") -> Result:
        """The result, found or else computed and kept; reports drafts meanwhile.

        Raises:
            InputError, ModelError, OutOfMemoryError, TooMuchWorkError; Cancelled from the report.
        """
        work.check_length(asked.text)
        with self.counts.request(kind), self._at_the_model(report):
            model = work.model_for(asked)
            found = self.results.find(asked.request(model.revision))
            if found is None:
                found = work.answer(asked, report)
                self.results.keep(found)
            return found

    def grid(self, shown: Result, report: work.Report[Result]) -> Result:
        """The result with its heatmap, which is kept with it."""
        if shown.grid is not None:
            return shown

        def as_before(moment: work.Moment[Grid]) -> None:
            report(work.Moment(sentence=moment.sentence, fraction=moment.fraction))

        with self._at_the_model(report):
            whole = shown.with_grid(work.grid(shown.asked(), as_before))
        self.results.keep(whole)
        return whole

    def wanted(self, request: Request, grid: bool = False) -> Result | None:
        """What an embed shows: found at once, else None, and computed meanwhile."""
        found = self.results.find(request)
        if found is None or (grid and found.grid is None):
            found = self.answer(asked_of(request), _silent, "embed")
            found = self.grid(found, _silent) if grid else found
        return found

    def close(self) -> None:
        """Ends what is computed for embeds, and closes the store."""
        self.results.close()

    @contextmanager
    def _at_the_model(self, report: work.Report[Result]) -> Iterator[None]:
        while not self._computing.acquire(timeout=work.HEARTBEAT):
            report(work.Moment(sentence="Waiting for a free turn …"))
        try:
            yield
        finally:
            self._computing.release()


def _silent(_moment: work.Moment[Result]) -> None:
    return
