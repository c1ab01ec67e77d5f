"""What every method promises, for every registered method: nothing here names one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.test_types import same
from tests.traces import no_trace
from tokimp.errors import Cancelled, InputError, OptionError, OutOfMemoryError
from tokimp.methods import gradients
from tokimp.methods.base import METHODS, Option, options_of, why_not
from tokimp.models import scoring
from tokimp.models.text_model import TextModel
from tokimp.types import Task, Value

CHEAP = {"gradient", "attention"}  # families whose methods run on all architectures here
SOME: list[tuple[str, Task]] = [
    ("bert", "classification"),
    ("roberta", "masked-lm"),
    ("gpt2", "next-token"),
    ("opt", "next-token"),
    ("llama", "next-token"),
    ("t5", "seq2seq"),
    ("bart", "seq2seq"),
    ("marian", "seq2seq"),
]
ONE_OF_EACH = [row for row in SOME if row[0] in ("bert", "roberta", "gpt2", "t5")]
PAIRS = [
    (key, family, task)
    for key, method in METHODS.items()
    for family, task in (models.EVERY_ROW if method.info.family in CHEAP else SOME)
]
EVERY_PAIR = pytest.mark.parametrize(("key", "family", "task"), PAIRS)
EVERY_TASK = pytest.mark.parametrize(
    ("key", "family", "task"), [(key, family, task) for key in METHODS for family, task in ONE_OF_EACH]
)
EVERY_METHOD = pytest.mark.parametrize("key", METHODS)


def explain(key: str, family: str, task: Task, **asked: Any) -> tokimp.Explanation:
    return tokimp.explain(models.shared(family, task), TEXTS[task], key, **{"target": 1, "contrast": 2} | asked)


@EVERY_PAIR
def test_one_finite_score_a_token(key: str, family: str, task: Task) -> None:
    info = METHODS[key].info
    found = explain(key, family, task)
    assert found.scores.shape == (len(found.tokens),)
    assert np.isfinite(found.scores).all()
    assert np.abs(found.scores).max() > 0
    assert found.attribution.signed == info.signed
    if not info.signed:
        assert found.scores.min() >= 0
    assert all(note.endswith(".") for note in found.attribution.notes)


@EVERY_PAIR
def test_complete_methods_add_up(key: str, family: str, task: Task) -> None:
    found = explain(key, family, task)
    if not METHODS[key].info.complete:
        assert found.completeness_gap is None
        return
    assert found.baseline_output is not None
    assert found.completeness_gap == pytest.approx(found.output - found.baseline_output - found.scores.sum(), abs=1e-12)
    assert abs(found.completeness_gap or 0) <= 0.01 * abs(found.output - found.baseline_output) + 1e-5


@pytest.mark.parametrize("key", [key for key, method in METHODS.items() if method.info.signed])
@pytest.mark.parametrize(("family", "task"), ONE_OF_EACH)
def test_signed_scores_go_both_ways(key: str, family: str, task: Task) -> None:
    """Target and contrast swapped turn every score round."""
    forth, back = (explain(key, family, task, target=one, contrast=other) for one, other in ((1, 2), (2, 1)))
    np.testing.assert_allclose(forth.scores, -back.scores, rtol=1e-3, atol=1e-5)


@EVERY_TASK
def test_the_same_again_by_the_same_seed(key: str, family: str, task: Task) -> None:
    for options in _options_that_draw(key):
        one, again = (explain(key, family, task, seed=5, **options) for _ in range(2))
        np.testing.assert_array_equal(one.scores, again.scores)
        assert one.evaluations == again.evaluations


def _options_that_draw(key: str) -> list[dict[str, Value]]:
    drawn = [each.name for each in options_of(METHODS[key]) if "random" in each.choices]
    return [{}, *[{name: "random"} for name in drawn]]


@EVERY_TASK
def test_the_batch_size_moves_scores_by_rounding_only(
    key: str, family: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = explain(key, family, task)
    for copies, graph in ((1, 0), (3, 2**18), (64, 2**40)):
        monkeypatch.setattr(scoring, "BATCH_COPIES", copies)
        monkeypatch.setattr(gradients, "GRAPH_BYTES", graph)
        found = explain(key, family, task)
        np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-5)
        assert found.evaluations == wanted.evaluations


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every batch that runs through a network."""
    ran: list[int] = []

    def counting(name: str) -> None:
        plain: Callable[..., torch.Tensor] = getattr(TextModel, name)

        def count(self: TextModel, *args: Any) -> torch.Tensor:
            ran.append(len(args[0]) if name == "logits" else 1)
            return plain(self, *args)

        monkeypatch.setattr(TextModel, name, count)

    for name in ("logits", "attentions"):
        counting(name)
    return ran


