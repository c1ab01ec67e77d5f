"""What pages elsewhere want shown: begun in the background where it is fit for that, its error remembered."""

from __future__ import annotations

from collections.abc import Callable

from tokimp.errors import Cancelled, LinkError, OptionError, TokimpError
from tokimp.models.catalog import CATALOG
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.background import Background, Job, Report
from tokimp.ui.counts import Counts
from tokimp.ui.recent import Recent
from tokimp.ui.results import key_of
from tokimp.ui.trouble import report_without_words

REMEMBERED = 300.0
"""Seconds for which an error is remembered, before it is tried again."""


class Wanted:
    """Begins what embeds want, each once, in this background."""

    def __init__(self, background: Background, counts: Counts) -> None:
        self._background = background
        self._counts = counts
        self._failed: Recent[TokimpError] = Recent(256, REMEMBERED)

    def want(
        self,
        request: Request,
        found: object,
        check: Callable[[], object],
        compute: Callable[[Report], object],
        visitor: str,
    ) -> None:
        """Counts what was found; else the work begins.

        Raises:
            TokimpError: it cannot be had, as `check` or an earlier try says; BusyError: too many wait.
        """
        key = key_of(request)
        if key is None:
            raise LinkError("This question fits into no link.", "Ask it on the page.")
        if found is not None:
            self._counts.add("embed", "found", 0.0)
            return
        if (error := self._failed.get(key)) is not None:
            raise error
        check_embeddable(request)
        check()

        def job(listening: Report) -> None:
            try:
                compute(listening)
            except Cancelled:
                return
            except TokimpError as error:
                self._failed.put(key, error)
            except Exception as error:
                report_without_words(error)
                self._failed.put(key, TokimpError("Something went wrong here.", "Try it on the page."))

        self._background.want(key, Job(job, visitor))


def check_embeddable(request: Request) -> None:
    """Raises where an embed of this is not computed: a page elsewhere cannot have models fetched by this server."""
    if request.model not in CATALOG:
        raise OptionError("Embeds are computed for models of this page’s list only.", "Open it on the page.")
    work.check_length(request.text)
