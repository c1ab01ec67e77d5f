"""What an explanation will take, before it runs: evaluations by the method's own arithmetic, time as measured here."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokimp.methods.base import build, check_available, usual_method
from tokimp.methods.gradients import GRAPH_BYTES, gradient, gradient_rows, graph_bytes, is_long
from tokimp.methods.work import Work, held_by, work_of
from tokimp.models.fusing import BLOCK_BYTES, goes_in_blocks
from tokimp.models.loading import load
from tokimp.models.outputs import forward_passes
from tokimp.models.recomputing import kept_bytes
from tokimp.models.scoring import batch_rows, memory_of_copy, memory_watched
from tokimp.models.targets import copies_logits
from tokimp.models.text_model import TextModel
from tokimp.question import Asked, Question, ask
from tokimp.types import Output, Precision, Role, Value
from tokimp.watch import Watch

COPIES = 8  # copies run in batches, where each takes less than alone
AT_ONCE = 0.2  # seconds: what is faster is timed again, because a first pass warms up
MOST_KNOWN = 512

Key = tuple[str, str, str, Precision, bool, int]
_seconds: dict[Key, float] = {}  # a pass over one token, by model, kind of pass and size of text


@dataclass(frozen=True, slots=True)
class Estimate:
    """Evaluations, seconds, and bytes of memory above the model that an explanation takes.

    `tokens` is the length of the text; `at_most`: the method may be done earlier.
    """

    evaluations: int
    seconds: float
    memory: int
    tokens: int
    at_most: bool = False

    def __str__(self) -> str:
        passes = f"{self.evaluations:,} evaluation{'s' * (self.evaluations != 1)} of {self.tokens:,} tokens"
        return f"{'at most ' * self.at_most}about {_duration(self.seconds)} on this machine: {passes}"


@memory_watched()
def estimate(  # noqa: PLR0913 - the words of `explain`
    model: TextModel | str,
    text: str,
    method: str | None = None,
    *,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    precision: Precision = "fp32",
    roles: Sequence[Role] = (),
    **options: Value,
) -> Estimate:
    """What `explain`, asked the same, would take on this machine.

    Cost: one forward pass, and one timed pass of the method's kind the first time for a text of about
    this length.

    Raises:
        InputError, ModelError, OutOfMemoryError: as `explain`.
    """
    loaded = load(model) if isinstance(model, str) else model
    question = ask(loaded.computing_in(precision), text, target, contrast, output, roles=roles)
    return estimated(question, method or usual_method(question.model), options)


@memory_watched()
def estimated(question: Question, method: str, options: Mapping[str, Value] | None = None) -> Estimate:
    """What explaining this question by the method takes; cost and errors as of `estimate`, without the first pass."""
    model, inputs = question.model, question.inputs
    check_available(model, method)
    built = build(method, options or {})
    work = work_of(built, inputs)
    passes, length = forward_passes(model, [question.target]), len(inputs)
    part = work.part if model.architecture.decoder else 1.0
    seconds = 0.0
    if work.forward:
        seconds += work.forward * part * _pass(question, backward=False)
    if work.backward:
        seconds += work.backward * _pass(question, backward=True)
    return Estimate(
        evaluations=work.evaluations * passes,
        seconds=seconds * passes,
        memory=_memory(model, length, work) + _weights(model, length, built.info.needs) + held_by(built, model, inputs),
        tokens=length,
        at_most=work.early,
    )


def _pass(question: Question, *, backward: bool) -> float:
    """Seconds of one pass over the question's tokens: of texts about as long, timed once."""
    model, length = question.model, len(question.inputs)
    key = (model.key, model.revision, model.task, model.precision, backward, round(4 * math.log2(length)))
    if key not in _seconds:
        if len(_seconds) >= MOST_KNOWN:
            _seconds.clear()
        taken = _timed(question, backward=backward)
        _seconds[key] = (min(taken, _timed(question, backward=backward)) if taken < AT_ONCE else taken) / length
    return _seconds[key] * length


def _timed(question: Question, *, backward: bool) -> float:
    model, inputs, target = question.model, question.inputs, question.target
    rows = 1 if backward else min(COPIES, batch_rows(model, len(inputs), len(inputs)))
    start = time.perf_counter()
    if backward:
        found = gradient(model, model.embed(inputs.ids)[None], target, Watch()).gradient
    else:
        found = copies_logits(model, inputs, target.position, rows)
    float(found.sum())  # a graphics card answers before it is done
    return (time.perf_counter() - start) / rows


def _memory(model: TextModel, length: int, work: Work) -> int:
    """Bytes at the widest point: a batch of copies, or the graph of a backward pass."""
    rows = batch_rows(model, length, length) if work.forward > 1 else 1
    forward = rows * memory_of_copy(model, length)
    if not work.backward:
        return forward
    graph = min(gradient_rows(model, length), work.backward) * graph_bytes(model, length)
    if graph > GRAPH_BYTES:  # layers' inputs are kept, and one layer at a time runs again
        graph = memory_of_copy(model, length) + kept_bytes(model, length)
    return max(forward, graph)


def _weights(model: TextModel, length: int, needs: frozenset[str]) -> int:
    """Bytes of attention weights that are there at once where a method looks at them or has rules for them.

    They are one layer's, as they come from their steps; of a long text one block's, beside which stands the mask.
    """
    layer = 4 * model.size.heads * length**2
    if not needs & {"attention", "rules"}:
        return 0
    long = is_long(model, length) if "rules" in needs else layer > BLOCK_BYTES
    if long and goes_in_blocks(model.network):
        steps = 5 if "gradient" in needs else 3
        return steps * min(layer, BLOCK_BYTES) + length**2
    return 3 * layer


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
