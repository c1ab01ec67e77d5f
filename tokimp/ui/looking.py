"""What was seen inside models, and what of their insides is kept for the next look."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tokimp.errors import TokimpError
from tokimp.internals.answer import with_answer
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks.base import check_available, without_marks
from tokimp.internals.looks.seeing import see
from tokimp.internals.looks.seen import Seen
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats, Request
from tokimp.ui import work
from tokimp.ui.limits import Limits
from tokimp.ui.recent import Recent
from tokimp.ui.results import key_of
from tokimp.watch import Watch

MOST_TEXTS = 4
"""Texts whose insides are kept, some 50 MB each where they are long."""

MOST_SEEN = 64
REMEMBERED = 600.0


class NeedsModel(Exception):
    """What is kept does not hold all that the look needs."""


class Looking:
    """Looks that were taken, by their request without what is only pointed at; safe for threads."""

    def __init__(self) -> None:
        self._seen: Recent[Seen] = Recent(MOST_SEEN)
        self._insides: Recent[tuple[Encoded, dict[str, Any]]] = Recent(MOST_TEXTS, REMEMBERED)

    def find(self, request: Request) -> Seen | None:
        """What was seen before, pointed at as the request does; with the answer that was written meanwhile."""
        seen = self._seen.get(_key(request))
        return None if seen is None else seen.asked(replace(request, generated=seen.request.generated))

    def without_model(self, model: TextModel, request: Request) -> Seen | None:
        """What follows from the insides that are kept, where that is all that it takes."""
        kept = self._insides.get(_inside_key(request))
        if kept is None:
            return None
        try:
            return self._keep(request, see(Internals(model, *kept), request, _Frugal()))
        except (NeedsModel, TokimpError):
            return None

    def see(self, model: TextModel, request: Request, watch: Watch) -> Seen:
        """What the model shows.

        Raises:
            InputError, MethodUnavailableError, OutOfMemoryError; whatever the watch raises.
        """
        key = _inside_key(request)
        kept = self._insides.get(key)
        if kept is None:
            check_available(model, request.view)
            most = work.MOST_TOKENS[request.task]
            inputs = with_answer(model, request.text, most, request.generated, request.roles, watch)
            kept = (inputs, {})
            self._insides.put(key, kept)
            self._insides.put(_inside_key(replace(request, generated=Internals(model, *kept).answer)), kept)
        return self._keep(request, see(Internals(model, *kept), request, watch))

    def _keep(self, request: Request, seen: Seen) -> Seen:
        for key in {_key(request), _key(seen.request)}:
            self._seen.put(key, seen)
        return seen


def looked(looking: Looking, model: TextModel, request: Request, report: work.Report[Seen], limits: Limits) -> Seen:
    """Takes the look under the page's limits, and says how far it is.

    Raises:
        As `Looking.see`; TooMuchWorkError at a limit; Cancelled from the report.
    """
    start = time.monotonic()
    counter = Watch()

    def watch(fraction: float, _partial: Floats | None) -> None:
        if fraction < 1:
            limits.check(time.monotonic() - start, counter.evaluations)
        report(work.Moment(fraction=fraction, evaluations=counter.evaluations))

    counter.report = watch
    return looking.see(model.computing_in(request.precision), request, counter)


class _Frugal(Watch):
    """Lets nothing through that would ask the model."""

    def count(self, evaluations: int) -> None:
        if evaluations:
            raise NeedsModel


def _key(request: Request) -> str:
    return key_of(replace(request, options=without_marks(request.view, request.options))) or ""


def _inside_key(request: Request) -> str:
    """By model, text and what is asked of it alone: what is kept there does not depend on the target."""
    plain = replace(request, view="inside", options={}, target=None, contrast=None, output="logit", seed=0, mask=0)
    return key_of(plain) or ""
