"""What explaining an answer takes, known before it runs: the work of its rows, with what they share counted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tokimp.estimating import Estimate, estimated
from tokimp.generating import settings_of
from tokimp.generating.rows import given
from tokimp.methods.base import Method, build
from tokimp.methods.gradients import ROWS, is_long
from tokimp.methods.work import Work, work_of
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.question import ask
from tokimp.types import Request

BACKWARD = 3.0
"""What a forward pass with a backward pass behind it takes, in forward passes."""

MANY = 400
"""Passes: fewer are done before a sentence on them is read."""

TOGETHER = 0.35
"""What a row takes where one graph serves several, as a share of what it takes alone."""


class RowsWork(NamedTuple):
    """passes: forward passes over all `tokens` that take as long; shared: rows are explained together.

    `last` are the passes of the last row, were it explained alone; early: the method may stop before.
    """

    rows: int
    tokens: int
    evaluations: int
    passes: float
    last: float
    shared: bool
    early: bool


def work_of_answer(model: TextModel, request: Request) -> RowsWork:
    """That of the span that is asked for; an answer that is yet to be written has as many tokens as it may have.

    Nothing is asked of the model but its tokenizer.

    Raises:
        InputError: it cannot be put to this model.
    """
    settings, options = settings_of(request)
    method = build(request.method, options, request.seed)
    if not request.generated:
        last = int(model.encode(request.text, None, (), request.roles).ids[-1])  # any token does
        request = replace(request, generated=(last,) * settings.max_new_tokens)
    inputs = model.encode(request.text, None, request.generated, request.roles)
    if not settings.earlier:
        inputs = model.encode(request.text, None, request.generated, given(inputs, request.roles))
    span, start = settings.span(len(request.generated)), len(inputs) - len(request.generated)
    rows = [inputs.until(start + place) for place in range(span.first, span.end)]
    if hasattr(method, "attribute_rows"):
        return _in_one_graph(model, method, rows)
    one = work_of(method, rows[-1])
    if not _copies_alike(method, one, settings.earlier):
        return _apart(model, method, rows)
    passes = _passes(model, one)  # its copies with the answer behind them are those of all rows
    return RowsWork(len(rows), len(rows[-1]), one.evaluations, passes, passes, len(rows) > 1, one.early)


def estimate_of_answer(model: TextModel, request: Request, work: RowsWork) -> Estimate:
    """What explaining the answer that `request` holds will take on this machine.

    Cost: that of `tokimp.estimate` for the last row, which is the longest.

    Raises:
        InputError, ModelError, OutOfMemoryError: as explaining it.
    """
    settings, options = settings_of(request)
    end = settings.span(len(request.generated)).end
    row = ask(
        model,
        request.text,
        request.generated[end - 1],
        output="log_prob",
        generated=request.generated[: end - 1],
        roles=request.roles,
    )
    found = estimated(row, request.method, options)
    seconds = found.seconds * work.passes / work.last
    return replace(found, evaluations=work.evaluations, seconds=seconds, at_most=work.early)


def _copies_alike(method: Method, work: Work, earlier: bool) -> bool:
    """Whether rows read the same copies: where what was written is never taken away, and no copy is drawn by chance."""
    if earlier:
        return getattr(method, "edits_alike", False)
    drawn = work.early or getattr(method, "replacement", None) == "random"
    return method.info.family in {"perturbation", "shapley"} and not drawn


def _in_one_graph(model: TextModel, method: Method, rows: Sequence[Encoded]) -> RowsWork:
    """One forward pass for several rows, and a backward pass for each; for each alone where the text is long."""
    one, count, tokens = work_of(method, rows[-1]), len(rows), len(rows[-1])
    passes = _passes(model, one)
    if is_long(model, tokens):
        return RowsWork(count, tokens, count * one.evaluations, count * passes, passes, False, one.early)
    shared = max(1.0, count * TOGETHER) * passes
    return RowsWork(count, tokens, math.ceil(count / ROWS) * one.evaluations, shared, passes, count > 1, one.early)


def _apart(model: TextModel, method: Method, rows: Sequence[Encoded]) -> RowsWork:
    each, whole = [work_of(method, row) for row in rows], len(rows[-1])
    passes = sum(_passes(model, work) * len(row) / whole for work, row in zip(each, rows, strict=True))
    evaluations, last = sum(work.evaluations for work in each), _passes(model, each[-1])
    return RowsWork(len(rows), whole, evaluations, passes, last, False, each[-1].early)


def _passes(model: TextModel, work: Work) -> float:
    return work.forward * (work.part if model.architecture.decoder else 1.0) + BACKWARD * work.backward
