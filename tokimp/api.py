"""The way in: from a text to a prediction and an explanation."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import torch

from tokimp.methods.base import METHODS, Method, MethodInfo, build, check_available
from tokimp.models.catalog import CATALOG, CatalogEntry
from tokimp.models.loading import load
from tokimp.models.masking import Copy
from tokimp.models.outputs import word_value
from tokimp.models.scoring import Scorer, memory_watched
from tokimp.models.targets import answer_logits, prediction, reading_position, resolve
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import (
    TASKS,
    Attribution,
    Explanation,
    Output,
    Precision,
    Prediction,
    Progress,
    Request,
    Target,
    Task,
    Value,
)
from tokimp.version import __version__
from tokimp.watch import Watch

__all__ = ["Question", "ask", "catalog", "explain", "load", "methods", "predict", "tasks"]

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
        notes, target = [], self.target
        if target.continuation or target.contrast_continuation:
            word = target.label if target.continuation else target.contrast_label
            count = len(target.ids) if target.continuation else len(target.contrast_ids)
            notes.append(f"“{word}” is {count} tokens: explained is the sum of their log-probabilities.")
        if self.model.precision == "bf16":
            notes.append("Computed in bf16, with about three digits: close scores may change places.")
        return notes


@memory_watched()
def ask(
    model: TextModel,
    text: str,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    limit: int | None = None,
) -> Question:
    """Reads the model's answer and finds the target in it; at most `limit` tokens.

    Cost: one forward pass, and one more for each word of several tokens.

    Raises:
        EmptyTextError, TextTooLongError, NoMaskError, UnknownTargetError, OutOfMemoryError.
    """
    start, watch = time.perf_counter(), Watch()
    inputs = model.encode(text, limit)
    position = reading_position(model, inputs, mask)
    logits = answer_logits(model, inputs, position)
    watch.count(1)
    answer = prediction(model, inputs, position, logits)
    inputs, resolved = resolve(model, inputs, logits, position, target, contrast, output)
    alone = replace(resolved, contrast=None, contrast_label=None, contrast_continuation=(), output="prob")
    if len(resolved.ids) > 1 or len(resolved.contrast_ids) > 1:
        scorer = Scorer(model, [resolved, alone], watch)
        copies = [Copy(inputs.ids, position)]
        value, probability = float(scorer(copies)[0]), float(scorer.select(1)(copies)[0])
    else:
        value, probability = _single(model, logits, resolved), _single(model, logits, alone)
    return Question(
        model=model,
        text=text,
        asked=target,
        asked_contrast=contrast,
        mask=mask,
        inputs=inputs,
        target=resolved,
        prediction=answer,
        output=value,
        probability=probability,
        evaluations=watch.evaluations,
        seconds=time.perf_counter() - start,
    )


@memory_watched()
def predict(model: TextModel | str, text: str, mask: int = 0, count: int = 10) -> Prediction:
    """What the model says: its `count` likeliest classes, next tokens or fills. Cost: one forward pass.

    Raises:
        EmptyTextError, TextTooLongError, NoMaskError, OutOfMemoryError.
    """
    loaded = load(model) if isinstance(model, str) else model
    inputs = loaded.encode(text)
    position = reading_position(loaded, inputs, mask)
    return prediction(loaded, inputs, position, answer_logits(loaded, inputs, position), count)


def explain(  # noqa: PLR0913 - the frozen public signature; each is one word of the question
    model: TextModel | str,
    text: str,
    method: str = "integrated_gradients",
    *,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    seed: int = 0,
    precision: Precision = "fp32",
    watch: Progress | None = None,
    **options: Value,
) -> Explanation:
    """Which tokens of the text made the model say that.

    `target` and `contrast` are a class or word, an id, or None for the model's own prediction and
    no contrast. `mask` counts the masks of a fill-mask text from 0. `watch(fraction, partial)` is
    called after every batch, and stops the work by raising. `options` are the method's own.
    `precision="bf16"` computes in half as many bits: faster where the machine is made for it,
    slower elsewhere, with scores that rank nearly but not quite the same.

    Returns:
        One score for every token of the input, in the unit of `output`: positive pushes towards
        the target (and away from the contrast), negative pushes away; unsigned methods say how much.

    Raises:
        InputError, ModelError, OutOfMemoryError: each says what to do next.
    """
    loaded = load(model) if isinstance(model, str) else model
    question = ask(loaded.computing_in(precision), text, target=target, contrast=contrast, output=output, mask=mask)
    return question.explain(method, options, seed, watch)


def methods() -> dict[str, MethodInfo]:
    """The methods' facts by key, in the order of the page."""
    return {key: method.info for key, method in METHODS.items()}


def tasks() -> tuple[Task, ...]:
    """What a model may be asked."""
    return TASKS


def catalog() -> dict[str, CatalogEntry]:
    """The models that the app offers, by key; any other hub id or folder can be loaded too."""
    return dict(CATALOG)


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
