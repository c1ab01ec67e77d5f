"""Hidden states and the head behind them, on every architecture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.models import layers
from tokimp.models.layers import between_layers, head_logits, hidden_states
from tokimp.models.text_model import TextModel
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def answers(model: TextModel, ids: np.ndarray) -> Tensor:
    """Logits (token, vocabulary) at every position, or (1, class)."""
    everywhere = None if model.task == "classification" else torch.arange(len(ids))[None]
    with torch.inference_mode():
        return model.logits(model.embed(ids)[None], everywhere).flatten(0, -2)


@EVERY_ROW
def test_looking_on_changes_nothing(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    plain = answers(model, ids)
    with no_trace(model), between_layers(model, lambda _, batch: batch, lambda *_: None):
        watched = answers(model, ids)
    assert torch.equal(plain, watched)


@EVERY_ROW
def test_states_are_those_that_transformers_gives_out(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    with no_trace(model):
        found = hidden_states(model, ids)
    with torch.inference_mode():
        outputs = model.network(
            inputs_embeds=model.embed(ids)[None],
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            output_hidden_states=True,
        )
    known = outputs.hidden_states
    assert len(found) == len(model.blocks) + 1
    for mine, theirs in list(zip(found, known, strict=True))[:-1]:  # some have their last norm in the last one
        np.testing.assert_allclose(mine, theirs[0], rtol=1e-5, atol=1e-6)


@EVERY_ROW
def test_the_head_on_the_last_layer_gives_the_model_s_own_answer(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    states = hidden_states(model, ids)[-1]
    with no_trace(model):
        found = torch.cat(list(head_logits(model, states)))
    wanted = answers(model, ids)
    np.testing.assert_allclose(found[: len(wanted)], wanted, rtol=1e-4, atol=1e-5)


def test_many_rows_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared("llama", "next-token")
    monkeypatch.setattr(layers, "HEAD_NUMBERS", 64 * model.embeddings.shape[0])
    states = hidden_states(model, model.encode(TEXTS["next-token"]).ids)[-1][-1:].repeat(67, 1)
    parts = list(head_logits(model, states))
    assert [len(part) for part in parts] == [64, 3]
    np.testing.assert_allclose(parts[0][:3], parts[1], rtol=1e-5, atol=1e-6)


def test_an_error_between_layers_leaves_no_trace() -> None:
    model = models.shared("bert", "masked-lm")
    ids = model.encode(TEXTS["masked-lm"]).ids

    def fail(_layer: int, _batch: Tensor) -> Tensor:
        raise RuntimeError("on purpose")

    with no_trace(model), pytest.raises(RuntimeError, match="on purpose"), between_layers(model, fail):
        answers(model, ids)
