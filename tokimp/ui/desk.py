"""Where every question is answered, whether it comes from the page, the API or an embed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from tokimp.errors import BusyError
from tokimp.internals.looks.base import build as build_look
from tokimp.internals.looks.seen import Seen
from tokimp.methods.base import build
from tokimp.models.catalog import CATALOG
from tokimp.models.loading import MODELS
from tokimp.models.text_model import TextModel
from tokimp.store import NoStore
from tokimp.types import Prediction, Request
from tokimp.ui import controls, revisions, work
from tokimp.ui.background import Background, Report
from tokimp.ui.counts import Counts, Kind, Tally
from tokimp.ui.limits import Limits
from tokimp.ui.looking import Looking, looked
from tokimp.ui.recent import Recent
from tokimp.ui.results import Results, key_of
from tokimp.ui.state import Asked, Grid, Result, asked_of
from tokimp.ui.studies import STUDIES, Studied
from tokimp.ui.studies.studying import Studying
from tokimp.ui.turns import Turns
from tokimp.ui.upkeep import Upkeep
from tokimp.ui.visitors import Visitors
from tokimp.ui.wanted import Wanted

__all__ = ["Desk", "Limits"]

# How long it is remembered that a request ran into a limit, before it is tried again.
REMEMBERED = 300.0

Found = TypeVar("Found", Seen, Studied)


class Desk:
    """Finds a result or computes it; never two at the same time, and the same one only once."""

    def __init__(self, results: Results | None = None, limits: Limits | None = None) -> None:
        self.results = results or Results(NoStore())
        self.limits = limits or Limits.from_environment()
        self.looking = Looking()
        self.studying = Studying()
        self.turns = Turns()
        self.counts = Counts()
        self.visitors = Visitors(self.limits)
        self._cut_short: Recent[Result] = Recent(16, REMEMBERED)
        self._computing = threading.Lock()
        self._upkeep = Upkeep()
        self._background = Background(self.limits.embeds, self.limits.per_visitor)
        self._wanted = Wanted(self._background, self.counts)
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
                with self.at_the_model(report, visitor):
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
            return self._worked_out(asked, self.seen, partial(looked, self.looking), report, visitor, within, tally)

    def studied(self, asked: Asked) -> Studied | None:
        """What the study came to that `asked.view` names, where it was worked out before."""
        return next(filter(None, (self.studying.find(request) for request in _requests(asked))), None)

    def study(
        self, asked: Asked, report: work.Report[Studied], kind: Kind = "page", visitor: str = "", within: float = 0.0
    ) -> Studied:
        """What it comes to, found or else worked out and kept; reports what is known so far. `within` as for `answer`.

        Raises:
            As `answer`.
        """
        with self.counts.request(kind) as tally:
            work.check_model(asked.model)
            STUDIES[asked.view].check(asked.request(""))
            found = self._worked_out(asked, self.studied, self.studying.run, report, visitor, within, tally)
            if not found.finished:
                tally.outcome = "unfinished"
            return found

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

        with self.at_the_model(report, visitor):
            found = self.results.find(shown.explanation.request)
            if found is not None and found.grid is not None:
                return found
            whole = shown.with_grid(work.grid(shown.asked(), as_before, self.limits))
        return self.results.keep(whole)

    def predict(self, asked: Asked, count: int, report: work.Report[Prediction], visitor: str = "") -> Prediction:
        """What the model says, whatever the method.

        Raises:
            InputError, ModelError, OutOfMemoryError, BusyError; Cancelled from the report.
        """
        with self.counts.request("api") as tally, self.at_the_model(report, visitor):
            tally.evaluations = 1
            return work.predict(asked, count)

    def wanted(self, request: Request, grid: bool = False, visitor: str = "") -> Result | None:
        """What an embed shows: found at once, else None and computed meanwhile, so ask again.

        Only models of the catalogue, so that a page elsewhere cannot have others fetched by this
        server. What nobody asks for again within a minute is given up.

        Raises:
            TokimpError: it cannot be had; BusyError: too many wait.
        """
        asked = replace(asked_of(request), revision=None)  # what is computed here is of this page's own model
        result = self._before(request) or self.found(asked)
        if result is not None and result.grid is None and grid and result.finished:
            result = None

        def compute(listening: Report) -> None:
            result = self.answer(asked, listening, "embed", visitor, self.limits.embed_seconds)
            if grid and result.finished:
                self.grid(result, listening, visitor)

        self._wanted.want(
            request, result, partial(build, request.method, request.options, request.seed), compute, visitor
        )
        return result

    def wanted_look(self, request: Request, visitor: str = "") -> Seen | None:
        """As `wanted`, of a view: what was seen, else None and looked for meanwhile.

        Raises:
            As `wanted`.
        """
        asked, within = replace(asked_of(request), revision=None), self.limits.embed_seconds
        seen = self.looking.find(request) or self.seen(asked)
        check = partial(build_look, request.view, request.options)
        self._wanted.want(
            request, seen, check, lambda heard: self.look(asked, heard, "embed", visitor, within), visitor
        )
        return seen

    def wanted_study(self, request: Request, visitor: str = "") -> Studied | None:
        """As `wanted`, of a study.

        Raises:
            As `wanted`.
        """
        asked, within = replace(asked_of(request), revision=None), self.limits.embed_seconds
        studied = self.studying.find(request) or self.studied(asked)
        check = partial(STUDIES[request.view].check, request)
        self._wanted.want(
            request, studied, check, lambda heard: self.study(asked, heard, "embed", visitor, within), visitor
        )
        return studied

    def close(self) -> None:
        """Ends what is computed for embeds, and closes the store."""
        self._background.close()
        self.results.close()

    def _before(self, request: Request) -> Result | None:
        """What came of this request before: finished, or as far as a limit let it."""
        return self.results.find(request) or self._cut_short.get(key_of(request) or "")

    def _worked_out(
        self,
        asked: Asked,
        find: Callable[[Asked], Found | None],
        compute: Callable[[TextModel, Request, work.Report[Found], Limits], Found],
        report: work.Report[Found],
        visitor: str,
        within: float,
        tally: Tally,
    ) -> Found:
        found = find(asked)
        if found is not None:
            tally.outcome = "found"
            return found
        with self.at_the_model(report, visitor):
            model = work.loaded(asked, report)  # held by this name, so that nobody loads it again meanwhile
            limits = replace(self.limits, seconds=within) if within else self.limits
            made = compute(model, asked.put_to(model), report, limits)
            tally.evaluations = made.evaluations
            return made

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
    def at_the_model(self, report: work.Report[Any], visitor: str) -> Iterator[None]:
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
            self._upkeep.between_requests()
            self._computing.release()


def _requests(asked: Asked) -> list[Request]:
    """The question to each revision that may answer it here, as far as that can be known without loading a model."""
    own = revisions.own(asked.model, asked.task) if asked.model in CATALOG else None
    if not asked.settled:
        return []
    wanted = [asked.revision]
    if asked.revision is None or not controls.any_model_allowed():
        wanted.append(own)  # which answers in place of any other
    return [asked.request(revision) for revision in wanted if revision is not None]
