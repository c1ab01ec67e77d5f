"""Gradient SHAP against a plain loop, captum in the limit and expectations of the toys."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import GradientShap

import tokimp
from tests.references import EVERY_CASE, of_embeds, question
from tests.toys import TEXT, VALUES, toy
from tokimp.models.text_model import TextModel
from tokimp.types import Task


def pool_of(model: TextModel) -> np.ndarray:
    return np.setdiff1d(np.arange(len(model.tokenizer)), model.tokenizer.all_special_ids)


MEAN = sum(VALUES.values()) / len(pool_of(toy("additive")))  # of a random token's value
EXPECTED = {  # over random tokens a and b in the places of "good" (2) and "film" (1), and over the way
    "additive": (2 - MEAN, 1 - MEAN),
    "product": ((2 - MEAN) * (1 + MEAN) / 2, (1 - MEAN) * (2 + MEAN) / 2),
    "constant": (0, 0),
    "first": (2 - MEAN, 0),
    "order": (2 - MEAN, 2 - 2 * MEAN),
}


@EVERY_CASE
def test_it_is_the_mean_over_random_texts_and_points(family: str, task: Task) -> None:
    """What a draw misses is taken off by regression, the same as least squares with an intercept."""
    asked = question(family, task)
    decoder = task == "next-token"
    ids, samples, rng = asked.inputs.ids, 30, np.random.default_rng(2)
    fill = rng.choice(pool_of(asked.model), size=(samples, len(ids)))
    keep = asked.inputs.fixed.copy()
    keep[0] |= decoder
    texts = np.where(keep, ids, fill)
    shares = rng.random(samples)
    embeds, value = asked.model.embed(ids), of_embeds(asked.model, asked.target)
    parts, misses = np.zeros((samples, len(ids))), np.zeros(samples)
    for i in range(samples):
        start = asked.model.embed(texts[i])
        point = (start + np.float32(shares[i]) * (embeds - start))[None].detach().requires_grad_()
        (slope,) = torch.autograd.grad(value(point).sum(), point)
        parts[i] = (slope[0] * (embeds - start)).double().sum(-1).detach()
        with torch.no_grad():
            misses[i] = parts[i].sum() - asked.output + float(value(start[None]))
    fit = np.linalg.lstsq(np.stack([misses, np.ones(samples)], 1), parts, rcond=None)[0]
    give = fit[0] + ~keep * (1 - fit[0].sum()) / (~keep).sum()
    wanted = parts.mean(0) - misses.mean() * give
    found = asked.explain("gradient_shap", {"samples": samples}, seed=2)
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(found.scores[keep], 0)
    np.testing.assert_allclose(found.attribution.history[-1], found.scores, rtol=1e-6)
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)
    assert found.evaluations <= 1 + 2 * samples + 1


def test_it_ends_where_captum_ends() -> None:
    asked = question("bert", "classification")
    embeds, free = asked.model.embed(asked.inputs.ids)[None].detach(), asked.inputs.free
    rng = np.random.default_rng(0)
    texts = np.tile(asked.inputs.ids, (3000, 1))
    texts[:, free] = rng.choice(pool_of(asked.model), size=(len(texts), len(free)))
    torch.manual_seed(0)
    np.random.seed(0)
    explainer = GradientShap(of_embeds(asked.model, asked.target))
    sums = [
        explainer.attribute(embeds, baselines=asked.model.embed(texts), n_samples=500)[0].sum(-1).numpy()
        for _ in range(8)
    ]
    found = asked.explain("gradient_shap", {"samples": 2000})
    assert found.stderr is not None
    error = np.hypot(np.std(sums, 0, ddof=1) / len(sums) ** 0.5, found.stderr)
    assert (np.abs(found.scores - np.mean(sums, 0)) <= 4 * error + 1e-6).all()
    assert (found.stderr < 0.1 * np.abs(found.scores).max()).all()


@pytest.mark.parametrize("formula", EXPECTED)
def test_toys_have_their_expectations(formula: str) -> None:
    found = tokimp.explain(toy(formula), TEXT, "gradient_shap", target="yes", samples=2000)
    assert found.stderr is not None
    assert (np.abs(found.scores - [0, *EXPECTED[formula], 0]) <= 3 * found.stderr + 1e-5).all()
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)


def test_an_error_bar_holds_the_truth_and_shrinks() -> None:
    """Within 3 standard errors in at least 99 % of seeded trials; half the error from 4 times the samples."""
    asked = question("bert", "classification")
    truth, free = asked.explain("gradient_shap", {"samples": 2000}, seed=1000).scores, asked.inputs.free
    rms = []
    for samples in (20, 80):
        found = [asked.explain("gradient_shap", {"samples": samples}, seed=seed) for seed in range(50)]
        errors = np.array([each.scores - truth for each in found])[:, free]
        bars = np.array([each.stderr for each in found])[:, free]
        assert np.mean(np.abs(errors) <= 3 * bars) >= 0.99
        rms.append(np.sqrt(np.mean(errors**2)))
    assert rms[1] / rms[0] == pytest.approx(0.5, rel=0.2)


def test_the_first_token_of_a_decoder_is_kept_or_not() -> None:
    asked = question("gpt2", "next-token")
    kept, drawn = (asked.explain("gradient_shap", {"keep_first": keep}).scores for keep in (True, False))
    np.testing.assert_array_equal(kept, asked.explain("gradient_shap").scores)
    assert kept[0] == 0
    assert drawn[0] != 0


def test_nothing_to_draw_scores_nothing(filler: TextModel) -> None:
    found = tokimp.explain(filler, "[MASK]", "gradient_shap")
    np.testing.assert_array_equal(found.scores, [0, 0, 0])
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)
