"""Rollout against a product written out, and on known attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.references import EVERY_CASE, question
from tests.toys import toy
from tokimp.methods.attention_rollout import rolled_out
from tokimp.models.text_model import TextModel
from tokimp.types import Task


def by_hand(family: str, task: Task, residual: float) -> np.ndarray:
    """The rolled-out matrix after each layer (layer, query, key), entry by entry."""
    plain = models.tiny(family, task)
    plain.network.set_attn_implementation("eager")
    ids = torch.as_tensor(plain.encode(TEXTS[task]).ids)[None]
    with torch.no_grad():
        maps = plain.network(input_ids=ids, output_attentions=True).attentions
    rolled: list[np.ndarray] = []
    for layer in maps:
        mixed = (1 - residual) * layer[0].double().mean(0).numpy() + residual * np.eye(ids.shape[1])
        mixed /= mixed.sum(1, keepdims=True)
        rolled.append(mixed if not rolled else np.einsum("qm,mk->qk", mixed, rolled[-1]))
    return np.stack(rolled)


@pytest.mark.parametrize("residual", [0.0, 0.5, 0.9])
@EVERY_CASE
def test_it_is_the_product_of_the_layers(family: str, task: Task, residual: float) -> None:
    asked = question(family, task)
    wanted = by_hand(family, task, residual)[:, asked.target.position]
    found = asked.explain("attention_rollout", {"residual": residual})
    np.testing.assert_allclose(found.scores, wanted[-1], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.attribution.layers, wanted, rtol=1e-5, atol=1e-7)
    assert found.scores.sum() == pytest.approx(1, abs=1e-5)
    assert found.evaluations == 2


@pytest.mark.parametrize(
    ("residual", "wanted"),
    [
        (0.5, (3 / 8, 3 / 8, 1 / 8, 1 / 8)),  # half of its own mixture (5, 1, 1, 1)/8, half of token 1's (1, 5, 1, 1)/8
        (0.0, (1 / 4, 1 / 4, 1 / 4, 1 / 4)),  # all from token 1, which looked everywhere
        (1.0, (1, 0, 0, 0)),  # nothing but itself
    ],
)
def test_known_attention_gives_known_rollout(residual: float, wanted: tuple[float, ...]) -> None:
    found = tokimp.explain(toy("constant"), "good film", "attention_rollout", target="yes", residual=residual)
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-6, atol=1e-7)


def test_a_row_of_a_product_stays_a_share() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.dirichlet(np.ones(5), size=(4, 5))
    rows = rolled_out(mixing, 2)
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(rows[-1], np.linalg.multi_dot(list(mixing[::-1]))[2], rtol=1e-12)


def test_it_does_not_know_the_target(classifier: TextModel) -> None:
    one, other = (tokimp.explain(classifier, "a bad film", "attention_rollout", target=i).scores for i in (0, 1))
    np.testing.assert_array_equal(one, other)
