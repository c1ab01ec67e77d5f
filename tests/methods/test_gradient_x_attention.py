"""Gradient × attention against the weights that transformers returns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.references import EVERY_CASE, EVERY_OUTPUT, question
from tests.traces import no_trace
from tokimp.methods import gradients
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Target, Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def by_hand(family: str, task: Task, target: Target, ids: np.ndarray) -> np.ndarray:
    """Weights times their gradients, summed over head and query (layer, token)."""
    plain = models.tiny(family, task)
    plain.network.set_attn_implementation("eager")
    embeds = plain.embed(ids)[None].requires_grad_()
    outputs = plain.network(inputs_embeds=embeds, output_attentions=True)
    rows = outputs.logits if task == "classification" else outputs.logits[:, target.position]
    rows = {"logit": rows, "log_prob": rows.log_softmax(-1), "prob": rows.softmax(-1)}[target.output][0]
    slopes = torch.autograd.grad(rows[target.index] - rows[target.contrast], outputs.attentions)
    parts = [
        (weights * slope)[0].double().sum((0, 1)) for weights, slope in zip(outputs.attentions, slopes, strict=True)
    ]
    return np.asarray(torch.stack(parts).detach().numpy())


@EVERY_OUTPUT
@EVERY_CASE
def test_it_is_weights_times_gradients(family: str, task: Task, output: Output) -> None:
    asked = question(family, task, output)
    wanted = by_hand(family, task, asked.target, asked.inputs.ids)
    with no_trace(asked.model):
        found = asked.explain("gradient_x_attention")
    np.testing.assert_allclose(found.attribution.layers, wanted, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.scores, wanted.sum(0), rtol=1e-3, atol=1e-6)
    assert found.evaluations == 2


@EVERY_ROW
def test_long_texts_give_the_same_in_little_memory(family: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question(family, task)
    wanted = asked.explain("gradient_x_attention")
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    with no_trace(asked.model):
        found = asked.explain("gradient_x_attention")
    np.testing.assert_allclose(found.attribution.layers, wanted.attribution.layers, rtol=1e-4, atol=1e-6)


def test_it_is_the_slope_of_turning_attention_down(decoder: TextModel) -> None:
    """Against finite differences of a gate on all the attention that one token gets."""
    from tokimp.models.attention_weights import attention_weights

    asked = tokimp.ask(decoder, "the film was not", target=10)
    found = asked.explain("gradient_x_attention")

    def value(gate: torch.Tensor) -> float:
        with torch.no_grad(), attention_weights(decoder, lambda _, weights: weights * gate):
            logits = decoder.logits(decoder.embed(asked.inputs.ids)[None], models.last(asked.inputs.ids))
        return float(logits[0, 0, 10])

    for token in range(len(asked.inputs)):
        step = torch.zeros(len(asked.inputs))
        step[token] = 1e-2
        assert found.scores[token] == pytest.approx((value(1 + step) - value(1 - step)) / 2e-2, rel=1e-2, abs=1e-3)


def test_a_contrast_is_a_difference(classifier: TextModel) -> None:
    one, other, both = (
        tokimp.explain(classifier, "a bad film", "gradient_x_attention", target=target, contrast=contrast).scores
        for target, contrast in ((0, None), (1, None), (0, 1))
    )
    np.testing.assert_allclose(both, one - other, atol=1e-6)


def test_a_word_of_several_tokens_leaves_its_own_attention_out(decoder: TextModel) -> None:
    found = tokimp.explain(decoder, "the film was", "gradient_x_attention", target=" zz")
    assert len(found.target.ids) > 1
    assert found.scores.shape == (len(found.tokens),)
    assert np.abs(found.scores).max() > 0
