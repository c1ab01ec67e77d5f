"""What every look inside promises, for every registered one: nothing here names one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.errors import Cancelled, InputError, MethodUnavailableError, OptionError
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import build, why_not, without_marks
from tokimp.internals.looks.seeing import look, see
from tokimp.internals.looks.seen import Seen
from tokimp.methods.base import Option, options_of
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Task, Value

FAMILIES: dict[Task, str] = {
    "classification": "bert",
    "masked-lm": "roberta",
    "next-token": "llama",
    "seq2seq": "t5",
}
EVERY_LOOK = pytest.mark.parametrize("key", LOOKS)
EVERY_PAIR = pytest.mark.parametrize(
    ("key", "task"), [(key, task) for key, look in LOOKS.items() for task in TASKS if task in look.info.tasks]
)
EVERY_MODEL = pytest.mark.parametrize(
    ("key", "family", "task"),
    [(key, *row) for key, look in LOOKS.items() for row in models.EVERY_ROW if row[1] in look.info.tasks],
)
OPTIONS = [(key, each) for key, declaring in LOOKS.items() for each in options_of(declaring)]
EVERY_OPTION = pytest.mark.parametrize(("key", "each"), OPTIONS, ids=[f"{key}-{each.name}" for key, each in OPTIONS])


def seen(key: str, task: Task, **options: Any) -> Seen:
    answer = (9, 10) if task == "seq2seq" else ()  # given, as writing one takes a pass a token
    return look(models.shared(FAMILIES[task], task), TEXTS[task], key, generated=answer, **options)


def same(one: Seen, other: Seen) -> bool:
    timeless = [json.loads(each.to_json()) | {"seconds": 0} for each in (one, other)]
    return bool(timeless[0] == timeless[1])


@EVERY_MODEL
def test_something_finite_is_seen_and_no_trace_is_left(key: str, family: str, task: Task) -> None:
    model = models.shared(family, task)
    with no_trace(model):
        found = look(model, TEXTS[task], key)
    assert found.arrays or found.facts
    for array in found.arrays.values():
        assert not np.isinf(array).any()
        assert np.isfinite(array).any()
    assert all(note.endswith(".") for note in found.notes)
    assert found.evaluations > 0


@EVERY_PAIR
def test_the_same_is_seen_again(key: str, task: Task) -> None:
    assert same(seen(key, task), seen(key, task))


@EVERY_PAIR
def test_json_keeps_it_all(key: str, task: Task) -> None:
    found = seen(key, task)
    again = Seen.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.request == found.request
    for name, array in found.arrays.items():
        np.testing.assert_array_equal(again[name], array)


@EVERY_PAIR
def test_stopping_leaves_no_trace(key: str, task: Task) -> None:
    model = models.shared(FAMILIES[task], task)

    def stop(*_: Any) -> None:
        raise Cancelled

    with no_trace(model), pytest.raises(Cancelled):
        look(model, TEXTS[task], key, watch=stop)


@EVERY_PAIR
def test_failing_leaves_no_trace(key: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared(FAMILIES[task], task)

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(model.blocks[-1], "forward", fail)
        with no_trace(model), pytest.raises(ZeroDivisionError):
            look(model, TEXTS[task], key)


@EVERY_PAIR
def test_progress_is_told(key: str, task: Task) -> None:
    shares: list[float] = []
    seen(key, task, watch=lambda share, _: shares.append(share))
    assert shares[-1] == 1.0
    assert all(0 <= share <= 1 for share in shares)


def ends(each: Option) -> list[Value]:
    """Every choice, and both ends of what is free."""
    if each.kind is str:
        return ["a good film", ("the film " * 100)[: int(each.high or 0)]]
    numbers = [each.kind(end) for end in (each.low, each.high) if end is not None and each.kind is not None]
    return [*each.choices, *numbers]


@EVERY_OPTION
@pytest.mark.parametrize("task", ["classification", "next-token", "seq2seq"])
def test_every_choice_and_both_ends_work(key: str, each: Option, task: Task) -> None:
    """Or, where this model or text lacks what is named (layer 199, a text of its length), say so."""
    if task not in LOOKS[key].info.tasks:
        return
    for value in ends(each):
        try:
            seen(key, task, **{each.name: value})
            refusal = None
        except InputError as error:
            refusal = str(error)
        if refusal is not None:
            assert f"There is no {each.name} {value}." in refusal or "are the limit here" in refusal


@EVERY_OPTION
def test_one_step_outside_is_refused(key: str, each: Option) -> None:
    step = 1 if each.kind is int else 1e-6
    outside: list[Value] = ["no such choice", 7] if each.kind is None else [[]]  # type: ignore[list-item]
    if each.kind is str:
        outside = ["x" * (int(each.high or 0) + 1)]
    elif each.low is not None and each.high is not None:
        outside = [each.low - step, each.high + step, "no such choice"]
    for value in outside:
        with pytest.raises(OptionError, match=f"^{each.name} = .* will not do"):
            build(key, {each.name: value})


@EVERY_OPTION
def test_marks_change_nothing_that_is_seen(key: str, each: Option) -> None:
    if each.name not in LOOKS[key].info.marks:
        return
    assert without_marks(key, {each.name: each.default}) == {}
    plain = seen(key, "next-token")
    for value in ends(each)[:-1]:
        marked = seen(key, "next-token", **{each.name: value})
        for name, array in plain.arrays.items():
            np.testing.assert_array_equal(marked[name], array)
        assert marked.facts == plain.facts


@EVERY_LOOK
def test_why_not_is_nothing_or_a_sentence(key: str) -> None:
    for task, family in FAMILIES.items():
        model = models.tiny(family, task)
        assert (why_not(model, LOOKS[key]) is None) == (task in LOOKS[key].info.tasks)
        model.offers = frozenset()
        reason = why_not(model, LOOKS[key])
        if LOOKS[key].info.needs or task not in LOOKS[key].info.tasks:
            assert reason is not None
            assert reason.endswith(".")
            with pytest.raises(MethodUnavailableError, match="Choose another view"):
                look(model, TEXTS[task], key)


@EVERY_LOOK
def test_facts_are_there(key: str) -> None:
    info = LOOKS[key].info
    assert info.title
    assert info.tells.endswith(".")
    assert len(info.tells) <= 130
    assert any(character.isdigit() for character in info.paper)
    assert info.url.startswith("https://")
    assert info.cost
    assert set(info.marks) <= {each.name for each in options_of(LOOKS[key])}


@EVERY_LOOK
def test_what_was_computed_for_one_look_serves_all(key: str) -> None:
    """Asked again of the same insides, other marks and all, the network is left alone where it can be."""
    model = models.shared("llama", "next-token")
    inside = Internals(model, model.encode(TEXTS["next-token"]))
    first = see(inside, seen(key, "next-token").request)
    again = see(inside, first.request)
    assert again.evaluations <= first.evaluations
    assert all(np.array_equal(first[name], again[name], equal_nan=True) for name in first.arrays)


def test_nothing_else_is_read_as_what_was_seen() -> None:
    with pytest.raises(ValueError, match="format 1"):
        Seen.from_json("{}")
    with pytest.raises(ValueError, match="not all"):
        Seen.from_json('{"format": 1, "request": {}}')


def test_a_slip_of_the_key_is_told() -> None:
    model: TextModel = models.shared("bert", "classification")
    with pytest.raises(OptionError, match=r"There is no look inside 'attentoin'\. Did you mean 'attention'"):
        look(model, "good film", "attentoin")