@EVERY_TASK
def test_evaluations_are_counted(key: str, family: str, task: Task, passes: list[int]) -> None:
    found = explain(key, family, task)
    assert found.evaluations == sum(passes)


@EVERY_TASK
def test_every_batch_is_reported(key: str, family: str, task: Task, passes: list[int]) -> None:
    """A share of the work between 0 and 1, the scores so far or None; at least once a method."""
    asked = tokimp.ask(models.shared(family, task), TEXTS[task], target=1, contrast=2)
    before, seen = len(passes), []
    found = asked.explain(key, watch=lambda share, partial: seen.append((share, partial)))
    assert seen
    assert len(passes) - before <= 3 * len(seen) + 1
    assert all(0 <= share <= 1 for share, _ in seen)
    partials = [partial for _, partial in seen if partial is not None]
    assert all(each.shape == found.scores.shape and np.isfinite(each).all() for each in partials)
    if partials:
        np.testing.assert_allclose(partials[-1], found.scores, atol=1e-9)


@EVERY_TASK
def test_stopping_takes_effect_within_one_batch(key: str, family: str, task: Task, passes: list[int]) -> None:
    model = models.shared(family, task)
    asked = tokimp.ask(model, TEXTS[task], target=1, contrast=2)
    stopped_at: list[int] = []

    def stop(*_: Any) -> None:
        stopped_at.append(len(passes))
        raise Cancelled

    with no_trace(model), pytest.raises(Cancelled):
        asked.explain(key, watch=stop)
    assert stopped_at == [len(passes)]


@EVERY_TASK
def test_running_out_of_memory_is_said(key: str, family: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared(family, task)
    asked = tokimp.ask(model, TEXTS[task], target=1, contrast=2)

    def fail(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patch:
        patch.setattr(type(model.network.base_model), "forward", fail)
        with no_trace(model), pytest.raises(OutOfMemoryError, match=r"does not fit into memory\. Shorten it\."):
            asked.explain(key)


@EVERY_TASK
def test_no_trace_of_any_option(key: str, family: str, task: Task) -> None:
    model = models.shared(family, task)
    with no_trace(model):
        for options in _options_that_draw(key):
            explain(key, family, task, **options)


@EVERY_TASK
def test_json_keeps_it_all(key: str, family: str, task: Task) -> None:
    for options in _options_that_draw(key):
        found = explain(key, family, task, **options)
        assert same(found, tokimp.Explanation.from_json(found.to_json()))


OPTIONS = [(key, each) for key, method in METHODS.items() for each in options_of(method)]
EVERY_OPTION = pytest.mark.parametrize(("key", "each"), OPTIONS, ids=[f"{key}-{each.name}" for key, each in OPTIONS])


def ends(each: Option) -> list[Value]:
    """Every choice, and both ends of the range of numbers."""
    numbers = [each.kind(end) for end in (each.low, each.high) if end is not None and each.kind is not None]
    return [*each.choices, *numbers]


@EVERY_OPTION
def test_every_choice_and_both_ends_work(key: str, each: Option) -> None:
    """Or, where this model lacks what is named (a padding token, layer 199), say so."""
    model = models.shared("bert", "classification")
    for value in ends(each):
        refusal, scores = None, np.array([np.nan])
        try:
            scores = tokimp.explain(model, "good film", key, target=1, **{each.name: value}).scores
        except InputError as error:
            refusal = str(error)
        if refusal is None:
            assert np.isfinite(scores).all()
        else:
            assert f"no {value} token" in refusal or f"There is no layer {value}." in refusal


@EVERY_OPTION
def test_one_step_outside_is_refused(key: str, each: Option) -> None:
    step = 1 if each.kind is int else 1e-6
    outside = [low - step for low in [each.low] if low is not None] + [
        high + step for high in [each.high] if high is not None
    ]
    for value in [*outside, "no such choice", None]:
        with pytest.raises(OptionError, match=f"^{each.name} = .* will not do"):
            tokimp.explain(models.shared("bert", "classification"), "good film", key, **{each.name: value})


@EVERY_PAIR
def test_why_not_is_nothing_or_a_sentence(key: str, family: str, task: Task) -> None:
    model = models.shared(family, task)
    assert why_not(model, METHODS[key]) is None
    blind = models.tiny(family, task)
    blind.offers = frozenset()
    reason = why_not(blind, METHODS[key])
    if METHODS[key].info.needs:
        assert reason is not None
        assert reason.startswith(METHODS[key].info.title)
        assert reason.endswith(".")
    else:
        assert reason is None


@EVERY_METHOD
def test_facts_are_there(key: str) -> None:
    info = METHODS[key].info
    assert info.title
    assert info.tells.endswith(".")
    assert len(info.tells) <= 130
    assert any(character.isdigit() for character in info.paper)
    assert info.url.startswith("https://")
    assert info.cost
    assert key == key.lower() == key.strip("_")
