"""What a method is: a frozen dataclass whose fields are its options, and facts about it."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from tokimp.errors import MethodUnavailableError, OptionError
from tokimp.models.masking import REPLACEMENTS
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.registry import Registry
from tokimp.titles import TITLES
from tokimp.types import TASKS, Attribution, Target, Task, Value
from tokimp.watch import Watch

FAMILIES = ("attention", "gradient", "perturbation", "shapley")

USUAL = ("integrated_gradients", "occlusion")
"""What explains where nobody says how: the first that the model allows."""

NEEDS = {
    "gradient": "needs gradients, and this model answers without them",
    "attention": "needs attention weights, and this model does not show them",
    "layers": "needs what happens within each layer, and this model does not show that",
    "rules": "needs a rule for each operation, and those of this network are not known here",
    "weights": "needs the network's weights, and this model does not hand them out",
    "candidates": "needs to know what else could be said, and this model tells of one answer only",
}


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """Facts of a method, from which its control, scale, README row and tests follow.

    tells: one line on what the scores say; signed: scores push towards or away; complete: they add
    up to output − baseline_output; targeted: scores depend on what is explained, not on the text alone;
    needs: what a model must offer; cost: in model evaluations.
    """

    key: str
    title: str
    family: str
    tells: str
    paper: str
    url: str
    cost: str
    signed: bool = True
    complete: bool = False
    stochastic: bool = False
    targeted: bool = True
    needs: frozenset[str] = frozenset()
    tasks: tuple[Task, ...] = TASKS


@dataclass(frozen=True, slots=True)
class Option:
    """One declared option: `kind` is the type of free values (None: only `choices`).

    Of numbers `low` and `high` are the limits, of text `high` is the most characters.
    """

    name: str
    label: str
    help: str
    default: Value
    choices: tuple[Value, ...]
    kind: type[int] | type[float] | type[str] | None
    low: float | None
    high: float | None

    def check(self, value: Value) -> Value:
        """The value as the method takes it.

        Raises:
            OptionError: it is none of the choices, and no number within the limits.
        """
        for choice in self.choices:
            if value == choice and type(value) is type(choice):
                return value
        if self.kind is str and isinstance(value, str) and len(value) <= (self.high or 0):
            return value
        if self.kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool):
            number = (int(value) if self.kind is int else float(value)) if math.isfinite(value) else math.nan
            if number == value and not self._outside(number):
                return number
        raise OptionError(f"{self.name} = {value!r} will not do.", f"Choose {self.range}.")

    @property
    def range(self) -> str:
        """What may be chosen, in words."""
        parts = [repr(choice) if isinstance(choice, str) else str(choice) for choice in self.choices]
        if self.kind is str:
            parts.append(f"text of at most {self.high:g} characters")
        elif self.kind is not None:
            limits = f" of at least {self.low:g}" if self.low is not None else ""
            limits = (
                f" from {self.low:g} to {self.high:g}" if self.high is not None and self.low is not None else limits
            )
            parts.append(("a whole number" if self.kind is int else "a number") + limits)
        return " or ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))

    def _outside(self, number: float) -> bool:
        return (self.low is not None and number < self.low) or (self.high is not None and number > self.high)


class Method(Protocol):
    """A way to share out the target's value among the input's tokens."""

    info: ClassVar[MethodInfo]

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Scores (token,), one for every token of the input; 0 where the method never touches it."""


METHODS: Registry[type[Method]] = Registry("method")
AnyMethod = TypeVar("AnyMethod", bound=type[Method])


def register(method: AnyMethod) -> AnyMethod:
    """Adds a method by its key: the one line that puts it on the page, in links, docs and tests."""
    METHODS.add(method.info.key, method)
    TITLES[method.info.key] = method.info.title
    return method


def option(
    default: Value,
    label: str,
    help: str,
    *,
    choices: tuple[Value, ...] = (),
    kind: type[int] | type[float] | type[str] | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A dataclass field that is an option; what it may be is declared here and nowhere else."""
    facts = {"label": label, "help": help, "choices": choices, "kind": kind, "low": low, "high": high}
    return field(default=default, metadata={"option": facts})


def replacement_option() -> Any:
    """What stands where a token is taken away: the same for all methods that take tokens away."""
    help_ = "auto: the mask token where the model has one, else the token is deleted."
    return option("auto", "Instead of the token", help_, choices=REPLACEMENTS, kind=int, low=0)


def options_of(declaring: type[Any]) -> tuple[Option, ...]:
    """The options that a method, or another frozen dataclass, declares; in order."""
    return tuple(
        Option(name=each.name, default=each.default, **each.metadata["option"])
        for each in _fields(declaring)
        if "option" in each.metadata and each.default is not MISSING
    )


def build(key: str, options: Mapping[str, Value], seed: int = 0) -> Method:
    """The method with its options checked; a stochastic one gets the seed.

    Raises:
        OptionError: no such method, no such option, or a value outside its range.
    """
    method = METHODS[key]
    values = checked_options(key, method, options)
    if any(each.name == "seed" for each in _fields(method)):
        values["seed"] = seed
    return typing.cast("type[Any]", method)(**values)  # type: ignore[no-any-return]


def checked_options(key: str, declaring: type[Any], options: Mapping[str, Value]) -> dict[str, Value]:
    """The options as what declares them takes them; `key` is what that is called.

    Raises:
        OptionError: no such option, or a value outside its range.
    """
    declared = Registry[Option](f"option of {key}")
    for each in options_of(declaring):
        declared.add(each.name, each)
    return {name: declared[name].check(value) for name, value in options.items()}


def why_not(model: TextModel, method: type[Method]) -> str | None:
    """None, or why this model cannot be explained by the method: shown beside a greyed-out choice."""
    missing = list_of_missing(model, method.info.needs)
    if model.task not in method.info.tasks:
        missing.append(f"is not defined for {model.task}")
    return f"{method.info.title} {' and '.join(missing)}." if missing else None


def usual_method(model: TextModel, keys: Sequence[str] = USUAL) -> str:
    """The first of these methods that can explain the model; the first of all where none can."""
    return next((key for key in keys if why_not(model, METHODS[key]) is None), keys[0])


def list_of_missing(model: TextModel, needs: frozenset[str]) -> list[str]:
    """What is needed and not offered, each as a part of a sentence."""
    return [f"{NEEDS[need]}{_because(model, need)}" for need in sorted(needs - model.offers)]


def check_available(model: TextModel, key: str) -> None:
    """Raises MethodUnavailableError, with the reason, where the method cannot explain this model."""
    reason = why_not(model, METHODS[key])
    if reason is not None:
        raise MethodUnavailableError(reason, "Choose another method.")


def _because(model: TextModel, need: str) -> str:
    return f" ({model.reasons[need]})" if need in model.reasons else ""


def _fields(declaring: type[Any]) -> tuple[Field[Any], ...]:
    return fields(declaring)
