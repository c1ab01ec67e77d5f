"""Norms of what attention carries, from the layers' own W_V and W_O."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.references import EVERY_CASE, question
from tokimp.compare.methods import compare
from tokimp.errors import OptionError
from tokimp.methods.attention import Attention
from tokimp.methods.attention_norms import AttentionNorms
from tokimp.methods.base import options_of
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Task

HEADS = 4
Values = Callable[[torch.nn.Module, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def of_bert(block: torch.nn.Module, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (key, head, size) and W_O (head, size, hidden)."""
    values = block.get_submodule("attention.self.value")(state)
    matrix = block.get_parameter("attention.output.dense.weight").T
    return values.reshape(len(state), HEADS, -1), matrix.reshape(HEADS, -1, matrix.shape[-1])


def of_llama(block: torch.nn.Module, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same where two heads each share their values."""
    grouped = block.get_submodule("self_attn.v_proj")(block.get_submodule("input_layernorm")(state))
    matrix = block.get_parameter("self_attn.o_proj.weight").T
    values = grouped.reshape(len(state), 2, -1).repeat_interleave(HEADS // 2, dim=1)
    return values, matrix.reshape(HEADS, -1, matrix.shape[-1])


def by_hand(family: str, task: Task, position: int, of: Values) -> Floats:
    """Shares (layer, token) of α f(x), each vector written out, from transformers' own attentions and states."""
    plain = models.tiny(family, task)
    plain.network.set_attn_implementation("eager")
    ids = torch.as_tensor(plain.encode(TEXTS[task]).ids)[None]
    rows = []
    with torch.no_grad():
        out = plain.network(input_ids=ids, output_attentions=True, output_hidden_states=True)
        for block, state, alpha in zip(plain.blocks, out.hidden_states, out.attentions, strict=False):
            values, matrix = of(block, state[0])
            carried = torch.einsum("hk,khs,hsd->hkd", alpha[0, :, position], values, matrix)
            rows.append(carried.double().norm(dim=-1).mean(0))
    norms = torch.stack(rows).numpy()
    return np.asarray(norms / norms.sum(1, keepdims=True))


CASES = [("bert", "masked-lm", of_bert), ("bert", "classification", of_bert), ("llama", "next-token", of_llama)]


@pytest.mark.parametrize(("layers", "weights"), [("linear", (1 / 3, 2 / 3)), ("last", (0, 1)), (0, (1, 0))])
@pytest.mark.parametrize(("family", "task", "of"), CASES, ids=["bert-mask", "bert-class", "llama"])
def test_norms_are_those_of_the_vectors(
    family: str, task: Task, of: Values, layers: str | int, weights: tuple[float, ...]
) -> None:
    asked = question(family, task)
    wanted = by_hand(family, task, asked.target.position, of)
    found = asked.explain("attention_norms", {"layers": layers})
    np.testing.assert_allclose(found.attribution.layers, wanted, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.scores, np.array(weights) @ wanted, rtol=1e-4, atol=1e-7)
    assert found.evaluations == 2


@EVERY_CASE
def test_what_is_carried_adds_up_to_one(family: str, task: Task) -> None:
    found = question(family, task).explain("attention_norms", {})
    assert found.scores.min() >= 0
    assert found.scores.sum() == pytest.approx(1, abs=1e-6)


def test_it_has_the_options_of_attention_and_a_row_inside(classifier: TextModel) -> None:
    assert options_of(AttentionNorms) == options_of(Attention)
    chosen = ("attention", "attention_norms", "occlusion")
    found = compare(classifier, "a bad film", chosen)
    assert found.inside.internal == chosen[:2]


def test_it_does_not_know_the_target(classifier: TextModel) -> None:
    one, other = (tokimp.explain(classifier, "a bad film", "attention_norms", target=index).scores for index in (0, 1))
    np.testing.assert_array_equal(one, other)


def test_a_layer_that_is_not_there(classifier: TextModel) -> None:
    with pytest.raises(OptionError, match=r"no layer 2\. The model has layers 0 to 1\."):
        tokimp.explain(classifier, "a bad film", "attention_norms", layers=2)
