"""Value zeroing against layers that run alone, their value vectors set to zero where they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import tokimp
from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.methods import value_zeroing
from tokimp.models.text_model import TextModel
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)

VALUES = {  # where a layer makes its value vectors
    **dict.fromkeys(["bert", "roberta", "xlm-roberta", "electra"], "attention.self.value"),
    "distilbert": "attention.v_lin",
    "albert": "albert_layers.0.attention.value",
    "deberta-v2": "attention.self.value_proj",
    "gpt2": "attn.c_attn",
    "gpt_neo": "attn.attention.v_proj",
    "gpt_neox": "attention.query_key_value",
}


def without(family: str, token: int) -> Callable[..., Tensor]:
    """A hook that zeroes one token's value vector in (1, token, size)."""

    def zero(_module: torch.nn.Module, _inputs: Any, made: Tensor) -> Tensor:
        made = made.clone()
        if family == "gpt2":  # queries, keys and values side by side
            made[:, token, -made.shape[-1] // 3 :] = 0
        elif family == "gpt_neox":  # the same for each of 4 heads
            heads = made.view(*made.shape[:2], 4, 3, -1)
            heads[:, token, :, 2] = 0
        else:
            made[:, token] = 0
        return made

    return zero


def by_hand(family: str, task: Task) -> np.ndarray:
    """Normalised distances (layer, query, key), each layer called alone on its own input."""
    model = models.tiny(family, task)
    ids = model.encode(TEXTS[task]).ids
    calls: list[tuple[torch.nn.Module, Any, Any]] = []

    def keep(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        calls.append((module, args, kwargs))

    handles = [block.register_forward_pre_hook(keep, with_kwargs=True) for block in dict.fromkeys(model.blocks)]
    with torch.no_grad():
        model.network(input_ids=torch.as_tensor(ids)[None], **({"use_cache": False} if task == "next-token" else {}))
        for handle in handles:
            handle.remove()
        found = np.zeros((len(calls), len(ids), len(ids)))
        for layer, (module, args, kwargs) in enumerate(calls):
            before = states(module(*args, **kwargs))
            for token in range(len(ids)):
                values = module.get_submodule(VALUES.get(family, "self_attn.v_proj"))
                handle = values.register_forward_hook(without(family, token))
                after = states(module(*args, **kwargs))
                handle.remove()
                similar = (before * after).sum(-1) / (before.norm(dim=-1) * after.norm(dim=-1))
                found[layer, :, token] = 1 - similar
    return np.asarray(found / found.sum(-1, keepdims=True))


def states(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    return (outputs if isinstance(outputs, Tensor) else outputs[0])[0].double()


@EVERY_ROW
def test_a_zeroed_value_is_a_value_of_zero(family: str, task: Task) -> None:
    mixing = by_hand(family, task)
    asked = tokimp.ask(models.shared(family, task), TEXTS[task])
    with no_trace(asked.model):
        found = asked.explain("value_zeroing")
    at = asked.target.position
    np.testing.assert_allclose(found.attribution.layers, mixing[:, at], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.scores, (mixing[1] @ mixing[0])[at], rtol=1e-3, atol=1e-6)
    assert found.scores.sum() == pytest.approx(1, abs=1e-9)
    assert found.evaluations == 1 + 1 + len(asked.inputs)


@pytest.mark.parametrize(("copies", "room"), [(1, 2**28), (3, 2**28), (32, 0)])
def test_the_batch_size_does_not_matter(
    copies: int, room: int, decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tokimp.explain(decoder, TEXTS["next-token"], "value_zeroing").scores
    monkeypatch.setattr(value_zeroing, "BATCH_COPIES", copies)
    monkeypatch.setattr(value_zeroing, "BATCH_BYTES", room)
    found = tokimp.explain(decoder, TEXTS["next-token"], "value_zeroing").scores
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_position_that_nothing_reaches_is_made_of_itself() -> None:
    """With no output of attention, no value can move anything."""
    model = models.tiny("bert", "classification")
    for block in model.blocks:
        block.attention.output.dense.weight.data.zero_()
    found = tokimp.explain(model, "a bad film", "value_zeroing")
    np.testing.assert_array_equal(found.scores, [1, 0, 0, 0, 0])


def test_it_does_not_know_the_target(classifier: TextModel) -> None:
    one, other = (tokimp.explain(classifier, "a bad film", "value_zeroing", target=i).scores for i in (0, 1))
    np.testing.assert_array_equal(one, other)


def test_an_error_in_the_middle_leaves_no_trace(classifier: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Tensor:
        raise ValueError("stop")

    monkeypatch.setattr(torch, "cosine_similarity", fail)
    with no_trace(classifier), pytest.raises(ValueError, match="stop"):
        tokimp.explain(classifier, "a bad film", "value_zeroing")
