"""What a look inside is: a frozen dataclass whose fields are its options, and facts about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import torch

from tokimp.errors import MethodUnavailableError, OptionError
from tokimp.internals.inspecting import Internals
from tokimp.methods.base import Option, checked_options, list_of_missing, option, options_of
from tokimp.models.targets import answer_logits, prediction, reading_position, resolve
from tokimp.models.text_model import TextModel
from tokimp.registry import Registry
from tokimp.types import Prediction, Request, Target, Task, Value
from tokimp.watch import Watch

IN_ONE_LINE: tuple[Task, ...] = ("classification", "next-token", "masked-lm")
ON_TWO_SIDES = "This is shown of one text that one network reads; this model reads one and writes another."
NOTHING_WRITTEN = "The model writes nothing here: it ends at once."
MOST_LAYERS, MOST_HEADS, MOST_TOKENS = 199, 255, 4095


@dataclass(frozen=True, slots=True)
class LookInfo:
    """Facts of a look, from which its place on the page, its link and its tests follow.

    tells: one line on what is seen; targeted: it depends on what is explained; marks: options that
    only say what is pointed at, so that what is seen is the same for all their values; only: of some
    options the tasks whose models have them, where not all do.
    """

    key: str
    title: str
    tells: str
    paper: str
    url: str
    cost: str
    targeted: bool = False
    marks: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    tasks: tuple[Task, ...] = IN_ONE_LINE
    elsewhere: str = ""
    only: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """What a look returns: arrays, plain facts, and sentences on what limits them."""

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Aim:
    """What the request aims at, found once it is asked for and kept with the insides."""

    inside: Internals
    request: Request
    watch: Watch

    @cached_property
    def position(self) -> int:
        """Where the model's answer is read; raises NoMaskError."""
        return reading_position(self.inside.model, self.inside.inputs, self.request.mask)

    @property
    def logits(self) -> torch.Tensor:
        """(vocabulary or class,) of the model's answer. Cost: one evaluation, once."""

        def ask() -> torch.Tensor:
            self.watch.count(1)
            return answer_logits(self.inside.model, self.inside.inputs, self.position)

        return self.inside.kept(f"logits at {self.position}", ask)

    def prediction(self, count: int = 10) -> Prediction:
        return prediction(self.inside.model, self.inside.inputs, self.position, self.logits, count)

    def target(self) -> tuple[Internals, Target]:
        """The target, and the insides to read it on: a masked word of several tokens makes the text longer."""
        asked = self.request
        model, inputs = self.inside.model, self.inside.inputs
        longer, target = resolve(model, inputs, self.logits, self.position, asked.target, asked.contrast, asked.output)
        return (self.inside if len(longer) == len(inputs) else Internals(model, longer)), target


class Look(Protocol):
    """A way to look inside a model while it reads a text."""

    info: ClassVar[LookInfo]

    def see(self, aim: Aim) -> Findings:
        """What is seen; every array is finite, or NaN where it says that nothing is known."""


LOOKS: Registry[type[Look]] = Registry("look inside")
AnyLook = TypeVar("AnyLook", bound=type[Look])


def register(look: AnyLook) -> AnyLook:
    """Adds a look by its key: the one line that puts it into links, the API and the tests."""
    LOOKS.add(look.info.key, look)
    return look


def build(key: str, options: Mapping[str, Value]) -> Look:
    """The look with its options checked.

    Raises:
        OptionError: no such look, no such option, or a value outside its range.
    """
    look: type[Any] = LOOKS[key]
    built: Look = look(**checked_options(key, look, options))
    return built


def without_marks(key: str, options: Mapping[str, Value]) -> dict[str, Value]:
    """The options on which it depends what is seen."""
    marks = LOOKS[key].info.marks if key in LOOKS else ()
    return {name: value for name, value in options.items() if name not in marks}


def why_not(model: TextModel, look: type[Look]) -> str | None:
    """None, or why nothing can be seen of this model: shown in place of the view."""
    info = look.info
    if model.task not in info.tasks:
        return ON_TWO_SIDES if model.task == "seq2seq" else info.elsewhere
    missing = list_of_missing(model, info.needs)
    return f"{info.title} {' and '.join(missing)}." if missing else None


def check_available(model: TextModel, key: str) -> None:
    """Raises MethodUnavailableError, with the reason, where there is nothing to see."""
    reason = why_not(model, LOOKS[key])
    if reason is not None:
        raise MethodUnavailableError(reason, "Choose another view, or another model.")


def options_for(key: str, task: Task) -> tuple[Option, ...]:
    """The options that the look has for models of the task."""
    only = LOOKS[key].info.only
    return tuple(each for each in options_of(LOOKS[key]) if task in only.get(each.name, (task,)))


def check_options(key: str, options: Mapping[str, Value], task: Task) -> None:
    """Raises OptionError where an option is set that models of the task do not have; at its default it says nothing."""
    offered = {each.name for each in options_for(key, task)}
    for each in options_of(LOOKS[key]):
        value = options.get(each.name, each.default)
        if each.name not in offered and value != each.default:
            raise OptionError(f"There is no {each.name} {value}.", f"{task} models have none.")


def layer_option(help: str = "As hidden states are counted: 0 is the input, 1 what the first layer hands on.") -> Any:
    return option(None, "Layer", help, choices=(None,), kind=int, low=0, high=MOST_LAYERS)


def attending_layer_option() -> Any:
    help = "From 1, an encoder’s before its decoder’s; None is the mean over layers."
    return option(None, "Layer", help, choices=(None,), kind=int, low=1, high=MOST_LAYERS)


def head_option() -> Any:
    help = "From 0; None is the mean over heads."
    return option(None, "Head", help, choices=(None,), kind=int, low=0, high=MOST_HEADS)


def token_option(help: str = "Its place in the text as the model reads it, from 0.") -> Any:
    return option(None, "Token", help, choices=(None,), kind=int, low=0, high=MOST_TOKENS)


def checked_layer(layer: int | None, states: int) -> int:
    """Of so many hidden states the one that is meant, None the last.

    Raises:
        OptionError: a layer that the model does not have.
    """
    if layer is not None and layer >= states:
        raise OptionError(f"There is no layer {layer}.", f"The model has 0, the input, to {states - 1}.")
    return states - 1 if layer is None else layer


def checked_token(token: int | None, inside: Internals) -> int:
    """The token that is meant, None the last of the text's own.

    Raises:
        OptionError: a token that the text does not have.
    """
    count = len(inside.tokens)
    if token is not None and token >= count:
        raise OptionError(f"There is no token {token}.", f"The text has tokens 0 to {count - 1}.")
    own = [place for place, each in enumerate(inside.tokens) if not each.special]
    return (own[-1] if own else count - 1) if token is None else token
