"""A text that was put to a model: asked once, explained by as many methods as one likes."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import torch

from tokimp.methods.base import Method, build, check_available
from tokimp.models.masking import Copy
from tokimp.models.outputs import word_value
from tokimp.models.scoring import Scorer, memory_watched
from tokimp.models.targets import answer_logits, prediction, reading_position, resolve
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import (
    Attribution,
    Explanation,
    Output,
    Prediction,
    Progress,
    Request,
    Role,
    Target,
    Value,
)
from tokimp.version import __version__
from tokimp.watch import Watch

Asked = str | int | None


@dataclass(frozen=True)
class Question:
    """A text that was put to a model: what the model says, and the target whose value is to be explained.

    Made by `ask`; explained by as many methods as one likes without asking the model again.
    `evaluations` and `seconds` are what asking took.
    """

    model: TextModel
    text: str
    asked: Asked
    asked_contrast: Asked
    mask: int
    generated: tuple[int, ...]
    roles: tuple[Role, ...]
    inputs: Encoded
    target: Target
    prediction: Prediction
    output: float
    probability: float
    evaluations: int
    seconds: float

    @memory_watched()
    def explain(
        self,
        method: str,
        options: Mapping[str, Value] | None = None,
        seed: int = 0,
        watch: Progress | None = None,
        counter: Watch | None = None,
    ) -> Explanation:
        """The target's value shared out among the tokens by one method.

        `counter`, if given, counts the evaluations while they run.

        Raises:
            MethodUnavailableError, OptionError, NoBaselineError, OutOfMemoryError; whatever `watch` raises.
        """
        check_available(self.model, method)
        built = build(method, options or {}, seed)
        counter, start = counter or Watch(), time.perf_counter()
        counter.report = watch
        attribution = built.attribute(self.model, self.inputs, self.target, counter)
        spent = time.perf_counter() - start
        return self.explanation(attribution, method, options, seed, counter.evaluations, spent)

    def others(self, count: int) -> list[Target]:
        """Targets like this one for the `count` likeliest single-token candidates, without a contrast."""
        return [
            replace(
                self.target,
                index=candidate.index,
                label=candidate.label,
                continuation=(),
                contrast=None,
                contrast_label=None,
                contrast_continuation=(),
            )
            for candidate in self.prediction.candidates[:count]
        ]

    @memory_watched()
    def attribute_each(
        self,
        method: str,
        targets: Sequence[Target],
        options: Mapping[str, Value] | None = None,
        seed: int = 0,
        watch: Progress | None = None,
    ) -> list[Attribution]:
        """One attribution a target, in shared forward passes where the method can: the rows of a heatmap."""
        check_available(self.model, method)
        built = build(method, options or {}, seed)
        return _each(built, self.model, self.inputs, targets, Watch(watch))

    def explanation(
        self,
        attribution: Attribution,
        method: str,
        options: Mapping[str, Value] | None = None,
        seed: int = 0,
        evaluations: int = 0,
        seconds: float = 0.0,
    ) -> Explanation:
        """An attribution, finished or partial, as the answer to this question; what it took comes on top of asking."""
        request = Request(
            model=self.model.key,
            revision=self.model.revision,
            task=self.model.task,
            text=self.text,
            method=method,
            target=self.asked,
            contrast=self.asked_contrast,
            output=self.target.output,
            options=dict(options or {}),
            seed=seed,
            mask=self.mask,
            generated=self.generated,
            roles=self.roles,
            precision=self.model.precision,
        )
        return Explanation(
            request=request,
            tokens=self.inputs.tokens,
            target=self.target,
            attribution=replace(attribution, notes=(*self._notes(), *attribution.notes)),
            output=self.output,
            probability=self.probability,
            evaluations=self.evaluations + evaluations,
            seconds=self.seconds + seconds,
            versions=versions(),
        )

    def _notes(self) -> list[str]:
        target = self.target
        notes = list(self.model.notes(target))
        if target.continuation or target.contrast_continuation:
            word = target.label if target.continuation else target.contrast_label
            count = len(target.ids) if target.continuation else len(target.contrast_ids)
            notes.append(f"“{word}” is {count} tokens: explained is the sum of their log-probabilities.")
        if self.model.precision == "bf16":
            notes.append("Computed in bf16, with about three digits: close scores may change places.")
        return notes


@memory_watched()
def ask(  # noqa: PLR0913 - each is one word of the question
    model: TextModel,
    text: str,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    *,
    limit: int | None = None,
    generated: Sequence[int] = (),
    roles: Sequence[Role] = (),
) -> Question:
    """Reads the model's answer and finds the target in it; at most `limit` tokens.

    `generated` are ids of what the model has written behind the text so far; `roles` say what stands
    where in the text.

    Cost: one forward pass, and one more for each word of several tokens.

    Raises:
        EmptyTextError, TextTooLongError, NoMaskError, UnknownTargetError, OutOfMemoryError.
    """
    start, watch = time.perf_counter(), Watch()
    inputs = model.encode(text, limit, generated, roles)
    model = model.reading(inputs)
    position = reading_position(model, inputs, mask)
    logits = answer_logits(model, inputs, position)
    watch.count(1)
    answer = prediction(model, inputs, position, logits)
    inputs, resolved = resolve(model, inputs, logits, position, target, contrast, output)
    alone = replace(resolved, contrast=None, contrast_label=None, contrast_continuation=(), output="prob")
    if len(resolved.ids) > 1 or len(resolved.contrast_ids) > 1:
        scorer = Scorer(model, [resolved, alone], watch)
        copies = [Copy(inputs.ids, position, inputs.source)]
        value, probability = float(scorer(copies)[0]), float(scorer.select(1)(copies)[0])
    else:
        value, probability = _single(model, logits, resolved), _single(model, logits, alone)
    return Question(
        model=model,
        text=text,
        asked=target,
        asked_contrast=contrast,
        mask=mask,
        generated=tuple(generated),
        roles=tuple(roles),
        inputs=inputs,
        target=resolved,
        prediction=answer,
        output=value,
        probability=probability,
        evaluations=watch.evaluations,
        seconds=time.perf_counter() - start,
    )


def ask_again(model: TextModel, request: Request, limit: int | None = None) -> Question:
    """The question of a request, of its text, target and context; its model and method are not looked at.

    Cost and errors as of `ask`.
    """
    return ask(
        model.computing_in(request.precision),
        request.text,
        request.target,
        request.contrast,
        request.output,
        request.mask,
        limit=limit,
        generated=request.generated,
        roles=request.roles,
    )


@cache
def versions() -> Mapping[str, str]:
    """What computed a result: tokimp and the packages whose numbers it shows."""
    names = ("torch", "transformers", "tokenizers", "numpy", "shap")
    found = {"tokimp": __version__}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # shap is optional
            continue
    return found


def _single(model: TextModel, logits: torch.Tensor, target: Target) -> float:
    rows = logits[None, None]  # (batch, kept, vocabulary or class)
    values = [word_value(rows, ids, target.output, model.link) for ids in (target.ids, target.contrast_ids) if ids]
    return float(values[0] - values[1] if len(values) == 2 else values[0])


def _each(
    method: Method, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
) -> list[Attribution]:
    shared = getattr(method, "attribute_each", None)
    if shared is not None:
        each: list[Attribution] = shared(model, inputs, targets, watch)
        return each
    return [method.attribute(model, inputs, target, watch) for target in targets]
