"""Soft metrics by hand where scores of 0 and 1 leave nothing to chance, and what retention holds fixed."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests.metrics.explained import given, sigmoid, some
from tests.models import shared
from tests.toys import toy
from tokimp.metrics.soft import RETENTIONS, FixedSoftNC, FixedSoftNS, SoftNC, SoftNS, keeps, retained, shares

FREE = np.array([1, 2, 3, 4, 5])


def distance(p: float, q: float) -> float:
    """Σ (√p′ − √p)² / √2 over two classes."""
    return ((p**0.5 - q**0.5) ** 2 + ((1 - p) ** 0.5 - (1 - q) ** 0.5) ** 2) / 2**0.5


def test_values_by_hand() -> None:
    """“good” alone is kept, or taken; a text of no token says 1/2."""
    model = toy("additive")
    e = given(model, "good film", (5.0, -1.0), target="yes")
    ns, nc = tokimp.evaluate(model, e, ["soft_ns", "soft_nc"], randoms=0)
    empty = distance(0.5, sigmoid(3))
    assert ns.value == pytest.approx(1 - distance(sigmoid(2), sigmoid(3)) / empty, abs=1e-5)
    assert nc.value == pytest.approx(distance(sigmoid(1), sigmoid(3)) / empty, abs=1e-5)
    assert ns.removal == "zeroed"
    assert ns.name == "Soft-NS (zeroed)"


def test_soft_nc_passes_one_where_less_than_nothing_is_left() -> None:
    model = toy("additive")
    found = tokimp.evaluate(model, given(model, "good bad", (1.0, 0.0), target="yes"), ["soft_nc"], randoms=0)
    assert found[0].value == pytest.approx(distance(sigmoid(-1), sigmoid(1)) / distance(0.5, sigmoid(1)), abs=1e-5)
    assert found[0].value > 1


def test_shares_lie_between_nothing_and_one() -> None:
    found = shares(np.array([99.0, -2.0, 0.0, 2.0, 1.0, -1.0]), FREE)
    assert found.tolist() == [1, 0, 0.5, 1, 0.75, 0.25]
    assert shares(np.zeros(6), FREE).tolist() == [1, 0.5, 0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("mean", [0.1, *RETENTIONS, 1.0])
@pytest.mark.parametrize("scores", [[5, 4, 3, 2, 1], [9, 0, 0, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0]])
def test_as_much_is_retained_of_every_scoring(scores: list[float], mean: float) -> None:
    share = shares(np.array([7.0, *scores]), FREE)
    found = retained(share, FREE, mean)
    assert found[FREE].mean() == pytest.approx(mean)
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-12
    assert (np.diff(found[FREE]) <= 1e-12).all()  # in the order of the scores
    assert found[0] == 1


def test_proportion_is_kept_where_nothing_is_cut_off() -> None:
    share = np.array([1.0, 1.0, 0.5, 0.25, 0.25, 0.0])
    np.testing.assert_allclose(retained(share, FREE, 0.2)[FREE], np.array([1, 0.5, 0.25, 0.25, 0]) / 2)


def test_what_each_keeps() -> None:
    share = np.array([1.0, 1.0, 0.5, 0.25, 0.25, 0.0])
    np.testing.assert_array_equal(keeps(SoftNS(), share, FREE), share[None])
    np.testing.assert_array_equal(keeps(SoftNC(), share, FREE), 1 - share[None])
    np.testing.assert_allclose(keeps(FixedSoftNS(), share, FREE)[:, FREE].mean(1), RETENTIONS)
    np.testing.assert_allclose(keeps(FixedSoftNC(), share, FREE)[:, FREE].mean(1), RETENTIONS)


def test_peaked_scores_gain_from_plain_retention_only() -> None:
    """The same order, peaked and flat: Soft-NC takes less of peaked scores, its fixed variant as much of both."""
    peaked, flat = np.array([1.0, 0.05, 0.04, 0.02, 0.0]), np.array([1.0, 0.95, 0.9, 0.85, 0.0])
    plain = [keeps(SoftNC(), shares(each, np.arange(5)), np.arange(5)).mean() for each in (peaked, flat)]
    fixed = [keeps(FixedSoftNC(), shares(each, np.arange(5)), np.arange(5)).mean() for each in (peaked, flat)]
    assert plain[0] > 2 * plain[1]
    assert fixed[0] == pytest.approx(fixed[1])


@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("gpt2", "next-token")])
def test_the_distance_is_the_model_s_own(family: str, task: str) -> None:
    """Against transformers alone, with the lowest of two tokens zeroed whole."""
    import torch

    model = shared(family, task)  # type: ignore[arg-type]
    text = "good film"
    question = tokimp.ask(model, text, target=1)
    free = question.inputs.free
    scores = [1.0] + [0.0] * (len(free) - 1)
    assert len(free) > 1
    found = tokimp.evaluate(model, given(model, text, scores, target=1), ["soft_nc"], randoms=0)[0]
    embeds = model.embed(question.inputs.ids)
    answers = []
    for gone in ([], [free[0]], list(free)):
        some_gone = embeds.clone()
        some_gone[gone] = 0
        with torch.no_grad():
            logits = model.network(inputs_embeds=some_gone[None]).logits
        row = logits[0] if task == "classification" else logits[0, question.target.position]
        answers.append(row.softmax(-1).double().sqrt())
    one, all_ = (float(((each - answers[0]) ** 2).sum()) for each in answers[1:])
    assert found.value == pytest.approx(one / all_, rel=1e-3)


def test_a_model_that_reads_nothing_has_nothing_to_keep() -> None:
    model = toy("constant")
    found = tokimp.evaluate(model, given(model, "good film", (1.0, 0.0), target="yes"), ["soft_ns", "soft_nc"])
    assert [score.value for score in found] == [0.0, 0.0]
    assert [score.better_than_chance for score in found] == [None, None]


def test_contrast_and_output_change_nothing_in_a_distance_of_answers() -> None:
    model = shared("bert", "classification")
    one, other = (
        tokimp.evaluate(model, some("bert", "classification", **asked), ["soft_ns"], randoms=4)[0]
        for asked in ({}, {"contrast": 2, "output": "prob"})
    )
    assert one.value == other.value
