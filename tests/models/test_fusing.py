"""Long texts without all attention weights at once: the same numbers, and nothing left behind."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

import tokimp
from tests import models
from tests.traces import no_trace
from tokimp.methods import attention, gradients
from tokimp.models import fusing
from tokimp.models.recomputing import recomputing
from tokimp.models.text_model import TextModel
from tokimp.types import Task
from tokimp.watch import Watch

METHODS = ("saliency", "integrated_gradients", "occlusion", "attn_lrp", "gradient_x_attention", "attention_rollout")
FAMILIES: list[tuple[str, Task]] = [
    ("gpt2", "next-token"),
    ("llama", "next-token"),
    ("gemma2", "next-token"),
    ("bert", "classification"),
]


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often torch computes attention in one piece."""
    ran: list[int] = []
    plain = torch.nn.functional.scaled_dot_product_attention

    def count(*args: torch.Tensor, **kwargs: object) -> torch.Tensor:
        ran.append(args[0].shape[-2])
        return plain(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", count)
    return ran


class _Queries(TorchFunctionMode):
    """Of how many queries each softmax is."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: set[int] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.softmax:
            self.rows.add(args[0].shape[2])
        return func(*args, **(kwargs or {}))


def step_by_step(family: str, task: Task) -> TextModel:
    """As models are loaded from files."""
    model = models.tiny(family, task)
    model.network.set_attn_implementation("eager")
    return model


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("family", "task"), FAMILIES)
def test_scores_stay_the_same(
    family: str, task: Task, method: str, pieces: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = step_by_step(family, task)
    plain = tokimp.explain(model, "the film was not good", method, target=1)
    assert pieces == []
    monkeypatch.setattr(fusing, "MOST_BYTES", 0)
    with no_trace(model):
        fused = tokimp.explain(model, "the film was not good", method, target=1)
    np.testing.assert_allclose(fused.scores, plain.scores, rtol=2e-4, atol=2e-5)
    assert fused.output == pytest.approx(plain.output, abs=1e-5)
    assert bool(pieces) == (family != "gemma2")
    assert model.network.config._attn_implementation == "eager"


@pytest.mark.parametrize("graph", [0, 2**40])
def test_layers_that_run_again_run_as_they_did_at_first(graph: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = step_by_step("llama", "next-token")
    wanted = tokimp.explain(model, "the film was not good", "gradient_x_input", target=1).scores
    monkeypatch.setattr(fusing, "MOST_BYTES", 0)
    monkeypatch.setattr(gradients, "GRAPH_BYTES", graph)
    found = tokimp.explain(model, "the film was not good", "gradient_x_input", target=1).scores
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("family", "task"), models.EVERY_ROW)
def test_attention_in_blocks_of_queries_has_the_same_gradients(
    family: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one query each; families that write their steps otherwise take all at once."""
    model = step_by_step(family, task)
    asked = tokimp.ask(model, models.TEXTS[task], target=1)
    embeds = model.embed(asked.inputs.ids)[None].expand(2, -1, -1)
    wanted = gradients.gradient(model, embeds, asked.target, Watch())
    blocks: list[int] = []

    def once(attend: Any, start: int, some: torch.Tensor, *rest: torch.Tensor | None, **settings: Any) -> Any:
        blocks.append(some.shape[2])
        return checkpoint(attend, start, some, *rest, **settings)

    monkeypatch.setattr(fusing, "checkpoint", once)
    monkeypatch.setattr(fusing, "BLOCK_BYTES", 0)
    with no_trace(model), model.lock, fusing.blockwise(model.network):
        found = gradients.gradient(model, embeds, asked.target, Watch())
    torch.testing.assert_close(found.gradient, wanted.gradient, rtol=0, atol=2e-6 * float(wanted.gradient.abs().max()))
    torch.testing.assert_close(found.values, wanted.values)
    whole = family in ("deberta-v2", "gpt_neo") or task == "seq2seq"
    assert blocks == ([] if whole else [1] * model.size.layers * len(asked.inputs))


def test_no_layer_keeps_keys_or_values_until_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    model = step_by_step("llama", "next-token")
    embeds = model.embed(model.encode("the film was not good").ids)[None].requires_grad_()
    used: list[ref[torch.Tensor]] = []

    def watched(attend: Any, *args: Any, **settings: Any) -> Any:
        used.extend(ref(each) for each in args[-2:])
        return checkpoint(attend, *args, **settings)

    monkeypatch.setattr(fusing, "checkpoint", watched)
    with torch.enable_grad(), fusing.blockwise(model.network), recomputing(model):
        logits = model.network(inputs_embeds=embeds, use_cache=False).logits
        assert len(used) == 2 * model.size.layers
        assert [each for each in used if each() is not None] == []
        logits.sum().backward()
    assert embeds.grad is not None


@pytest.mark.parametrize("method", ["attention", "attention_norms", "attention_rollout", "gradient_x_attention"])
@pytest.mark.parametrize(("family", "task"), FAMILIES)
def test_weights_are_read_of_one_query_at_a_time(
    family: str, task: Task, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = step_by_step(family, task)
    asked = tokimp.ask(model, models.TEXTS[task], target=1)
    wanted = asked.explain(method)
    monkeypatch.setattr(fusing, "BLOCK_BYTES", 0)
    monkeypatch.setattr(attention, "HELD_BYTES", 0)
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    with no_trace(model), _Queries() as seen:
        found = asked.explain(method)
    assert seen.rows == {1}
    assert found.attribution.layers is not None
    assert wanted.attribution.layers is not None
    largest = np.abs(wanted.attribution.layers).max()
    np.testing.assert_allclose(found.attribution.layers, wanted.attribution.layers, rtol=1e-6, atol=1e-6 * largest)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-6, atol=1e-6 * largest)
    assert found.evaluations == wanted.evaluations


def test_only_long_texts_are_computed_in_one_piece() -> None:
    network = models.shared("llama", "next-token").network  # of four heads
    assert not fusing.fuses(network, 2048)
    assert fusing.fuses(network, 2049)
