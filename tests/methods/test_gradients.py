"""Saliency and gradient × input against captum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, Saliency

from tests import models
from tests.references import EVERY_CASE, EVERY_OUTPUT, of_embeds, question
from tokimp.methods.gradients import gradient
from tokimp.models.scoring import memory_of_copy
from tokimp.types import Output, Task
from tokimp.watch import Watch


@EVERY_OUTPUT
@pytest.mark.parametrize("norm", ["l2", "l1"])
@EVERY_CASE
def test_saliency_is_captums(family: str, task: Task, norm: str, output: Output) -> None:
    asked = question(family, task, output)
    embeds = asked.model.embed(asked.inputs.ids)[None]
    slope = Saliency(of_embeds(asked.model, asked.target)).attribute(embeds.requires_grad_(), abs=False)
    wanted = slope[0].double().norm(2 if norm == "l2" else 1, dim=-1)
    found = asked.explain("saliency", {"norm": norm})
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-7)
    assert found.evaluations == 2


@EVERY_OUTPUT
@EVERY_CASE
def test_gradient_x_input_is_captums(family: str, task: Task, output: Output) -> None:
    asked = question(family, task, output)
    embeds = asked.model.embed(asked.inputs.ids)[None]
    wanted = InputXGradient(of_embeds(asked.model, asked.target)).attribute(embeds.requires_grad_())[0].sum(-1)
    found = asked.explain("gradient_x_input")
    np.testing.assert_allclose(found.scores, wanted.detach(), rtol=1e-4, atol=1e-6)
    assert found.evaluations == 2


@EVERY_CASE
def test_gradients_are_slopes(family: str, task: Task) -> None:
    """Against finite differences in double precision."""
    fresh = models.tiny(family, task)
    fresh.network.double()
    asked = question(family, task)
    embeds = fresh.embed(asked.inputs.ids).detach()[None]
    direction = torch.randn(embeds.shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    step = 1e-4
    value = of_embeds(fresh, asked.target)
    with torch.no_grad():
        wanted = float(value(embeds + step * direction) - value(embeds - step * direction)) / (2 * step)
    slope = gradient(asked.model, embeds.float(), asked.target, Watch()).gradient.double()
    assert float((slope * direction).sum()) == pytest.approx(wanted, rel=1e-4)


def test_rows_are_independent_and_counted() -> None:
    asked = question("bert", "classification")
    embeds = asked.model.embed(asked.inputs.ids)
    watch = Watch()
    both = gradient(asked.model, torch.stack([embeds, 0.5 * embeds]), asked.target, watch)
    assert watch.evaluations == 2
    for row, each in enumerate((embeds, 0.5 * embeds)):
        alone = gradient(asked.model, each[None], asked.target, Watch())
        torch.testing.assert_close(both.gradient[row], alone.gradient[0], atol=1e-6, rtol=1e-4)
        torch.testing.assert_close(both.values[row], alone.values[0], atol=1e-6, rtol=1e-5)


def test_memory_of_a_copy_grows_with_its_length() -> None:
    model = models.shared("bert", "classification")
    assert 0 < memory_of_copy(model, 10) < memory_of_copy(model, 20) < memory_of_copy(model, 1000)
