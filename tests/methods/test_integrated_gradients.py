"""Integrated gradients against captum's Gauss–Legendre rule, for every baseline."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

import tokimp
from tests import models
from tests.references import EVERY_CASE, EVERY_OUTPUT, filled, of_embeds, question
from tokimp.errors import NoBaselineError
from tokimp.methods.integrated_gradients import mean_embedding
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Task


def captums(asked: tokimp.api.Question, baseline: Tensor, steps: int) -> np.ndarray:
    embeds = asked.model.embed(asked.inputs.ids)[None]
    parts = IntegratedGradients(of_embeds(asked.model, asked.target)).attribute(
        embeds, baselines=baseline, n_steps=steps, method="gausslegendre"
    )
    return np.asarray(parts[0].double().sum(-1).detach().numpy())


def own_baseline(asked: tokimp.api.Question) -> Tensor:
    """What "auto" is said to be: masks, or where there is no mask the mean embedding behind the first token."""
    model, inputs = asked.model, asked.inputs
    if model.tokenizer.mask_token_id is not None:
        return filled(model, inputs.ids, inputs.fixed, model.tokenizer.mask_token_id)
    table = model.network.get_input_embeddings()(torch.arange(len(model.tokenizer)))
    embeds = model.embed(inputs.ids)
    fixed = torch.as_tensor(inputs.fixed)[:, None]
    baseline = torch.where(fixed, embeds, table.mean(0))
    baseline[0] = embeds[0]
    return baseline[None]


@pytest.mark.parametrize("steps", [1, 2, 7, 20])
@EVERY_CASE
def test_the_fixed_rule_is_captums(family: str, task: Task, steps: int) -> None:
    asked = question(family, task)
    wanted = captums(asked, own_baseline(asked), steps)
    found = asked.explain("integrated_gradients", {"steps": steps, "adaptive": False})
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6)
    assert found.evaluations == 1 + steps + 2


@EVERY_OUTPUT
@EVERY_CASE
def test_outputs_are_integrated(family: str, task: Task, output: Output) -> None:
    asked = question(family, task, output)
    wanted = captums(asked, own_baseline(asked), 6)
    found = asked.explain("integrated_gradients", {"steps": 6, "adaptive": False})
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6)


@EVERY_CASE
def test_the_adaptive_rule_is_captums_with_many_steps(family: str, task: Task) -> None:
    """It stops when its own gap is below the tolerance, so it is as near as that to the integral, and no nearer."""
    asked = question(family, task)
    wanted = captums(asked, own_baseline(asked), 300)
    found = asked.explain("integrated_gradients", {"tolerance": 1e-3})
    assert found.attribution.notes == ()
    difference = abs(found.output - (found.baseline_output or 0))
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-3, atol=2e-3 * difference)


@pytest.mark.parametrize(
    ("family", "task", "kind"),
    [
        ("bert", "classification", "mask"),
        ("bert", "classification", "pad"),
        ("bert", "classification", "unk"),
        ("roberta", "masked-lm", "eos"),
        ("gpt2", "next-token", "unk"),
        ("llama", "next-token", "pad"),
        ("llama", "next-token", "eos"),
    ],
)
@pytest.mark.parametrize("keep_first", [True, False])
def test_a_token_as_baseline_keeps_special_tokens(family: str, task: Task, kind: str, keep_first: bool) -> None:
    asked = question(family, task)
    id_ = getattr(asked.model.tokenizer, f"{kind}_token_id")
    baseline = filled(asked.model, asked.inputs.ids, asked.inputs.fixed, id_)
    if keep_first:
        baseline[0, 0] = asked.model.embed(asked.inputs.ids)[0]
    wanted = captums(asked, baseline, 8)
    for given in (kind, id_):
        options = {"baseline": given, "keep_first": keep_first, "steps": 8, "adaptive": False}
        found = asked.explain("integrated_gradients", options)
        np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(found.scores[asked.inputs.fixed], 0)


@EVERY_CASE
def test_zero_is_the_zero_vector_everywhere(family: str, task: Task) -> None:
    asked = question(family, task)
    embeds = asked.model.embed(asked.inputs.ids)[None]
    options = {"baseline": "zero", "steps": 8, "adaptive": False}
    wanted = captums(asked, torch.zeros_like(embeds), 8)
    found = asked.explain("integrated_gradients", options)
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6)
    kept = torch.zeros_like(embeds)
    kept[0, 0] = embeds[0, 0]
    found = asked.explain("integrated_gradients", options | {"keep_first": True})
    np.testing.assert_allclose(found.scores, captums(asked, kept, 8), rtol=1e-4, atol=1e-6)


@EVERY_CASE
def test_the_baselines_output_is_the_value_there(family: str, task: Task) -> None:
    asked = question(family, task)
    found = asked.explain("integrated_gradients")
    with torch.no_grad():
        wanted = float(of_embeds(asked.model, asked.target)(own_baseline(asked)))
    assert found.baseline_output == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("family", "task"), models.ROWS)
def test_the_mean_embedding_is_that_of_the_first_layers_input(family: str, task: Task) -> None:
    """Also where looking up scales (Gemma), and where the padding token's row is zero (BERT)."""
    model = models.tiny(family, task)
    if model.tokenizer.pad_token_id is not None:
        model.embeddings.data[model.tokenizer.pad_token_id] = 0
    model.embeddings.data[0] = 0
    wanted = model.network.get_input_embeddings()(torch.arange(len(model.tokenizer))).mean(0)
    torch.testing.assert_close(mean_embedding(model), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("family", "task"), models.ROWS)
def test_the_gap_shrinks_with_steps(family: str, task: Task) -> None:
    model = models.shared(family, task)
    asked = tokimp.ask(model, models.TEXTS[task], target=1)
    gaps = []
    for steps in (1, 4, 16, 64):
        found = asked.explain("integrated_gradients", {"steps": steps, "adaptive": False})
        gaps.append(abs(found.completeness_gap or 0))
    few, more, many = max(gaps[:2]), gaps[2], gaps[3]
    rounding = 5e-6
    assert few > 1e-4
    assert more <= 0.1 * few
    assert many <= max(0.5 * more, rounding)


@pytest.mark.parametrize("kind", ["mask", "pad"])
def test_a_baseline_that_the_tokenizer_lacks(decoder: TextModel, kind: str) -> None:
    with pytest.raises(NoBaselineError, match=f"no {kind} token"):
        tokimp.explain(decoder, "good film", baseline=kind)


def test_a_baseline_outside_the_vocabulary(decoder: TextModel) -> None:
    with pytest.raises(NoBaselineError, match="no token 302"):
        tokimp.explain(decoder, "good film", baseline=302)
