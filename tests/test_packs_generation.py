"""Whole answers of a real model: shared work gives what separate questions give."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tokimp.models.text_model import TextModel

pytestmark = pytest.mark.packs


@pytest.fixture(scope="module")
def model() -> TextModel:
    return tokimp.load("smollm2-135m")


@pytest.mark.parametrize("method", ["gradient_x_input", "attn_lrp"])
def test_rows_are_those_of_separate_questions(model: TextModel, method: str) -> None:
    """To 1e-5 of the largest: single gradients are summed over 49,152 words as exactly as those of many rows."""
    text = "The capital of France is"
    found = tokimp.explain_generation(model, text, max_new_tokens=5, method=method)
    ids = tuple(token.id for token in found.answer)
    for row, id_ in enumerate(ids):
        alone = tokimp.ask(model, text, id_, output="log_prob", generated=ids[:row]).explain(method)
        shared = found.matrix[row, : len(alone.scores)]
        np.testing.assert_allclose(shared, alone.scores, atol=1e-5 * np.abs(found.matrix).max(), rtol=0)
