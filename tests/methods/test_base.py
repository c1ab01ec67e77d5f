"""Options are checked, typos are helped, and what a model lacks is said."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

import tokimp
from tests import models
from tokimp.errors import MethodUnavailableError, OptionError
from tokimp.methods.base import FAMILIES, METHODS, NEEDS, MethodInfo, Option, build, check_available, option, options_of
from tokimp.methods.base import why_not as reason
from tokimp.types import TASKS, Value

COUNT = Option("count", "Count", "", 5, (), int, 1, 10)
SHARE = Option("share", "Share", "", 0.5, (), float, 0.0, 1.0)
KIND = Option("kind", "Kind", "", "auto", ("auto", True, False), None, None, None)
EITHER = Option("either", "Either", "", "auto", ("auto", "mask"), int, 0, None)


@pytest.mark.parametrize(
    ("declared", "given", "taken"),
    [
        (COUNT, 1, 1),
        (COUNT, 10, 10),
        (COUNT, 3.0, 3),
        (SHARE, 0, 0.0),
        (SHARE, 1, 1.0),
        (SHARE, 0.25, 0.25),
        (KIND, "auto", "auto"),
        (KIND, True, True),
        (EITHER, "mask", "mask"),
        (EITHER, 12345, 12345),
    ],
)
def test_values_within_the_range_are_taken(declared: Option, given: Value, taken: Value) -> None:
    found = declared.check(given)
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        (COUNT, 0),
        (COUNT, 11),
        (COUNT, 2.5),
        (COUNT, "5"),
        (COUNT, True),
        (COUNT, None),
        (COUNT, math.nan),
        (COUNT, math.inf),
        (SHARE, -0.01),
        (SHARE, 1.01),
        (SHARE, math.nan),
        (SHARE, -math.inf),
        (KIND, 1),
        (KIND, "Auto"),
        (EITHER, -1),
        (EITHER, "pad"),
        (EITHER, False),
    ],
)
def test_others_are_refused_with_what_may_be_chosen(declared: Option, given: Value) -> None:
    with pytest.raises(OptionError) as caught:
        declared.check(given)
    assert str(caught.value) == f"{declared.name} = {given!r} will not do. Choose {declared.range}."


def test_ranges_in_words() -> None:
    assert COUNT.range == "a whole number from 1 to 10"
    assert SHARE.range == "a number from 0 to 1"
    assert KIND.range == "'auto', True or False"
    assert EITHER.range == "'auto', 'mask' or a whole number of at least 0"
    assert replace(COUNT, low=None, high=None).range == "a whole number"


def test_a_method_is_built_with_its_options_and_seed() -> None:
    built = build("occlusion", {"window": 2, "replacement": "pad"}, seed=9)
    assert (built.window, built.replacement, built.repeats, built.seed) == (2, "pad", 1, 9)  # type: ignore[attr-defined]
    assert not hasattr(build("saliency", {}, seed=9), "seed")


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("integrated_gradient", {}, "no method 'integrated_gradient'. Did you mean 'integrated_gradients'?"),
        ("xyzzy", {}, "no method 'xyzzy'. There are: attention, attention_rollout,"),
        ("integrated_gradients", {"stepz": 3}, "no option of integrated_gradients 'stepz'. Did you mean 'steps'?"),
        ("saliency", {"qqqq": 1}, "no option of saliency 'qqqq'. There are: norm."),
        ("occlusion", {"seed": 1}, "no option of occlusion 'seed'"),
        ("integrated_gradients", {"steps": 0}, "steps = 0 will not do. Choose a whole number from 1 to 512."),
    ],
)
def test_typos_are_helped(key: str, options: dict[str, Value], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        build(key, options)
    assert message in str(caught.value)


@pytest.mark.parametrize("key", METHODS)
def test_every_option_is_declared_in_full(key: str) -> None:
    for each in options_of(METHODS[key]):
        assert each.check(each.default) == each.default
        assert each.label[:1].isupper()
        assert each.help
        assert each.range
        assert each.choices or each.kind is not None


@pytest.mark.parametrize("key", METHODS)
def test_facts_are_in_known_words(key: str) -> None:
    info = METHODS[key].info
    assert info.key == key
    assert info.family in FAMILIES
    assert info.needs <= set(NEEDS)
    assert set(info.tasks) <= set(TASKS)
    assert info.signed or not info.complete


def test_a_method_registered_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="There is a method 'saliency' already"):
        METHODS.add("saliency", METHODS["saliency"])


@dataclass(frozen=True)
class _Picky:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="picky",
        title="Picky",
        family="gradient",
        tells="",
        paper="",
        url="",
        cost="",
        needs=frozenset({"gradient", "attention"}),
        tasks=("next-token",),
    )
    choice: str = option("a", "Choice", "One of two.", choices=("a", "b"))


def test_what_a_model_lacks_is_said() -> None:
    model = models.tiny("bert", "classification")
    model.offers = frozenset()
    assert reason(model, _Picky) == (  # type: ignore[arg-type]
        "Picky needs attention weights, and this model does not show them"
        " and needs gradients, and this model answers without them"
        " and is not defined for classification."
    )
    assert reason(models.shared("gpt2", "next-token"), _Picky) is None  # type: ignore[arg-type]
    with pytest.raises(MethodUnavailableError, match=r"Saliency needs gradients, .* Choose another method"):
        check_available(model, "saliency")
    with pytest.raises(MethodUnavailableError):
        tokimp.explain(model, "good film", "attention")
    tokimp.explain(model, "good film", "occlusion")
