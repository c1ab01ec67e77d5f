"""The explanations of an answer's tokens as one: of the sum of their log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tokimp.generation import GenerationExplanation
from tokimp.models.targets import label_of
from tokimp.question import Question, versions
from tokimp.types import Attribution, Explanation, Floats

BOUND = "Error bars of the answer's tokens are added up, as if they all erred together: the sum errs by less."


def total_of(whole: GenerationExplanation, asked: Sequence[Question]) -> Explanation:
    """The rows' sum over the tokens before the span, as the explanation of the span.

    Output is the sum of the rows' log-probabilities. What the span's tokens owe to each other is
    no part of it: a token that is explained is no input of its own.
    """
    first, rows = asked[0], whole.rows
    ids = tuple(question.target.index for question in asked)
    target = replace(first.target, label=label_of(first.model, ids), continuation=ids[1:])
    count = len(first.inputs)
    errors = [row.stderr for row in rows]
    known = [error for error in errors if error is not None]
    attribution = Attribution(
        whole.matrix.sum(0)[:count],
        stderr=_sum(known, count) if len(known) == len(errors) else None,
        signed=all(row.attribution.signed for row in rows),
        notes=(BOUND,) if known else (),
    )
    output = sum(row.output for row in rows)
    return Explanation(
        request=whole.request,
        tokens=first.inputs.tokens,
        target=target,
        attribution=attribution,
        output=output,
        probability=float(np.exp(output)),
        seconds=whole.seconds,
        evaluations=whole.evaluations,
        versions=versions(),
    )


def _sum(errors: Sequence[Floats], count: int) -> Floats:
    found: Floats = np.sum([error[:count] for error in errors], axis=0)
    return found
