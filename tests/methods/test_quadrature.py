"""The adaptive rule keeps its promises: the tolerance or a note, and never more than its budget."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.toys import TEXT, toy
from tokimp.methods.integrated_gradients import BUDGET
from tokimp.types import Explanation

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def spent(asked: tokimp.api.Question, found: Explanation) -> int:
    return found.evaluations - asked.evaluations


def missing_share(found: Explanation) -> float:
    assert found.completeness_gap is not None
    assert found.baseline_output is not None
    return abs(found.completeness_gap) / abs(found.output - found.baseline_output)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-2, 0.5])
@EVERY_ROW
def test_it_reaches_its_tolerance_or_says_so(family: str, task: str, tolerance: float) -> None:
    asked = tokimp.ask(models.shared(family, task), models.TEXTS[task], target=1)  # type: ignore[arg-type, index]
    found = asked.explain("integrated_gradients", {"tolerance": tolerance, "steps": 16})
    assert spent(asked, found) <= BUDGET * 16
    if found.attribution.notes:
        assert "not converged" in found.attribution.notes[0]
    else:
        assert missing_share(found) <= tolerance + 1e-5


def wild(frequency: float) -> tokimp.api.Question:
    """A model that goes up and down so often on the way that few nodes cannot tell."""
    return tokimp.ask(toy(lambda v: v.sum(1) + torch.sin(frequency * v.sum(1))), TEXT, target="yes")


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 8, 16, 64])
@pytest.mark.parametrize("frequency", [0.0, 10.0, 200.0, 3000.0])
def test_it_never_spends_more_than_its_budget(frequency: float, steps: int) -> None:
    asked = wild(frequency)
    found = asked.explain("integrated_gradients", {"steps": steps, "tolerance": 1e-4})
    assert spent(asked, found) <= BUDGET * steps


def test_a_continued_word_counts_into_the_budget() -> None:
    asked = tokimp.ask(models.shared("llama", "next-token"), "the little", target=" girls", contrast=" films")
    assert asked.target.output == "log_prob"
    found = asked.explain("integrated_gradients", {"steps": 8, "tolerance": 1e-4})
    assert spent(asked, found) <= BUDGET * 8


def test_it_looks_closer_where_needed() -> None:
    straight, wavy = (wild(frequency) for frequency in (0.0, 30.0))
    few = straight.explain("integrated_gradients")
    many = wavy.explain("integrated_gradients")
    assert few.attribution.notes == many.attribution.notes == ()
    assert spent(straight, few) < spent(wavy, many)
    np.testing.assert_allclose(few.scores, [0, 2, 1, 0], rtol=1e-5, atol=1e-6)
    value = 3 + np.sin(30 * 3)
    np.testing.assert_allclose(many.scores, np.array([0, 2, 1, 0]) / 3 * value, rtol=2e-2, atol=1e-6)
    assert missing_share(many) <= 0.01


def test_gaps_that_cancel_are_seen() -> None:
    """A wave that is the same to both sides of the middle: what one half misses, the other has too much of."""
    symmetric = tokimp.ask(toy(lambda v: v.sum(1) + torch.cos(60 * (v.sum(1) - 1.5))), TEXT, target="yes")
    few, many = (symmetric.explain("integrated_gradients", {"steps": steps}) for steps in (4, 64))
    assert missing_share(few) < 0.01
    assert "not converged" in few.attribution.notes[0]
    assert many.attribution.notes == ()
    assert spent(symmetric, many) > BUDGET * 4


def test_what_does_not_converge_says_how_far_it_is() -> None:
    found = wild(3000.0).explain("integrated_gradients", {"steps": 8})
    (note,) = found.attribution.notes
    assert note.startswith("These numbers are not converged: the parts miss ")


def test_the_fixed_rule_says_it_too() -> None:
    rough = wild(30.0).explain("integrated_gradients", {"steps": 2, "adaptive": False})
    fine = wild(30.0).explain("integrated_gradients", {"steps": 128, "adaptive": False})
    assert "not converged" in rough.attribution.notes[0]
    assert fine.attribution.notes == ()


def test_a_smaller_tolerance_costs_more_and_misses_less() -> None:
    asked = wild(30.0)
    rough, fine = (asked.explain("integrated_gradients", {"tolerance": tolerance}) for tolerance in (0.5, 1e-4))
    assert spent(asked, rough) < spent(asked, fine)
    assert missing_share(fine) < 1e-4 + 1e-6


def test_nothing_to_share_out_converges() -> None:
    found = tokimp.explain(toy("constant"), TEXT, target="yes")
    assert found.attribution.notes == ()
    np.testing.assert_array_equal(found.scores, 0)


def test_partial_results_end_in_the_result() -> None:
    seen: list[tuple[float, np.ndarray]] = []
    found = wild(30.0).explain("integrated_gradients", watch=lambda share, scores: seen.append((share, scores)))
    assert len(seen) > 3
    assert all(0 <= share <= 1 for share, _ in seen)
    np.testing.assert_allclose(seen[-1][1], found.scores)
