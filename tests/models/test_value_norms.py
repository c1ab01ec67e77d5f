"""Lengths of transformed values against what the layers' own weights give."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.models.layers import hidden_states
from tokimp.models.text_model import TextModel
from tokimp.models.value_norms import value_norms
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def seen(model: TextModel, ids: np.ndarray) -> list[tuple[Tensor, Tensor]]:
    """[layer] (weights (head, query, key), norms (head, key))."""
    found: dict[int, tuple[Tensor, Tensor]] = {}

    def see(layer: int, weights: Tensor, norms: Tensor) -> None:
        found[layer] = weights[0], norms[0]

    with no_trace(model), torch.inference_mode(), value_norms(model, see):
        model.logits(model.embed(ids)[None], None if model.task == "classification" else models.last(ids))
    return [found[layer] for layer in range(len(model.blocks))]


@EVERY_ROW
def test_every_layer_of_every_architecture_is_seen_whole(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    layers = seen(model, ids)
    attentions = model.attentions(ids)
    assert len(layers) == len(attentions)
    for (weights, norms), known in zip(layers, attentions, strict=True):
        np.testing.assert_allclose(weights, known, atol=1e-6)
        assert norms.shape == known.shape[::2]
        assert bool((norms > 0).all())


def by_hand(values: Tensor, matrix: Tensor, heads: int) -> Tensor:
    """‖v W_O‖ (head, key) of values (key, head × size) and W_O (head × size, hidden)."""
    size = values.shape[-1] // heads
    rows = [
        (values[:, head * size : (head + 1) * size] @ matrix[head * size : (head + 1) * size]).norm(dim=-1)
        for head in range(heads)
    ]
    return torch.stack(rows)


def test_bert_s_values_go_through_its_own_projection() -> None:
    model = models.shared("bert", "masked-lm")
    ids = model.encode(TEXTS["masked-lm"]).ids
    states = hidden_states(model, ids)
    for layer, (_, norms) in enumerate(seen(model, ids)):
        attention = model.blocks[layer].get_submodule("attention")
        values = attention.get_submodule("self.value")(states[layer])
        wanted = by_hand(values, attention.get_submodule("output.dense").weight.T, 4)
        np.testing.assert_allclose(norms, wanted, rtol=1e-4)


def test_llama_s_heads_share_values() -> None:
    model = models.shared("llama", "next-token")
    ids = model.encode(TEXTS["next-token"]).ids
    states = hidden_states(model, ids)
    for layer, (_, norms) in enumerate(seen(model, ids)):
        block = model.blocks[layer]
        grouped = block.self_attn.v_proj(block.input_layernorm(states[layer]))  # (key, 2 × 8)
        values = grouped.reshape(-1, 2, 1, 8).expand(-1, 2, 2, 8).reshape(-1, 32)
        wanted = by_hand(values, block.self_attn.o_proj.weight.T, 4)
        np.testing.assert_allclose(norms, wanted, rtol=1e-4)


def test_gpt2_s_values_are_a_third_of_one_matrix() -> None:
    model = models.shared("gpt2", "next-token")
    ids = model.encode(TEXTS["next-token"]).ids
    states = hidden_states(model, ids)
    for layer, (_, norms) in enumerate(seen(model, ids)):
        block = model.blocks[layer]
        values = block.attn.c_attn(block.ln_1(states[layer]))[:, 64:]
        np.testing.assert_allclose(norms, by_hand(values, block.attn.c_proj.weight, 4), rtol=1e-4)
