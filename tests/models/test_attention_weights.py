"""Attention weights seen and changed from outside, on every architecture."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.models.attention_weights import attention_weights
from tokimp.models.text_model import TextModel
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def answer(model: TextModel, ids: np.ndarray) -> torch.Tensor:
    position = None if model.task == "classification" else models.last(ids)
    with torch.no_grad():
        return model.logits(model.embed(ids)[None], position)


@EVERY_ROW
def test_what_is_seen_is_the_model_s_own_attention(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    seen: dict[int, torch.Tensor] = {}

    def look(layer: int, weights: torch.Tensor) -> torch.Tensor:
        seen[layer] = weights
        return weights

    with no_trace(model):
        plain = answer(model, ids)
        with attention_weights(model, look):
            watched = answer(model, ids)
    np.testing.assert_allclose(watched, plain, rtol=1e-4, atol=1e-5)
    assert list(seen) == list(range(len(model.blocks)))
    wanted = torch.stack(model.attentions(ids))
    np.testing.assert_allclose(torch.stack([seen[i][0] for i in seen]), wanted, atol=1e-6)


@EVERY_ROW
def test_a_changed_layer_changes_the_answer(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    plain = answer(model, ids)
    for chosen in range(len(model.blocks)):
        with attention_weights(model, lambda layer, weights, chosen=chosen: weights * (layer != chosen)):
            assert (answer(model, ids) - plain).abs().max() > 1e-4


def test_an_error_leaves_no_trace_and_other_threads_see_nothing() -> None:
    model = models.shared("llama", "next-token")
    ids = model.encode(TEXTS["next-token"]).ids
    plain = answer(model, ids)
    others: list[torch.Tensor] = []

    def fail(layer: int, weights: torch.Tensor) -> torch.Tensor:
        if layer == 1:
            raise ValueError("stop")
        return weights * 0

    other = threading.Thread(target=lambda: others.append(answer(model, ids)))

    def disturbed() -> None:
        with attention_weights(model, fail):
            other.start()
            answer(model, ids)

    with no_trace(model):
        with pytest.raises(ValueError, match="stop"):
            disturbed()
        other.join()
    np.testing.assert_allclose(others[0], plain, rtol=1e-5, atol=1e-6)
