"""One question for each token of an answer, from one reading of it, and their explanations with shared work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tokimp.methods.base import build, check_available
from tokimp.metrics.part import Part
from tokimp.models.continuing import Continuation
from tokimp.models.targets import label_of
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.writing import Said, reading
from tokimp.question import Question
from tokimp.types import Attribution, Request, Role, Target, Value
from tokimp.watch import Watch


def questions(model: TextModel, request: Request, inputs: Encoded, watch: Watch) -> list[Question]:
    """One question a token of the answer: what made the model say this, after all that stands before it.

    `inputs` hold the whole answer, which is `request.generated`. Cost: one evaluation.
    """
    said = reading(model, inputs, request.generated)
    watch.count(1)
    start = len(inputs) - len(request.generated)
    return [_question(model, request, inputs.until(start + row), each) for row, each in enumerate(said)]


def _question(model: TextModel, request: Request, inputs: Encoded, said: Said) -> Question:
    count, id_ = len(inputs), said.id
    return Question(
        model=model,
        text=request.text,
        asked=id_,
        asked_contrast=None,
        mask=0,
        generated=said.behind,
        roles=request.roles,
        inputs=inputs,
        target=Target(id_, label_of(model, (id_,)), count - 1, output="log_prob", source=inputs.source),
        prediction=said.prediction,
        output=said.log_prob,
        probability=float(np.exp(said.log_prob)),
        evaluations=0,
        seconds=0.0,
    )


def given(inputs: Encoded, roles: Sequence[Role]) -> tuple[Role, ...]:
    """The roles with all of the answer pinned, whose range goes on behind the text: it is taken as given."""
    answer = [token for token in inputs.tokens if token.segment == "generated"]
    pinned: Role = (answer[0].start, answer[-1].end, "pinned")
    return (*(role for role in roles if role != pinned), pinned)


def attributions(
    asked: Sequence[Question], inputs: Encoded, method: str, options: dict[str, Value], seed: int, watch: Watch
) -> Iterator[Attribution]:
    """The questions' attributions by one method, one after the other, with the work shared where it can be.

    Gradients of all tokens come from the same graph. Edited copies are read for a token and all
    behind it at once, wherever the method edits them for each alike; and texts that an encoder reads, once for all.

    Raises:
        MethodUnavailableError, OptionError, NoBaselineError, OutOfMemoryError; whatever the watch raises.
    """
    model, targets = asked[0].model, tuple(question.target for question in asked)
    check_available(model, method)
    model = model.remembering() if inputs.source else model
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
