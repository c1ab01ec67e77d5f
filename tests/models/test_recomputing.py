"""Layers that run again give the same gradients, under the same rules, and leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch.overrides import TorchFunctionMode

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp import api
from tokimp.methods import gradients
from tokimp.models import recomputing as kept
from tokimp.models.layers import hidden_states
from tokimp.models.recomputing import every, held, recomputing, remembering
from tokimp.types import Task
from tokimp.watch import Watch

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


class _Still(TorchFunctionMode):
    """Cuts the gradient at every attention softmax; counts how often."""

    calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        if func is torch.nn.functional.softmax:
            _Still.calls += 1
            return result.detach()
        return result


@EVERY_ROW
def test_gradients_are_the_same(family: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared(family, task)
    asked = api.ask(model, TEXTS[task], target=1)
    embeds = model.embed(asked.inputs.ids)[None].expand(2, -1, -1)
    wanted = gradients.gradient(model, embeds, asked.target, Watch())
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    with no_trace(model):
        found = gradients.gradient(model, embeds, asked.target, Watch())
    torch.testing.assert_close(found.gradient, wanted.gradient, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(found.values, wanted.values)


def test_rules_hold_when_a_layer_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared("gpt_neo", "next-token")
    asked = api.ask(model, TEXTS["next-token"], target=1)
    embeds = model.embed(asked.inputs.ids)[None]

    @contextmanager
    def still() -> Iterator[None]:
        with _Still():
            yield

    wanted = gradients.gradient(model, embeds, asked.target, Watch(), still)
    once = _Still.calls
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    found = gradients.gradient(model, embeds, asked.target, Watch(), still)
    assert _Still.calls == 3 * once
    torch.testing.assert_close(found.gradient, wanted.gradient)
    plain = gradients.gradient(model, embeds, asked.target, Watch())
    assert (plain.gradient - found.gradient).abs().max() > 1e-3


def test_an_error_puts_the_layers_back() -> None:
    model = models.shared("albert", "classification")
    with no_trace(model), pytest.raises(ValueError, match="stop"), recomputing(model):
        raise ValueError("stop")


LAYERS = {"distilbert": "n_layers", "gpt2": "n_layer", "bart": "decoder_layers"}


@pytest.mark.parametrize(
    ("family", "task"),
    [("llama", "next-token"), ("gpt2", "next-token"), ("albert", "classification"), ("bart", "seq2seq")],
)
def test_inputs_that_are_not_kept_are_found_again(family: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.tiny(family, task, **{LAYERS.get(family, "num_hidden_layers"): 4})
    asked = api.ask(model, TEXTS[task], target=1)
    embeds = model.embed(asked.inputs.ids)[None].expand(2, -1, -1)
    wanted = gradients.gradient(model, embeds, asked.target, Watch())
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    monkeypatch.setattr(kept, "KEPT_BYTES", 0)
    with no_trace(model):
        found = gradients.gradient(model, embeds, asked.target, Watch())
    torch.testing.assert_close(found.gradient, wanted.gradient, rtol=1e-6, atol=1e-8)


def test_a_layer_runs_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.tiny("llama", "next-token", num_hidden_layers=4)
    ids = model.encode(TEXTS["next-token"]).ids
    states = hidden_states(model, ids)
    monkeypatch.setattr(kept, "KEPT_BYTES", 0)
    with no_trace(model), torch.inference_mode():
        with remembering(model) as layers:
            model.logits(model.embed(ids)[None], models.last(ids))
        assert [layer.place for layer in layers] == [0, 1, 0, 1]
        for layer, (before, after) in zip(
            reversed(layers), zip(states[-2::-1], states[:0:-1], strict=True), strict=True
        ):
            entered = layer.taken()
            torch.testing.assert_close(entered[0], before)
            torch.testing.assert_close(layer.run(entered)[0], after)


def test_no_more_inputs_are_kept_than_fit() -> None:
    assert every(30, kept.KEPT_BYTES // 30) == 1
    assert every(30, kept.KEPT_BYTES // 29) == 2
    assert held(30, every(30, kept.KEPT_BYTES // 12)) == 12
    assert held(30, every(30, kept.KEPT_BYTES)) == 10
