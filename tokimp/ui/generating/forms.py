"""What the tab Generation begins with, and what can be chosen in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokimp.errors import OptionError
from tokimp.methods.base import METHODS, Option, options_of
from tokimp.models.text_model import TextModel
from tokimp.types import Request, Task, Value
from tokimp.ui import controls
from tokimp.ui.components import Payload
from tokimp.ui.generating.drafts import SHOWN, Draft, drafted

TITLE = "Generation"
BUTTON = "Explain the answer"
METHOD = "attn_lrp"
TASKS: tuple[Task, ...] = ("next-token", "seq2seq")
NAMES: dict[Task, str] = {"next-token": "Next token", "seq2seq": "Translate, summarise"}
NOTE = "Any model that writes, with safetensors, whose architecture is known. Enter takes it."
NEW_TOKENS = 16
"""Few enough that the first rows are there at once."""


@dataclass(frozen=True)
class Example:
    """A prompt under a short name."""

    name: str
    text: str
    answer: str = ""
    is_chat: bool = False


EXAMPLES = (
    Example("Recipe", "To make a cup of tea, first boil the water. Then"),
    Example("Capital", "Question: What is the capital of France?\nAnswer:"),
    Example("Chat", "Name three fruits that are red.", is_chat=True),
    Example("A pasted answer", "The capital of Australia is", " Sydney, the largest city of the country."),
)


def models(chosen: str, hub_reachable: bool) -> Payload:
    """The models that write: those that go on with a text, and those that turn one text into another."""
    groups: list[tuple[str, list[Any]]] = []
    other = None
    for task in TASKS:
        listed = controls.model_choice(task, chosen, hub_reachable)
        groups.append((NAMES[task], [option for group in listed["groups"] for option in group["options"]]))
        other = other or listed["other"]
    return controls.choice_payload("Model", groups, chosen, None if other is None else {**other, "note": NOTE})


def form(method: str, given: Mapping[str, Value] | None = None) -> Payload:
    """How the answer is written, then the method's own options, then seed and precision; as they stand in `given`."""
    values = {"max_new_tokens": NEW_TOKENS, **(given or {})}
    own = controls.options_payload(method if method in METHODS else METHOD, {}, values)["fields"]
    common = [field for field in own if field["name"] == "precision"]
    rest = [field for field in own if field["name"] not in controls.COMMON]
    fields = [*controls.fields_of(SHOWN, values), *rest, _seed(), *common]
    return {"fields": [field | {"value": values.get(field["name"], field["value"])} for field in fields]}


def linked_form(request: Request, method: str) -> Payload:
    """The same as a link has it, as far as its options will do."""
    kept: dict[str, Value] = {}
    for option in (*SHOWN, *options_of(METHODS[method])):
        if option.name in request.options:
            kept |= _checked(option, request.options[option.name])
    return form(method, kept | {"seed": min(request.seed, controls.LARGEST_SEED), "precision": request.precision})


def has_template(model: TextModel | None) -> bool:
    """Whether the model's tokenizer knows how a chat is written; of a model that is not loaded nobody knows."""
    return model is None or bool(getattr(model.tokenizer, "chat_template", None))


def first(model: str) -> Draft:
    """What the tab asks as it stands at first."""
    example = EXAMPLES[0]
    options = {field["name"]: field["value"] for field in form(METHOD)["fields"] if field["value"] != field["default"]}
    return drafted((example.text, example.answer, model, METHOD, options, example.is_chat, ""))


def _checked(option: Option, value: Value) -> dict[str, Value]:
    try:
        return {option.name: option.check(value)}
    except OptionError:
        return {}


def _seed() -> controls.Entry:
    facts = {"name": "seed", "label": "Seed", "help": controls.SEED_HELP, "default": 0, "value": 0, "choices": []}
    return facts | {"kind": "int", "low": 0, "high": controls.LARGEST_SEED}
