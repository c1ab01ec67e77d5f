"""One question for each token of an answer, from one reading of it, and their explanations with shared work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.base import build, check_available
from tokimp.metrics.part import Part
from tokimp.models.continuing import Continuation
from tokimp.models.outputs import answers_at
from tokimp.models.targets import label_of, prediction
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.question import Question
from tokimp.types import Attribution, Request, Role, Target, Value
from tokimp.watch import Watch

FEW = 8  # rows whose vocabulary-sized output is held at once


def questions(model: TextModel, request: Request, inputs: Encoded, watch: Watch) -> list[Question]:
    """One question a token of the answer: what made the model say this, after all that stands before it.

    `inputs` hold the whole answer, which is `request.generated`. Cost: one evaluation.
    """
    start = len(inputs) - len(request.generated)
    found: list[Question] = []
    for first in range(0, len(request.generated), FEW):
        end = min(first + FEW, len(request.generated))
        for row, logits in zip(range(first, end), _read(model, inputs, start + first, end - first), strict=True):
            found.append(_question(model, request, inputs.until(start + row), row, logits))
    watch.count(1)
    return found


def _read(model: TextModel, inputs: Encoded, at: int, count: int) -> Tensor:
    """Logits (generated, vocabulary) for `count` tokens of the answer, of which the first stands at `at`."""
    ids = inputs.ids[None, : at + count - 1]
    with torch.inference_mode():
        return answers_at(model, ids, [at - 1], count, source=inputs.source)[0]


def _question(model: TextModel, request: Request, inputs: Encoded, row: int, logits: Tensor) -> Question:
    id_, position = request.generated[row], len(inputs) - 1
    log_prob = float(logits.double().log_softmax(-1)[id_])
    return Question(
        model=model,
        text=request.text,
        asked=id_,
        asked_contrast=None,
        mask=0,
        generated=request.generated[:row],
        roles=request.roles,
        inputs=inputs,
        target=Target(id_, label_of(model, (id_,)), position, output="log_prob", source=inputs.source),
        prediction=prediction(model, inputs, position, logits),
        output=log_prob,
        probability=float(np.exp(log_prob)),
        evaluations=0,
        seconds=0.0,
    )


def given(inputs: Encoded, roles: Sequence[Role]) -> tuple[Role, ...]:
    """The roles with all of the answer pinned, whose range goes on behind the text: it is taken as given."""
    answer = [token for token in inputs.tokens if token.segment == "generated"]
    return (*roles, (answer[0].start, answer[-1].end, "pinned"))


def attributions(
    asked: Sequence[Question], inputs: Encoded, method: str, options: dict[str, Value], seed: int, watch: Watch
) -> Iterator[Attribution]:
    """The questions' attributions by one method, one after the other, with the work shared where it can be.

    Gradients of all tokens come from the same graph. Edited copies are read for a token and all
    behind it at once, wherever the method edits them for each alike.

    Raises:
        MethodUnavailableError, OptionError, NoBaselineError, OutOfMemoryError; whatever the watch raises.
    """
    model, targets = asked[0].model, tuple(question.target for question in asked)
    check_available(model, method)
    built = build(method, options, seed)
    together = getattr(built, "attribute_rows", None)
    if together is not None:
        yield from together(model, inputs, targets, watch)
        return
    if getattr(built, "edits_alike", False) or all(_fixed(question.inputs) for question in asked):
        model = model.answering(Continuation(targets))
    for row, question in enumerate(asked):
        part = Part(whole=watch, start=row / len(asked), end=(row + 1) / len(asked))
        yield built.attribute(model, question.inputs, question.target, part)


def _fixed(inputs: Encoded) -> bool:
    """Whether nothing that was written can be taken away, so that each row edits the same copies."""
    return all(fixed or token.segment != "generated" for token, fixed in zip(inputs.tokens, inputs.fixed, strict=True))
