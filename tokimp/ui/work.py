"""The page's computations: each runs in a thread of its own, is watched, and stops within one batch."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from tokimp import api
from tokimp.errors import (
    Cancelled,
    EmptyTextError,
    OptionError,
    TextTooLongError,
    TooMuchWorkError,
    UnsupportedModelError,
)
from tokimp.methods.base import METHODS
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Attribution, Floats, Prediction, Target, Task
from tokimp.ui import controls, revisions
from tokimp.ui.limits import Limits
from tokimp.ui.long_texts import MOST_WITHOUT_ATTENTION, check_tokens, forecast, most_tokens
from tokimp.ui.state import Asked, Grid, Result
from tokimp.watch import Watch

MOST_CHARACTERS = 20_000  # what 4,096 tokens of English need
MOST_TOKENS: dict[Task, int] = dict.fromkeys(TASKS, 512)
GRID_OUTPUTS = 5
BEAT = 0.5  # each is drawn by a browser, which may share its cores with the model
HEARTBEAT = 0.1  # how soon a stop is noticed

Value = TypeVar("Value")


@dataclass(frozen=True)
class Moment(Generic[Value]):
    """How far the work is. `fraction` is None before the first batch; `value` is the latest draft of the
    result, or the result itself once `done`. `seconds` have passed, `left` are to come at this pace;
    `evaluations` is how often the model was asked."""

    sentence: str = ""
    fraction: float | None = None
    value: Value | None = None
    seconds: float = 0.0
    left: float | None = None
    evaluations: int = 0
    done: bool = False


Report = Callable[[Moment[Value]], None]


def watched(work: Callable[[Report[Value]], Value], alive: Callable[[], bool]) -> Iterator[Moment[Value]]:
    """Runs the work in a thread and yields a few moments a second, the finished one last.

    The thread gets `Cancelled` from its next report once `alive` says no or the iterator is closed.

    Raises:
        Whatever the work raises.
    """
    moments: queue.SimpleQueue[Moment[Value] | BaseException] = queue.SimpleQueue()
    closed = threading.Event()
    start = time.monotonic()

    def report(moment: Moment[Value]) -> None:
        if closed.is_set() or not alive():
            raise Cancelled
        moments.put(replace(moment, seconds=time.monotonic() - start))

    def run() -> None:
        try:
            report(Moment())
            result = work(report)
        except BaseException as error:  # handed over to the reader, who raises it
            moments.put(error)
        else:
            moments.put(Moment(fraction=1.0, value=result, seconds=time.monotonic() - start, done=True))

    threading.Thread(target=run, daemon=True, name="tokimp-work").start()
    try:
        yield from _paced(moments, alive, start)
    finally:
        closed.set()


def _paced(
    moments: queue.SimpleQueue[Moment[Value] | BaseException], alive: Callable[[], bool], start: float
) -> Iterator[Moment[Value]]:
    """The newest moment at each beat; between batches the last one again, so that a closed page is noticed."""
    latest: Moment[Value] = Moment()
    while not latest.done:
        deadline, left = time.monotonic() + BEAT, BEAT
        while not latest.done and left >= 0:
            if not alive():
                raise Cancelled
            try:
                item = moments.get(timeout=min(left, HEARTBEAT))
            except queue.Empty:
                left = deadline - time.monotonic()
                continue
            if isinstance(item, BaseException):
                raise item
            latest = replace(item, value=latest.value if item.value is None else item.value)
            left = deadline - time.monotonic()
        if not alive():
            raise Cancelled
        yield replace(latest, left=_left(latest, time.monotonic() - start))


def _left(latest: Moment[Value], now: float) -> float | None:
    """Counts down between batches: the pace is that of the last one reported."""
    if not latest.fraction or latest.done:
        return None
    return max(0.0, latest.seconds / latest.fraction - now)


def answer(asked: Asked, report: Report[Result], limits: Limits | None = None) -> Result:
    """The model's answer and its explanation; reports drafts while the method refines them.

    At a limit the work ends within one batch, and the latest draft is the result: unfinished, and
    it says why.

    Raises:
        InputError, ModelError, OutOfMemoryError; TooMuchWorkError without a draft; Cancelled from the report.
    """
    check_length(asked.text)
    model = loaded(asked, report)  # held by this name, so that nobody loads it again meanwhile
    question = put(asked, model)
    report(Moment(sentence=forecast(question, asked)))
    method, counter, start = METHODS[asked.method], Watch(), time.monotonic()
    latest: Floats | None = None

    def explained(partial: Floats, notes: tuple[str, ...], evaluations: int, seconds: float) -> Result:
        scores = Attribution(partial, signed=method.info.signed, notes=notes)
        explanation = question.explanation(scores, asked.method, asked.options, asked.seed, evaluations, seconds)
        return Result(explanation, question.prediction, finished=False, stopped=" ".join(notes))

    def watch(fraction: float, partial: Floats | None) -> None:
        nonlocal latest
        latest = latest if partial is None else partial
        if limits is not None and fraction < 1:
            limits.check(time.monotonic() - start, counter.evaluations)
        draft = None if partial is None else explained(partial, (), 0, 0.0)
        report(Moment(fraction=fraction, value=draft, evaluations=counter.evaluations))

    try:
        explanation = question.explain(asked.method, asked.options, asked.seed, watch, counter)
    except TooMuchWorkError as limit:
        if latest is None:
            raise
        return explained(latest, (str(limit),), counter.evaluations, time.monotonic() - start)
    return Result(explanation, question.prediction)


def grid(asked: Asked, report: Report[Grid], limits: Limits | None = None) -> Grid:
    """Scores of the likeliest outputs side by side, in shared passes where the method can.

    Raises:
        As `answer`; at the limit of time there is no grid.
    """
    start = time.monotonic()
    model = loaded(asked, report)
    question = put(asked, model)
    info = METHODS[asked.method].info
    targets = _side_by_side(question)
    if not info.targeted:
        targets = targets[:1]  # the same numbers for each output
    parts = len(targets)
    seen = 0
    last = 0.0

    def watch(fraction: float, _partial: Floats | None) -> None:
        nonlocal seen, last
        seen, last = seen + (fraction < last), fraction
        done = min(1.0, (seen + fraction) / parts)
        if limits is not None and done < 1:
            limits.check(time.monotonic() - start)
        report(Moment(fraction=done))

    each = question.attribute_each(asked.method, targets, asked.options, asked.seed, watch)
    labels = tuple(target.label for target in targets)
    return Grid(labels, np.stack([attribution.scores for attribution in each], axis=1), info.signed)


def _side_by_side(question: api.Question) -> list[Target]:
    """The likeliest outputs, with the explained one among them where it is a single token."""
    targets = question.others(GRID_OUTPUTS)
    explained = question.target
    if explained.continuation or any(target.index == explained.index for target in targets):
        return targets
    alone = replace(explained, contrast=None, contrast_label=None, contrast_continuation=())
    return [alone, *targets[: GRID_OUTPUTS - 1]]


def predict(asked: Asked, count: int) -> Prediction:
    """What the model says, whatever the method: its `count` likeliest answers.

    Raises:
        InputError, ModelError, OutOfMemoryError.
    """
    check_length(asked.text)
    model = model_for(asked)
    model.encode(asked.text, MOST_WITHOUT_ATTENTION)
    return api.predict(model, asked.text, asked.mask, count)


def put(asked: Asked, model: TextModel) -> api.Question:
    """The question to the loaded model."""
    check_tokens(asked.method, len(model.encode(asked.text)), MOST_TOKENS[asked.task])
    most = most_tokens(asked.method, MOST_TOKENS[asked.task])
    exact = model.computing_in(asked.precision)
    return api.ask(
        exact,
        asked.text,
        asked.target,
        asked.contrast,
        asked.output,
        asked.mask,
        limit=most,
        generated=asked.generated,
        roles=asked.roles,
    )


def loaded(asked: Asked, report: Report[Value]) -> TextModel:
    """The model that the form names, after saying that it is being loaded where that takes a while."""
    if controls.is_fetched(asked.model):
        report(Moment(sentence=f"Fetching {asked.model} from the model hub …"))
    model = model_for(asked)
    report(Moment())
    return model


def model_for(asked: Asked) -> TextModel:
    """The model that the form names, in the revision asked for where that is to be had here.

    A page that takes models of its list only has one revision of each, which then answers.

    Raises:
        OptionError: it is no model of the catalogue, and this page takes no others.
        UnsupportedModelError: it is made for another task.
    """
    check_model(asked.model)
    model = revisions.load(asked.model, asked.task, asked.revision if controls.any_model_allowed() else None)
    if model.task != asked.task:
        raise UnsupportedModelError(f"{asked.model} is made for {model.task}.", "Choose another model.")
    return model


def check_model(name: str) -> None:
    """Raises OptionError where this page does not take the model."""
    if not controls.model_allowed(name):
        raise OptionError(f"{name} is not in this page's list.", "Choose a model of the list.")


def check_length(text: str) -> None:
    """Raises where there is no text, or more of it than this page reads."""
    if not text.strip():
        raise EmptyTextError("There is no text yet.", "Type or paste one.")
    if len(text) > MOST_CHARACTERS:
        limit = f"{MOST_CHARACTERS:,} are the limit here."
        raise TextTooLongError(f"The text has {len(text):,} characters; {limit}", "Shorten it.")
