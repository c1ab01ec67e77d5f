"""What the tabs that compare begin with, and how each asks: all that they do differently before a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tokimp.errors import OptionError
from tokimp.methods.base import METHODS, Option, options_of
from tokimp.models.text_model import TextModel
from tokimp.types import Request, Task, Value
from tokimp.ui import controls
from tokimp.ui.components import Payload
from tokimp.ui.forms import Picked
from tokimp.ui.state import Asked
from tokimp.ui.studies import compare, prompts
from tokimp.ui.studies.asking import MOST_METHODS, joined, listed, offered

WHY_WORD = "A word of several tokens is explained as a whole. Enter takes it."


@dataclass(frozen=True)
class Example:
    """A text, or prompts, under a short name; with the task whose model reads it, and options."""

    name: str
    text: str
    task: Task
    options: Mapping[str, Value]


@dataclass(frozen=True)
class Kind:
    """One tab. `key` is that of its study, its link and its place; `options` are those of its form."""

    key: str
    title: str
    button: str
    text_label: str
    placeholder: str
    own_answer: str
    usual: tuple[str, ...]
    options: tuple[Option, ...]
    examples: tuple[Example, ...]
    methods_in_options: bool

    def asked(self, task: Task, model: str, text: str, methods: Sequence[str], target: Picked) -> Asked:
        """The question without the form's options."""
        names = joined(methods)
        if self.methods_in_options:
            return Asked(task, model, text, "", target, options={"methods": names}, view=self.key)
        return Asked(task, model, text, names, target, view=self.key)

    def with_options(self, asked: Asked, given: Mapping[str, Value]) -> Asked:
        known = {each.name: given[each.name] for each in self.options if each.name in given}
        return replace(asked, options={**known, **asked.options})

    def first(self, model: str) -> Asked:
        """What the tab asks as it stands at first: its first example."""
        example = self.examples[0]
        methods = offered(example.task, self.usual)
        return self.with_options(self.asked(example.task, model, example.text, methods, None), example.options)

    def methods_of(self, request: Request) -> tuple[str, ...]:
        """The methods of a link, as far as there are such."""
        names = request.options.get("methods", "") if self.methods_in_options else request.method
        return tuple(key for key in listed(str(names)) if key in METHODS) or self.usual

    def form(self, given: Mapping[str, Value] | None = None) -> Payload:
        """The form's options as they stand in `given`, as far as they will do."""
        values: dict[str, Value] = {}
        for each in self.options:
            if each.name in (given or {}):
                try:
                    values[each.name] = each.check((given or {})[each.name])
                except OptionError:
                    continue
        return {"fields": controls.fields_of(self.options, values)}

    def target_list(self, task: Task, chosen: Picked, model: TextModel | None = None) -> Payload:
        """What to explain: the model's own answer, a class where they are known, or a typed word."""
        own: list[controls.Entry] = [{"value": None, "label": self.own_answer}]
        classes = [{"value": place, "label": label} for place, label in enumerate(model.labels if model else ())]
        if task == "classification":
            if chosen is not None and chosen not in [each["value"] for each in classes]:
                own.append({"value": chosen, "label": f"class {chosen}" if isinstance(chosen, int) else chosen})
            return controls.choice_payload("What to explain", [("", own), ("Classes", classes)], chosen)
        if isinstance(chosen, int):
            own.append({"value": chosen, "label": f"token {chosen}"})
        word = {"label": "another word …", "placeholder": "Type a word", "note": WHY_WORD}
        return controls.choice_payload("What to explain", [("", own)], chosen, word)


def method_list(task: Task, chosen: Iterable[str], model: TextModel | None = None) -> Payload:
    """The methods by family; those that cannot explain this model are greyed, with the reason."""
    groups = controls.method_choice(task, "", model)["groups"]
    barred = {option["value"] for group in groups for option in group["options"] if option["disabled"]}
    kept = [key for key in offered(task, chosen) if key not in barred]
    return {"label": "Methods", "groups": groups, "chosen": kept, "most": MOST_METHODS}


def _example(name: str, text: str, task: Task, **options: Any) -> Example:
    return Example(name, text, task, options)


COMPARE = Kind(
    key=compare.KEY,
    title="Compare methods",
    button="Compare",
    text_label="Text",
    placeholder="Type or paste a text",
    own_answer="the model’s own answer",
    usual=compare.USUAL,
    options=tuple(each for each in options_of(compare.Options) if each.name != "methods"),
    examples=(
        _example("Not bad", "The film is not bad at all: I loved every minute of it.", "classification"),
        _example("Capital", "The capital of France is", "next-token"),
        _example("Who did it", "When Mary and John went to the shop, John gave a drink to", "next-token"),
        _example("Ten …", "They have been married for ten [MASK].", "masked-lm"),
    ),
    methods_in_options=True,
)

PROMPTS = Kind(
    key=prompts.KEY,
    title="Prompts",
    button="Compare",
    text_label="Prompts: one a line, or {name: Anna|Omar}",
    placeholder="One prompt a line, or a template: {name: Anna|Omar} was late.",
    own_answer="its answer to the first prompt",
    usual=("integrated_gradients",),
    options=options_of(prompts.Options),
    examples=(
        _example(
            "Names",
            "{name: Anna|Omar|Mei|Kwame|Priya|John} was late again, but the work was good.",
            "classification",
            keywords="{name}, late, good",
        ),
        _example(
            "Wording",
            "The film was good.\nThe film was not good.\nThe film was bad.\nThe film was not bad.\n"
            "The film was not bad at all.",
            "classification",
            keywords="good, bad, not",
        ),
        _example(
            "Capitals",
            "The capital of {country: France|Spain|Italy|Poland|Japan} is",
            "next-token",
            keywords="{country}, capital",
        ),
    ),
    methods_in_options=False,
)

KINDS = (COMPARE, PROMPTS)
