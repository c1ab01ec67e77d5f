"""Projections, similarities, scores at every layer, and the token network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.api import ask
from tokimp.errors import OptionError
from tokimp.internals.hidden_states import projection, similarity
from tokimp.internals.inspecting import inspect
from tokimp.internals.layer_scores import KINDS, Kind, layer_scores
from tokimp.internals.network import INFLUENCES, Influence, token_network
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def test_a_projection_keeps_distances_in_a_plane_and_says_what_it_explains() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(8, 2)))[0]
    flat = rng.normal(size=(12, 2)) * (3, 1)
    found = projection(flat @ basis.T + 5)
    assert sum(found.explained) == pytest.approx(1.0)
    assert found.explained[0] > found.explained[1]
    wanted = np.linalg.norm(flat[:, None] - flat, axis=-1)
    np.testing.assert_allclose(np.linalg.norm(found.points[:, None] - found.points, axis=-1), wanted, atol=1e-9)
    np.testing.assert_allclose(found.points.mean(0), 0, atol=1e-9)
    assert bool((found.points[np.abs(found.points).argmax(0), [0, 1]] > 0).all())


def test_a_projection_of_what_does_not_differ_is_one_point() -> None:
    found = projection(np.ones((3, 4)))
    assert found.points.tolist() == [[0.0, 0.0]] * 3
    assert found.explained == (0.0, 0.0)
    with pytest.raises(OptionError, match="at least two"):
        projection(np.ones((1, 4)))


def test_a_projection_of_two_points_has_one_axis() -> None:
    found = projection(np.array([[0.0, 0, 0], [0, 3, 4]]))
    assert found.explained[0] == pytest.approx(1.0)
    assert abs(found.points[0, 0] - found.points[1, 0]) == pytest.approx(5.0)


def test_similarity_is_the_cosine() -> None:
    states = np.array([[[1.0, 0], [1, 1], [0, -2], [0, 0]]])
    pairs = [(0, 0), (0, 1), (1, 2), (0, 3)]
    np.testing.assert_allclose(similarity(states, pairs), [[1, 0.5**0.5, -(0.5**0.5), 0]])
    with pytest.raises(OptionError, match="There is no token 4"):
        similarity(states, [(0, 4)])


@EVERY_ROW
def test_scores_at_the_first_layer_are_gradient_times_what_it_gets(family: str, task: Task) -> None:
    model = models.shared(family, task)
    inputs = model.encode(TEXTS[task])
    target = ask(model, TEXTS[task], 1).target
    with no_trace(model):
        found = layer_scores(model, inputs, target)
    assert found.shape == (len(model.blocks) + 1, len(inputs))
    embeds = model.embed(inputs.ids)[None].clone().requires_grad_(True)
    outputs = model.network(
        inputs_embeds=embeds,
        attention_mask=torch.ones(1, len(inputs), dtype=torch.long),
        output_hidden_states=True,
    )
    logits = outputs.logits[0] if task == "classification" else outputs.logits[0, target.position]
    slopes = torch.autograd.grad(logits[1], outputs.hidden_states[:-1])
    for layer, (state, slope) in enumerate(zip(outputs.hidden_states[:-1], slopes, strict=True)):
        wanted = (state[0].double() * slope[0].double()).sum(-1).detach()
        np.testing.assert_allclose(found[layer], wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "bert"])
def test_relevance_at_the_first_layer_is_that_of_attn_lrp(family: str) -> None:
    task: Task = "next-token" if family == "llama" else "masked-lm"
    model = models.shared(family, task)
    inputs, target = model.encode(TEXTS[task]), ask(model, TEXTS[task], 1).target
    with no_trace(model):
        found = layer_scores(model, inputs, target, "relevance")
    if family == "llama":  # whose first layer gets the word embeddings themselves
        wanted = tokimp.explain(model, TEXTS[task], "attn_lrp", target=1).scores
        np.testing.assert_allclose(found[0], wanted, rtol=1e-4, atol=1e-6)
    plain = layer_scores(model, inputs, target)
    assert not np.allclose(found[0], plain[0], rtol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_a_word_of_several_tokens_add_up_over_its_passes(kind: Kind) -> None:
    model = models.shared("llama", "next-token")
    question = ask(model, TEXTS["next-token"], " parisgirl")
    assert question.target.continuation
    found = layer_scores(model, question.inputs, question.target, kind)
    method = {"gradient": "gradient_x_input", "relevance": "attn_lrp"}[kind]
    np.testing.assert_allclose(found[0], question.explain(method).scores, rtol=1e-4, atol=1e-6)


@EVERY_ROW
@pytest.mark.parametrize("influence", INFLUENCES)
def test_a_network_s_paths_agree_with_the_methods(family: str, task: Task, influence: Influence) -> None:
    model = models.shared(family, task)
    inputs = model.encode(TEXTS[task])
    with no_trace(model):
        found = token_network(model, inputs, influence)
    np.testing.assert_allclose(found.edges.sum(-1), 1.0)
    np.testing.assert_allclose(found.direct.sum(-1), 1.0)
    method = {"attention": "attention_rollout", "value_zeroing": "value_zeroing"}[influence]
    wanted = tokimp.explain(model, TEXTS[task], method, target=1).scores
    np.testing.assert_allclose(found.direct[found.position], wanted, atol=1e-9)


def test_internals_compute_what_is_asked_for_and_only_once() -> None:
    model = models.shared("gpt2", "next-token")
    seen = inspect(model, TEXTS["next-token"])
    assert seen.tokens == seen.inputs.tokens
    assert seen.attentions is seen.attentions
    assert seen.attentions.shape == (2, 4, len(seen.tokens), len(seen.tokens))
    assert seen.attention_norms.shape == seen.attentions.shape
    assert seen.hidden_states.shape == (3, len(seen.tokens), 32)
    assert seen.logit_lens.probability.shape == (3, len(seen.tokens))
    assert len(seen.token_probabilities.rank) == len(seen.tokens)
    target = ask(model, TEXTS["next-token"]).target
    assert seen.layer_scores(target).shape == (3, len(seen.tokens))
    assert seen.network().edges.shape == (2, len(seen.tokens), len(seen.tokens))
    np.testing.assert_allclose(seen.attention_map(1, 3), seen.attentions[1, 3], atol=6e-4)
    assert seen.survey().pictures.shape[:2] == (2, 4)
