"""SmoothGrad against a plain loop, captum's noise tunnel and integrals of the toys."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import NoiseTunnel, Saliency

import tokimp
from tests.references import EVERY_CASE, of_embeds, question, widened
from tests.toys import NORM_2, TEXT, toy
from tokimp.types import Task


@EVERY_CASE
def test_it_is_the_mean_gradient_times_the_input(family: str, task: Task) -> None:
    """Each sample alone, its noise drawn by its own number."""
    asked = question(family, task)
    embeds = asked.model.embed(asked.inputs.ids)
    value = of_embeds(asked.model, asked.target)
    draws = []
    for sample in range(20):
        noise = np.random.default_rng((3, sample)).standard_normal(embeds.shape)
        point = embeds + 0.3 * embeds.std() * torch.as_tensor(noise, dtype=torch.float32)
        point = point[None].detach().requires_grad_()
        (slope,) = torch.autograd.grad(value(point).sum(), point)
        draws.append((slope[0].double() * embeds.double()).sum(-1).detach().numpy())
    found = asked.explain("smoothgrad", {"samples": 20, "noise": 0.3}, seed=3)
    np.testing.assert_allclose(found.scores, np.mean(draws, 0), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.stderr, np.std(draws, 0, ddof=1) / 20**0.5 * widened(20), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.attribution.history[-1], found.scores, rtol=1e-9)
    assert found.evaluations == 1 + 20


def test_it_ends_where_captums_noise_tunnel_ends() -> None:
    asked = question("bert", "classification")
    embeds = asked.model.embed(asked.inputs.ids)[None]
    tunnel = NoiseTunnel(Saliency(of_embeds(asked.model, asked.target)))
    torch.manual_seed(0)
    slope = tunnel.attribute(
        embeds.requires_grad_(),
        nt_type="smoothgrad",
        nt_samples=1000,
        nt_samples_batch_size=200,
        stdevs=0.5 * float(embeds.detach().std()),
        abs=False,
    )
    wanted = (slope * embeds)[0].sum(-1).detach().numpy()
    found = asked.explain("smoothgrad", {"samples": 1000})
    assert found.stderr is not None
    # Both are samples of 1000, so their difference has the standard error times √2.
    assert (np.abs(found.scores - wanted) <= 4 * 2**0.5 * found.stderr + 1e-6).all()
    assert (found.stderr < 0.2 * np.abs(wanted).max()).all()


@pytest.mark.parametrize("formula", ["additive", "product", "order", "saturating"])
def test_noise_is_integrated_over(formula: str) -> None:
    """Slopes of sums and products are the same on the average; that of tanh is its mean over the noise."""
    model = toy(formula)
    spread = 0.5 * float(model.embed(model.encode(TEXT).ids).double().std())
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    total = 3 + spread * NORM_2 * 2 * points  # noise of 4 tokens adds up to twice that of one
    slope = float(weights @ (1 - np.tanh(total) ** 2) / weights.sum())
    wanted = {"additive": (2, 1), "product": (2, 2), "order": (2, 2), "saturating": (2 * slope, slope)}[formula]
    found = tokimp.explain(model, TEXT, "smoothgrad", target="yes", samples=1000)
    assert found.stderr is not None
    assert (np.abs(found.scores - [0, *wanted, 0]) <= 3 * found.stderr + 1e-5).all()


def test_without_noise_it_is_gradient_x_input() -> None:
    asked = question("llama", "next-token")
    found = asked.explain("smoothgrad", {"samples": 3, "noise": 0.0})
    np.testing.assert_allclose(found.scores, asked.explain("gradient_x_input").scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.stderr, 0, atol=1e-6)


def test_another_seed_gives_other_noise() -> None:
    asked = question("bert", "classification")
    one, other = (asked.explain("smoothgrad", {"samples": 5}, seed=seed).scores for seed in (0, 1))
    assert np.abs(one - other).max() > 1e-3


def test_four_times_the_samples_err_half_as_much() -> None:
    asked = question("bert", "classification")
    few, many = (asked.explain("smoothgrad", {"samples": samples}).stderr for samples in (100, 400))
    assert few is not None
    assert many is not None
    assert np.mean(many / few) == pytest.approx(0.5, rel=0.15)
