"""Variations of a prompt: what each makes of the same target, token by token and keyword by keyword."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tokimp.api import load
from tokimp.compare.alignment import Columns
from tokimp.compare.keywords import Keywords, spread, tracks
from tokimp.compare.methods import Chosen, Counted, Methods, Unusable, part
from tokimp.compare.templates import Variation, variations
from tokimp.errors import MethodUnavailableError
from tokimp.methods import METHODS
from tokimp.methods.base import why_not
from tokimp.models.text_model import TextModel
from tokimp.prompt_comparison import PromptComparison
from tokimp.question import Asked, Question, ask
from tokimp.types import Candidate, Explanation, Output, Progress
from tokimp.watch import Watch


@dataclass(frozen=True)
class Target:
    """What is explained in all prompts: as asked, or the first prompt's answer where `target` is None."""

    target: Asked = None
    contrast: Asked = None
    output: Output = "logit"
    mask: int = 0

    def ask(self, model: TextModel, text: str, limit: int | None = None) -> Question:
        return ask(model, text, self.target, self.contrast, self.output, self.mask, limit=limit)

    def settled(self, question: Question) -> Target:
        """The same target for every further prompt: by id, so that a word is not read otherwise elsewhere.

        A word of several tokens is looked up again, as one id cannot name it.
        """
        found = question.target
        target = self.target if found.continuation else found.index
        contrast = self.contrast if found.contrast_continuation else found.contrast
        return Target(target, contrast, self.output, self.mask)


def compare_prompts(  # noqa: PLR0913 - the question of `explain`, with prompts in place of one
    model: TextModel | str,
    texts: str | Iterable[str | Variation],
    keywords: str | Iterable[str] = (),
    method: str | Chosen = "integrated_gradients",
    *,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    seed: int = 0,
    case: bool = False,
    whole: bool = True,
    watch: Progress | None = None,
) -> PromptComparison:
    """How up to 50 variations of a prompt change the answer and its explanation.

    `texts` is a list, or a string with one prompt a line; a line with slots such as {name: Anna|Omar} stands for
    all their fillings. `templates.from_csv` reads a table. The target is the same for all: as asked, or what the
    model answers to the first. `keywords` are found in every prompt: `case` and `whole` words as they say, and
    {name} follows what fills a slot. `method` may be several.

    Cost: that of asking once a prompt, and of each method for each.

    Raises:
        InputError, ModelError: the first prompt cannot be asked. OptionError: too many prompts, a template that
        cannot be read, no such method or option. MethodUnavailableError: no method can be used with this model.
    """
    prompts = variations(texts)
    words = Keywords((keywords,) if isinstance(keywords, str) else tuple(keywords), case, whole)
    chosen = Methods((method,) if isinstance(method, str) else method, seed)
    loaded = load(model) if isinstance(model, str) else model
    asked = Target(target, contrast, output, mask)
    *_, last = comparing_prompts(Prompts(loaded, tuple(prompts), asked, chosen, words), watch)
    return last


@dataclass(frozen=True)
class Prompts:
    """Prompts for one model, with everything that is asked of them. limit: tokens of each, None for the model's."""

    model: TextModel
    prompts: tuple[Variation, ...]
    target: Target = field(default_factory=Target)
    methods: Methods = field(default_factory=lambda: Methods(("integrated_gradients",)))
    keywords: Keywords = field(default_factory=Keywords)
    limit: int | None = None


def comparing_prompts(
    asked: Prompts, watch: Progress | None = None, counter: Watch | None = None
) -> Iterator[PromptComparison]:
    """The comparison so far after each prompt; whoever has enough stops asking.

    `watch` gets the share of the whole work, with the running method's scores so far. `counter`, if given,
    counts the evaluations while they run. A prompt that cannot be asked is left out, with its reason; the first
    names the target and has to be.
    """
    run = _Run(asked, watch, counter)
    for place in range(len(asked.prompts)):
        run.take(place)
        yield run.so_far()


class _Run:
    """What is known so far; `take` adds one prompt."""

    def __init__(self, asked: Prompts, watch: Progress | None, counter: Watch | None) -> None:
        self.asked, self.watch, self.counter = asked, watch, counter
        self.target = asked.target
        self.columns = Columns()
        self.done: list[Variation] = []
        self.answers: list[Candidate] = []
        self.failed: dict[str, str] = {}
        self.unavailable: dict[str, str] = {}
        self.runs: dict[str, list[Explanation]] = {}
        for key in asked.methods.options:
            why = why_not(asked.model, METHODS[key])
            if why is None:
                self.runs[key] = []
            else:
                self.unavailable[key] = why
        if not self.runs:
            raise MethodUnavailableError(" ".join(self.unavailable.values()), "Choose another method.")

    def take(self, place: int) -> None:
        prompt = self.asked.prompts[place]
        try:
            question = self.target.ask(self.asked.model, prompt.text, self.asked.limit)
            if self.counter is not None:
                self.counter.count(question.evaluations)
            found = self._explained(question, place)
        except Unusable as error:
            if not self.done:
                raise
            self.failed[prompt.text] = str(error)
            return
        if not self.done:
            self.target = self.target.settled(question)
        for key, explanation in found.items():
            self.runs[key].append(explanation)
        self.done.append(prompt)
        self.answers.append(question.prediction.candidates[0])
        self.columns.add(question.inputs.tokens)

    def so_far(self) -> PromptComparison:
        first = next(iter(self.runs.values()))
        return PromptComparison(
            prompts=tuple(each.text for each in self.done),
            runs={key: tuple(run) for key, run in self.runs.items()},
            answers=tuple(self.answers),
            alignment=self.columns.alignment,
            keywords=tracks(self.done, self.runs, self.asked.keywords),
            probability=spread([each.probability for each in first]),
            failed=dict(self.failed),
            unavailable=dict(self.unavailable),
        )

    def _explained(self, question: Question, place: int) -> dict[str, Explanation]:
        """By each method; one that cannot even explain the first prompt is left out from there on."""
        methods, keys = self.asked.methods, tuple(self.runs)
        found: dict[str, Explanation] = {}
        for step, key in enumerate(keys, start=place * len(keys)):
            report = part(self.watch, step, len(self.asked.prompts) * len(keys))
            try:
                found[key] = question.explain(
                    key, methods.options[key], methods.seed, report, Counted(total=self.counter)
                )
            except Unusable as error:
                if self.done or len(self.runs) == 1:
                    raise
                self.unavailable[key] = str(error)
                del self.runs[key]
        return found
