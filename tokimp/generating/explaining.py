"""From a prompt to its explained answer, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tokimp.errors import InputError
from tokimp.generating.options import VIEW, GenerationOptions, settings_of
from tokimp.generating.rows import attributions, given, questions
from tokimp.generating.total import total_of
from tokimp.generation import GenerationExplanation, Span
from tokimp.metrics.part import Part
from tokimp.models.scoring import memory_watched
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.writing import writing
from tokimp.types import Explanation, Request, Role, Value
from tokimp.watch import Watch

WRITING = 0.1  # of the progress shown


@dataclass
class _Work:
    """What is known so far of one request."""

    model: TextModel
    request: Request
    settings: GenerationOptions
    options: dict[str, Value]
    watch: Watch
    began: float

    def found(
        self, inputs: Encoded, span: Span, log_probs: Sequence[float], rows: Sequence[Explanation] = ()
    ) -> GenerationExplanation:
        return GenerationExplanation(
            request=self.request,
            tokens=inputs.tokens,
            span=span,
            rows=tuple(rows),
            log_probs=tuple(log_probs),
            evaluations=self.watch.evaluations,
            seconds=time.perf_counter() - self.began,
        )

    def encoded(self, generated: Sequence[int], roles: Sequence[Role]) -> Encoded:
        return self.model.encode(self.request.text, None, generated, roles)


def explaining(model: TextModel, request: Request, watch: Watch) -> Iterator[GenerationExplanation]:
    """The answer as it is written, then with one explained token after the other, the total last.

    `request.generated` is the answer that is given; without one the model writes it, and the
    requests of what comes out hold it. The method's options and those of `GenerationOptions` stand
    side by side in `request.options`.

    Cost: a pass for each token that is written, one that reads them all, and the method's.

    Raises:
        InputError, ModelError, OutOfMemoryError; whatever the watch raises.
    """
    if not model.architecture.writes:
        raise InputError(f"{model.key} writes no text.", "Choose a next-token or a seq2seq model.")
    settings, options = settings_of(request)
    exact = model.computing_in(request.precision)
    work = _Work(exact, replace(request, view=VIEW), settings, options, watch, time.perf_counter())
    if not request.generated:
        yield from _written(work)
    yield from _explained(work)


def _written(work: _Work) -> Iterator[GenerationExplanation]:
    """The growing answer; `work.request` holds it afterwards."""
    inputs, log_probs, ids = work.encoded((), work.request.roles), [], []
    part = Part(whole=work.watch, end=WRITING)
    for token in writing(work.model, inputs, work.settings.decoding, work.request.seed, part):
        ids.append(token.id)
        log_probs.append(token.log_prob)
        work.request = replace(work.request, generated=tuple(ids))
        yield work.found(work.encoded(ids, work.request.roles), Span(0, len(ids)), log_probs)


def _explained(work: _Work) -> Iterator[GenerationExplanation]:
    answer = work.request.generated
    span = work.settings.span(len(answer))
    inputs = work.encoded(answer, work.request.roles)
    if not work.settings.earlier:
        work.request = replace(work.request, roles=given(inputs, work.request.roles))
        inputs = work.encoded(answer, work.request.roles)
    each = questions(work.model, work.request, inputs, work.watch)
    asked, log_probs = each[span.first : span.end], [question.output for question in each]
    yield work.found(inputs, span, log_probs)
    rows: list[Explanation] = []
    before, clock = work.watch.evaluations, time.perf_counter()
    part = Part(whole=work.watch, start=WRITING)
    with memory_watched():
        found = attributions(asked, inputs, work.request.method, work.options, work.request.seed, part)
        for question, attribution in zip(asked, found, strict=True):
            spent, now = work.watch.evaluations - before, time.perf_counter()
            one = question.explanation(
                attribution, work.request.method, work.options, work.request.seed, spent, now - clock
            )
            rows.append(one)
            before, clock = work.watch.evaluations, now
            yield work.found(inputs, span, log_probs, rows)
    whole = work.found(inputs, span, log_probs, rows)
    yield replace(whole, total=total_of(whole, asked))
