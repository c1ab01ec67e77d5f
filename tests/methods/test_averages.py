"""Means of random draws and their errors."""

from __future__ import annotations

import numpy as np

from tests.references import widened
from tokimp.methods.averages import STEPS, averaged


def test_the_mean_its_error_and_its_way() -> None:
    draws = np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 3.0]])
    found = averaged(draws, "samples")
    np.testing.assert_allclose(found.scores, [3, 1])
    np.testing.assert_allclose(found.stderr, np.array([2 / 3**0.5, 1]) * widened(3))
    np.testing.assert_allclose(found.history, [[1, 0], [2, 0], [3, 1]])
    assert found.notes == ()


def test_a_long_way_is_told_in_few_steps() -> None:
    draws = np.random.default_rng(0).normal(size=(1000, 4))
    found = averaged(draws, "samples")
    assert found.history is not None
    assert found.history.shape == (STEPS, 4)
    np.testing.assert_allclose(found.history[0], draws[0])
    np.testing.assert_allclose(found.history[-1], found.scores, rtol=1e-12)


def test_one_draw_has_no_error_and_says_so() -> None:
    found = averaged(np.array([[1.0, 2.0]]), "samples")
    np.testing.assert_array_equal(found.scores, [1, 2])
    assert found.stderr is None
    assert found.notes[0].endswith("Raise the samples.")
