"""Several methods on one text: one question, asked once, explained by each in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tokimp.api import load
from tokimp.compare.agreement import TOP, compared
from tokimp.compare.measuring import Bands
from tokimp.comparison import Comparison
from tokimp.errors import InputError, ModelError, OptionError, OutOfMemoryError
from tokimp.methods import METHODS
from tokimp.methods.base import build, why_not
from tokimp.metrics.base import chosen
from tokimp.models.text_model import TextModel
from tokimp.question import Asked, Question, ask
from tokimp.types import Explanation, Floats, Output, Progress, Value
from tokimp.watch import Watch

DEFAULT = (
    "attention",
    "attention_rollout",
    "attention_norms",
    "value_zeroing",
    "gradient_x_input",
    "integrated_gradients",
    "attn_lrp",
    "occlusion",
    "shapley_sampling",
)
"""Of each family what is known best, without those that take many times as long as all others together."""

Chosen = Sequence[str] | Mapping[str, Mapping[str, Value]]
Unusable = (InputError, ModelError, OutOfMemoryError)
"""What one method cannot do while others can; whatever stops the work goes on upwards."""


@dataclass(frozen=True)
class Methods:
    """Which methods, each with its options and this seed, and what is said of them.

    top_k: tokens whose overlap is told. evaluate: whether each is measured against chance, by `metrics`
    (None: those that `tokimp.evaluate` starts with).
    """

    chosen: Chosen = DEFAULT
    seed: int = 0
    top_k: int = TOP
    evaluate: bool = False
    metrics: Sequence[str] | None = None
    options: Mapping[str, Mapping[str, Value]] = field(init=False)

    def __post_init__(self) -> None:
        """Raises OptionError where a method or an option is not known, before anything is computed."""
        written = (self.chosen,) if isinstance(self.chosen, str) else self.chosen
        named = written if isinstance(written, Mapping) else {key: {} for key in written}
        if not named:
            raise OptionError("There is no method to compare.", f"Choose some of: {', '.join(METHODS)}.")
        if self.top_k < 1:
            raise OptionError(f"top_k = {self.top_k} will not do.", "Choose a whole number of at least 1.")
        for key, options in named.items():
            build(key, options, self.seed)
        if self.evaluate:
            chosen(self.metrics)
        object.__setattr__(self, "options", {key: dict(options) for key, options in named.items()})


def compare(  # noqa: PLR0913 - the question of `explain`, with methods in place of one
    model: TextModel | str,
    text: str,
    methods: Chosen = DEFAULT,
    *,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    seed: int = 0,
    top_k: int = TOP,
    evaluate: bool = False,
    watch: Progress | None = None,
) -> Comparison:
    """How methods explain the same answer, and how far they agree.

    `methods` are keys, or keys with options: {"occlusion": {"replacement": "pad"}}. A method that cannot be used
    with this model stands in `failed` with the reason. `evaluate` adds metrics against chance to each.
    `watch(fraction, partial)` is called after every batch, and stops the work by raising.

    Cost: that of asking once, and of each method.

    Raises:
        InputError, ModelError: nothing can be asked. OptionError: no such method or option.
    """
    chosen = Methods(methods, seed, top_k, evaluate)
    loaded = load(model) if isinstance(model, str) else model
    question = ask(loaded, text, target=target, contrast=contrast, output=output, mask=mask)
    *_, last = comparing(question, chosen, watch)
    return last


def comparing(
    question: Question, methods: Methods, watch: Progress | None = None, counter: Watch | None = None
) -> Iterator[Comparison]:
    """The comparison so far after each method, then after each that is measured; whoever has enough stops asking.

    `watch` gets the share of the whole work, with the running method's scores so far. `counter`, if given,
    counts the evaluations while they run.
    """
    explanations: list[Explanation] = []
    failed: dict[str, str] = {}
    steps = len(methods.options) * (2 if methods.evaluate else 1)
    so_far = compared(question.text, question.inputs.tokens, [], methods.top_k)
    for step, (key, options) in enumerate(methods.options.items()):
        why = why_not(question.model, METHODS[key])
        if why is None:
            try:
                report = part(watch, step, steps)
                explanations.append(question.explain(key, options, methods.seed, report, Counted(total=counter)))
            except Unusable as error:
                why = str(error)
        if why is not None:
            failed[key] = why
        so_far = compared(question.text, question.inputs.tokens, explanations, methods.top_k, failed)
        yield so_far
    if methods.evaluate:
        yield from _measured(question, methods, so_far, watch, counter)


@dataclass
class Counted(Watch):
    """Counts one method's evaluations, and adds them to those of all."""

    total: Watch | None = None

    def count(self, evaluations: int) -> None:
        super().count(evaluations)
        if self.total is not None:
            self.total.count(evaluations)


def part(watch: Progress | None, step: int, steps: int) -> Progress | None:
    """The progress of one of several steps, as progress of all."""
    if watch is None:
        return None

    def report(fraction: float, partial: Floats | None) -> None:
        watch((step + fraction) / steps, partial)

    return report


def _measured(
    question: Question, methods: Methods, so_far: Comparison, watch: Progress | None, counter: Watch | None
) -> Iterator[Comparison]:
    bands, scores = Bands(methods.metrics), dict(so_far.scores)
    steps = 2 * len(methods.options)
    for step, explanation in enumerate(so_far.explanations, start=len(methods.options)):
        counted = Counted(part(watch, step, steps), total=counter)
        for found in bands.measure(question.model, explanation, counted):
            scores[explanation.request.method] = found
            yield replace(so_far, scores=dict(scores))
