"""Attention by hand from transformers' output."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.references import EVERY_CASE, question
from tokimp.errors import OptionError
from tokimp.models.text_model import TextModel
from tokimp.types import Task


def by_hand(family: str, task: Task) -> np.ndarray:
    """Rows (layer, token) of the predicting position, heads averaged."""
    plain = models.tiny(family, task)
    plain.network.set_attn_implementation("eager")
    inputs = plain.encode(TEXTS[task])
    with torch.no_grad():
        maps = plain.network(input_ids=torch.as_tensor(inputs.ids)[None], output_attentions=True).attentions
    position = {"classification": 0, "next-token": len(inputs) - 1}.get(task, inputs.masks and inputs.masks[0])
    rows = torch.stack([layer[0].double().mean(0)[position] for layer in maps])
    return np.asarray(rows.numpy())


@pytest.mark.parametrize(
    ("layers", "weights"),
    [("linear", (1 / 3, 2 / 3)), ("mean", (0.5, 0.5)), ("last", (0, 1)), (0, (1, 0)), (1, (0, 1))],
)
@EVERY_CASE
def test_layers_are_weighted(family: str, task: Task, layers: str | int, weights: tuple[float, ...]) -> None:
    rows = by_hand(family, task)
    found = question(family, task).explain("attention", {"layers": layers})
    np.testing.assert_allclose(found.scores, np.array(weights) @ rows, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.attribution.layers, rows, rtol=1e-5, atol=1e-7)
    assert found.scores.sum() == pytest.approx(1, abs=1e-5)
    assert found.evaluations == 2


def test_attention_does_not_know_the_target(classifier: TextModel) -> None:
    one, other = (tokimp.explain(classifier, "a bad film", "attention", target=index).scores for index in (0, 1))
    np.testing.assert_array_equal(one, other)


def test_a_layer_that_is_not_there(classifier: TextModel) -> None:
    with pytest.raises(OptionError, match=r"no layer 2\. The model has layers 0 to 1\."):
        tokimp.explain(classifier, "a bad film", "attention", layers=2)
