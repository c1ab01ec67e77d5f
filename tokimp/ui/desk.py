"""Where every question is answered, whether it comes from the page, the API or an embed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tokimp.errors import BusyError, Cancelled, LinkError, OptionError, TokimpError
from tokimp.internals.looks.base import build as build_look
from tokimp.internals.looks.seen import Seen
from tokimp.methods.base import build
from tokimp.models.catalog import CATALOG
from tokimp.models.loading import MODELS
from tokimp.store import NoStore
from tokimp.types import Prediction, Request
from tokimp.ui import controls, revisions, trusting, work
from tokimp.ui.background import Background, Job, Report
from tokimp.ui.counts import Counts, Kind, Tally
from tokimp.ui.limits import Limits
from tokimp.ui.looking import Looking, looked
from tokimp.ui.recent import Recent
from tokimp.ui.results import Results, key_of
from tokimp.ui.state import Asked, Grid, Result, asked_of
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitors

__all__ = ["Desk", "Limits"]

# How long it is remembered that a request ran into a limit or an error, before it is tried again.
REMEMBERED = 300.0


class Desk:
    """Finds a result or computes it; never two at the same time, and the same one only once."""

    def __init__(self, results: Results | None = None, limits: Limits | None = None) -> None:
        self.results = results or Results(NoStore())
        self.limits = limits or Limits.from_environment()
        self.looking = Looking()
        self.turns = work.Turns()
        self.counts = Counts()
        self.visitors = Visitors(self.limits)
        self._cut_short: Recent[Result] = Recent(16, REMEMBERED)
        self._failed: Recent[TokimpError] = Recent(256, REMEMBERED)
        self._computing = threading.Lock()
        self._background = Background(self.limits.embeds, self.limits.per_visitor)
        self.counts.gauge("requests_in_line", "Requests that wait or run.", lambda: len(self.visitors.line()))
        self.counts.gauge("embeds_waiting", "Embeds that wait to be computed.", lambda: len(self._background))
        self.counts.gauge("models_loaded", "Models that are held in memory.", lambda: len(MODELS))
        self.counts.gauge("computing", "1 while the model works.", self._computing.locked)

    def found(self, asked: Asked) -> Result | None:
        """The result where it was computed before, as far as that can be known without loading a model."""
        return next(filter(None, (self._before(request) for request in _requests(asked))), None)

    def seen(self, asked: Asked) -> Seen | None:
        """What `asked.view` shows, where it was seen before or follows from what is kept of the model's insides."""
        before = next(filter(None, (self.looking.find(request) for request in _requests(asked))), None)
        model = revisions.held(asked.model, asked.task)
        if before is not None or model is None or asked.revision not in (None, model.revision):
            return before
        request = asked.request(model.revision)
        return self.looking.find(request) or self.looking.without_model(model.computing_in(asked.precision), request)

    def answer(
        self, asked: Asked, report: work.Report[Result], kind: Kind = "page", visitor: str = "", within: float = 0.0
    ) -> Result:
        """The result, found or else computed and kept; reports drafts meanwhile.

        A result at the limit of time or evaluations is unfinished, and says why. `visitor` is the key
        by which computing is shared out; `within` so many seconds, where that is less than the limit.

        Raises:
            InputError, ModelError, OutOfMemoryError, TooMuchWorkError, BusyError; Cancelled from the report.
        """
        with self.counts.request(kind) as tally:
            work.check_length(asked.text)
            work.check_model(asked.model)
            result = self.found(asked)
            if result is None:
                with self._at_the_model(report, visitor):
                    limits = replace(self.limits, seconds=within) if within else self.limits
                    result = self._computed(asked, report, limits, tally)
            else:
                tally.outcome = "found"
            return result

    def look(
        self, asked: Asked, report: work.Report[Seen], kind: Kind = "page", visitor: str = "", within: float = 0.0
    ) -> Seen:
        """What `asked.view` shows inside the model, found or else looked for and kept; `within` as for `answer`.

        Raises:
            As `answer`; TooMuchWorkError at a limit.
        """
        with self.counts.request(kind) as tally:
            work.check_length(asked.text)
            work.check_model(asked.model)
            seen = self.seen(asked)
            if seen is None:
                with self._at_the_model(report, visitor):
                    model = work.loaded(asked, report)  # held by this name, so that nobody loads it again meanwhile
                    limits = replace(self.limits, seconds=within) if within else self.limits
                    seen = looked(self.looking, model, asked.request(model.revision), report, limits)
                    tally.evaluations = seen.evaluations
            else:
                tally.outcome = "found"
            return seen

    def grid(self, shown: Result, report: work.Report[Result], visitor: str = "") -> Result:
        """The result with its heatmap, which is kept with it.

        Raises:
            As `answer`.
        """
        found = shown if shown.grid is not None else self.results.find(shown.explanation.request)
        if found is not None and found.grid is not None:
            return found

        def as_before(moment: work.Moment[Grid]) -> None:
            report(work.Moment(sentence=moment.sentence, fraction=moment.fraction))

        with self._at_the_model(report, visitor):
            found = self.results.find(shown.explanation.request)
            if found is not None and found.grid is not None:
                return found
            whole = shown.with_grid(work.grid(shown.asked(), as_before, self.limits))
        return self.results.keep(whole)

    def trust(self, shown: Result, report: work.Report[Result], visitor: str = "") -> Result:
        """The result with what metrics say of it, which is kept with it; reports what is known so far.

        Raises:
            As `answer`.
        """
        found = shown if shown.trust else self.results.find(shown.explanation.request)
        if found is not None and found.trust:
            return found
        with self._at_the_model(report, visitor):
            scores = trusting.judged(shown, report, self.limits)
        return self.results.keep(shown.with_trust(scores))

    def predict(self, asked: Asked, count: int, report: work.Report[Prediction], visitor: str = "") -> Prediction:
        """What the model says, whatever the method.

        Raises:
            InputError, ModelError, OutOfMemoryError, BusyError; Cancelled from the report.
        """
        with self.counts.request("api") as tally, self._at_the_model(report, visitor):
            tally.evaluations = 1
            return work.predict(asked, count)

    def wanted(self, request: Request, grid: bool = False, visitor: str = "") -> Result | None:
        """What an embed shows: found at once, else None and computed meanwhile, so ask again.

        Only models of the catalogue, so that a page elsewhere cannot have others fetched by this
        server. What nobody asks for again within a minute is given up.

        Raises:
            TokimpError: it cannot be had; BusyError: too many wait.
        """
        key = key_of(request)
        if key is None:
            raise LinkError("This question fits into no link.", "Ask it on the page.")
        asked = replace(asked_of(request), revision=None)  # what is computed here is of this page's own model
        result = self._before(request) or self.found(asked)
        if result is not None and (result.grid is not None or not (grid and result.finished)):
            self.counts.add("embed", "found", 0.0)
            return result
        if (error := self._failed.get(key)) is not None:
            raise error
        check_embeddable(request)
        build(request.method, request.options, request.seed)

        def compute(listening: Report) -> None:
            result = self.answer(asked, listening, "embed", visitor, self.limits.embed_seconds)
            if grid and result.finished:
                self.grid(result, listening, visitor)

        self._meanwhile(key, compute, visitor)
        return None

    def wanted_look(self, request: Request, visitor: str = "") -> Seen | None:
        """As `wanted`, of a view: what was seen, else None and looked for meanwhile.

        Raises:
            As `wanted`.
        """
        key = key_of(request)
        if key is None:
            raise LinkError("This question fits into no link.", "Ask it on the page.")
        asked = replace(asked_of(request), revision=None)
        seen = self.looking.find(request) or self.seen(asked)
        if seen is not None:
            self.counts.add("embed", "found", 0.0)
            return seen
        if (error := self._failed.get(key)) is not None:
            raise error
        check_embeddable(request)
        build_look(request.view, request.options)
        within = self.limits.embed_seconds
        self._meanwhile(key, lambda listening: self.look(asked, listening, "embed", visitor, within), visitor)
        return None

    def _meanwhile(self, key: str, compute: Callable[[Report], object], visitor: str) -> None:
        """Computes in the background; an error is remembered for those who ask again."""

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

    def close(self) -> None:
        """Ends what is computed for embeds, and closes the store."""
        self._background.close()
        self.results.close()

    def _before(self, request: Request) -> Result | None:
        """What came of this request before: finished, or as far as a limit let it."""
        return self.results.find(request) or self._cut_short.get(key_of(request) or "")

    def _computed(self, asked: Asked, report: work.Report[Result], limits: Limits, tally: Tally) -> Result:
        model = work.loaded(asked, report)  # held by this name, so that nobody loads it again meanwhile
        request = asked.request(model.revision)
        before = self._before(request)  # while this one waited, or in a revision that only the model tells
        if before is not None:
            tally.outcome = "found"
            return before
        result = work.answer(asked, report, limits)
        tally.evaluations = result.explanation.evaluations
        if result.finished:
            self.results.keep(result)
        else:
            tally.outcome = "unfinished"
            self._cut_short.put(key_of(request) or "", result)
        return result

    @contextmanager
    def _at_the_model(self, report: work.Report[Any], visitor: str) -> Iterator[None]:
        """The one place where models work; what happens there counts as the visitor's."""
        while not self._computing.acquire(timeout=work.HEARTBEAT):
            report(work.Moment(sentence="Waiting for a free turn …"))
        start = time.monotonic()
        try:
            if (wait := self.visitors.wait(visitor)) > 0:
                raise BusyError(*self.visitors.had_their_share(wait))
            yield
        finally:
            self.visitors.spend(visitor, time.monotonic() - start)
            self._computing.release()


def check_embeddable(request: Request) -> None:
    """Raises where an embed of this is not computed: a page elsewhere cannot have models fetched by this server."""
    if request.model not in CATALOG:
        raise OptionError("Embeds are computed for models of this page’s list only.", "Open it on the page.")
    work.check_length(request.text)


def _requests(asked: Asked) -> list[Request]:
    """The question to each revision that may answer it here, as far as that can be known without loading a model."""
    own = revisions.own(asked.model, asked.task) if asked.model in CATALOG else None
    wanted = [asked.revision]
    if asked.revision is None or not controls.any_model_allowed():
        wanted.append(own)  # which answers in place of any other
    return [asked.request(revision) for revision in wanted if revision is not None]
