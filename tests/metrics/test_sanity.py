"""Sanity checks on models where the answer is known, and on copies that leave the model as it is."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.metrics.explained import number
from tests.models import TEXTS, shared
from tests.traces import no_trace
from tokimp.cli.arguments import parser
from tokimp.errors import Cancelled, InputError, OptionError
from tokimp.metrics.copied import copied, randomise, shift, stages
from tokimp.metrics.sanity import CHECKS, rank_correlation
from tokimp.types import Task

TEXT = "the film was not good and the girl was not bad"
MOVABLE = {"bert", "distilbert", "roberta", "xlm-roberta", "albert", "electra", "deberta-v2", "gpt2", "gpt_neo"}


@pytest.mark.parametrize(("family", "task"), models.ROWS)
def test_a_shift_changes_nothing_the_model_says(family: str, task: Task) -> None:
    model = shared(family, task)
    with no_trace(model):
        other = copied(model)
        assert shift(other, torch.full((model.embeddings.shape[1],), 0.3)) == (family in MOVABLE)
        one, moved = (tokimp.ask(each, TEXTS[task], target=1, output="prob") for each in (model, other))
        assert moved.output == pytest.approx(one.output, abs=1e-5)
        changed = float((other.embeddings - model.embeddings).abs().min())
        assert changed == pytest.approx(0.3 if family in MOVABLE else 0.0, abs=1e-5)


def test_methods_that_take_tokens_away_do_not_see_a_shift_and_gradient_x_input_does() -> None:
    model = shared("bert", "classification")
    found = {
        key: tokimp.shifted(model, tokimp.explain(model, TEXT, key, target=1))[0]
        for key in ("occlusion", "saliency", "gradient_x_input")
    }
    assert found["occlusion"].value == pytest.approx(0, abs=1e-4)
    assert found["saliency"].value == pytest.approx(0, abs=1e-4)
    assert number(found["gradient_x_input"]) > 0.05
    assert "The output stays the same" in found["occlusion"].notes[0]


def test_an_integral_from_a_token_moves_along_and_one_from_zero_does_not() -> None:
    model = shared("bert", "classification")
    values = [
        number(
            tokimp.shifted(model, tokimp.explain(model, TEXT, "integrated_gradients", target=1, baseline=baseline))[0]
        )
        for baseline in ("mask", "zero")
    ]
    assert values[0] == pytest.approx(0, abs=1e-3)
    assert values[1] > 0.01


def test_where_nothing_can_move_back_it_says_so() -> None:
    model = shared("llama", "next-token")
    found = tokimp.shifted(model, tokimp.explain(model, TEXT, "occlusion", target=1))[0]
    assert found.value is None
    assert found.notes[-1].startswith("This network adds no table of positions")


@pytest.mark.parametrize(("family", "task"), models.ROWS)
def test_every_weight_belongs_to_one_stage_and_is_randomised_in_the_copy_alone(family: str, task: Task) -> None:
    model = shared(family, task)
    with no_trace(model):
        other = copied(model)
        weights = [id(getattr(module, name)) for stage in stages(other) for module, name in stage]
        assert set(weights) == {id(weight) for weight in model.network.parameters()}
        before = {name: weight.clone() for name, weight in other.network.named_parameters(remove_duplicate=False)}
        for stage in stages(other):
            assert stage
            randomise(stage, torch.Generator().manual_seed(0))
        for name, weight in other.network.named_parameters(remove_duplicate=False):
            assert not torch.equal(weight, before[name])
            assert weight.shape == before[name].shape
            if weight.ndim > 1:
                assert float(weight.std()) == pytest.approx(float(before[name].std()), rel=0.5)


def test_the_head_goes_first_and_the_embeddings_last() -> None:
    names = {id(module): path for path, module in shared("bert", "classification").network.named_modules()}
    order = [{names[id(module)] for module, _ in stage} for stage in stages(shared("bert", "classification"))]
    assert all(not path.startswith("bert.encoder") for path in order[0])
    assert "classifier" in order[0]
    assert all(path.startswith("bert.encoder.layer.1") for path in order[1])
    assert all(path.startswith("bert.encoder.layer.0") for path in order[2])
    assert all(path.startswith("bert.embeddings") for path in order[3])


def test_scores_of_a_random_model_are_unlike_and_the_way_there_is_drawn() -> None:
    model = shared("bert", "classification")
    e = tokimp.explain(model, TEXT, "gradient_x_input", target=1)
    with no_trace(model):
        signed, absolute = tokimp.randomised(model, e, steps=4)
    for found in (signed, absolute):
        assert found.curve is not None
        assert found.curve.fractions == (0.0, 0.25, 0.5, 0.75, 1.0)
        assert found.curve.values[0] == 1.0
        assert found.curve.values[-1] == found.value
        assert found.chance is not None
        assert found.chance.high == pytest.approx(1.96 / np.sqrt(10))
        assert found.better_than_chance is None
    assert tokimp.randomised(model, e, steps=4) == [signed, absolute]


def test_scores_that_do_not_ask_the_model_stay() -> None:
    """Handed in is a method that scores tokens by their place: it says nothing of what was learned."""
    from tokimp.metrics.sanity import randomising
    from tokimp.watch import Watch

    model = shared("bert", "classification")
    question = tokimp.ask(model, TEXT, target=1)
    by_place = tokimp.Attribution(np.arange(len(question.inputs), dtype=float))
    e = question.explanation(by_place, "occlusion")
    found = randomising(model, e, lambda *_: by_place, 2, 0, Watch())
    assert [score.value for score in found] == [pytest.approx(1.0), pytest.approx(1.0)]
    assert "Scores of a model that learned nothing are still related" in found[0].notes[-1]


def test_what_draws_nothing_comes_out_again() -> None:
    model = shared("bert", "classification")
    ranks, spread = tokimp.repeated(model, tokimp.explain(model, TEXT, "gradient_x_input", target=1))
    assert (ranks.value, spread.value) == (1.0, 0.0)
    assert "draws nothing" in ranks.notes[0]


def test_more_samples_come_out_more_alike() -> None:
    model = shared("bert", "classification")
    few, many = (
        tokimp.repeated(model, tokimp.explain(model, TEXT, "smoothgrad", target=1, samples=samples), seeds=3)
        for samples in (2, 64)
    )
    assert number(many[0]) > number(few[0])
    assert number(many[1]) < number(few[1]) / 2
    assert "4 runs with different seeds." in few[0].notes


def test_words_of_several_tokens_and_contrasts_are_asked_again() -> None:
    model = shared("bert", "masked-lm")
    e = tokimp.explain(model, TEXTS["masked-lm"], "gradient_x_input", target="filming", contrast="goodest")
    assert len(e.target.ids) > 1
    assert tokimp.randomised(model, e, steps=1)[0].value is not None
    assert tokimp.shifted(model, e)[0].value is not None


def test_what_is_outside_is_refused() -> None:
    model = shared("bert", "classification")
    e = tokimp.explain(model, TEXT, "occlusion", target=1)
    with pytest.raises(OptionError, match="steps = 0"):
        tokimp.randomised(model, e, steps=0)
    with pytest.raises(OptionError, match="seeds = 1"):
        tokimp.repeated(model, e, seeds=1)
    with pytest.raises(InputError, match="Give the model that was explained"):
        tokimp.shifted(shared("gpt2", "next-token"), e)


@pytest.mark.parametrize("check", ["randomised", "repeated", "shifted"])
def test_raising_from_the_watch_stops_a_check(check: str) -> None:
    model = shared("bert", "classification")
    e = tokimp.explain(model, TEXT, "smoothgrad", target=1, samples=2)

    def stop(*_: object) -> None:
        raise Cancelled

    with no_trace(model), pytest.raises(Cancelled):
        getattr(tokimp, check)(model, e, watch=stop)


def test_rank_correlation_by_hand() -> None:
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([10.0, 20, 30])) == pytest.approx(1)
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == pytest.approx(-1)
    assert rank_correlation(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])) == pytest.approx(0.6)
    assert rank_correlation(np.zeros(3), np.array([1.0, 2, 3])) == 0


def test_checks_and_commands_have_the_same_names() -> None:
    asked = parser().parse_args(["evaluate", "a", "--check", "randomised", "--check", "repeated", "--check", "shifted"])
    assert {key.partition("_")[0] for key in CHECKS} == set(asked.check)
    assert all(inspect.isfunction(getattr(tokimp, check)) for check in asked.check)
