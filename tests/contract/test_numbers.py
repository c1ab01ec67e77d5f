"""What the numbers of every method promise beyond being there: nothing here names one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tokimp
from tests import models
from tests.contract.test_contract import EVERY_METHOD, EVERY_PAIR, EVERY_TASK, explain
from tests.models import TEXTS
from tests.toys import toy
from tests.traces import no_trace
from tokimp.methods.base import METHODS
from tokimp.types import Task

SIGNED = pytest.mark.parametrize("key", [key for key, method in METHODS.items() if method.info.signed])


@EVERY_TASK
def test_a_history_ends_at_the_result(key: str, family: str, task: Task) -> None:
    found = explain(key, family, task).attribution
    if found.history is not None:
        np.testing.assert_array_equal(found.history[-1], found.scores)
    assert len(found.iterations) in (0, 0 if found.history is None else len(found.history))


@EVERY_PAIR
def test_errors_are_errors(key: str, family: str, task: Task) -> None:
    """What is drawn at random says how far it may be off, in a number or in words."""
    found = explain(key, family, task).attribution
    if found.stderr is not None:
        assert METHODS[key].info.stochastic
        assert found.stderr.shape == found.scores.shape
        assert np.isfinite(found.stderr).all()
        assert found.stderr.min() >= 0
        fixed = [i for i, token in enumerate(explain(key, family, task).tokens) if token.special]
        assert (found.stderr[fixed] == 0).all() or np.abs(found.scores[fixed]).max() > 0
    drawn = not np.array_equal(explain(key, family, task, seed=1).scores, found.scores)
    if drawn:
        assert METHODS[key].info.stochastic
        assert found.stderr is not None or found.notes


@EVERY_TASK
def test_scores_know_their_target_or_say_that_they_do_not(key: str, family: str, task: Task) -> None:
    one, other = (explain(key, family, task, target=target, contrast=None).scores for target in (1, 2))
    if METHODS[key].info.targeted:
        assert np.abs(one - other).max() > 1e-6
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "key", [key for key, method in METHODS.items() if method.info.signed and "attention" not in method.info.needs]
)
def test_a_contrast_is_zero_where_both_sides_get_the_same(key: str) -> None:
    """ "yes" is good + film and "no" is good, so that only "film" speaks for "yes" rather than "no".

    The toy answers without attention.
    """
    model = toy("additive", "first")
    found = tokimp.explain(model, "good film", key, target="yes", contrast="no")
    np.testing.assert_allclose(found.scores[[0, 1, 3]], 0, atol=1e-6)
    assert found.scores[2] > 0.3


@SIGNED
@pytest.mark.parametrize("output", ["log_prob", "prob"])
def test_every_output_can_be_explained(key: str, output: tokimp.types.Output) -> None:
    found = explain(key, "bert", "classification", output=output)
    assert found.target.output == output
    assert np.abs(found.scores).max() > 0


@EVERY_METHOD
def test_another_method_at_the_same_time_changes_nothing(key: str) -> None:
    model = models.tiny("llama", "next-token")
    text = TEXTS["next-token"]

    def scores(method: str) -> np.ndarray:
        return tokimp.explain(model, text, method, target=7).scores

    wanted = {method: scores(method) for method in ("gradient_x_input", key)}
    work = ["gradient_x_input", key, "gradient_x_input", key, "gradient_x_input"]
    with no_trace(model), ThreadPoolExecutor(2) as threads:
        for method, found in zip(work, threads.map(scores, work), strict=True):
            np.testing.assert_array_equal(found, wanted[method])
