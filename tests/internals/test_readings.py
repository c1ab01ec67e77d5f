"""Logit lens and token probabilities against what the model says by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.errors import MethodUnavailableError
from tokimp.internals.logit_lens import TOP, logit_lens
from tokimp.internals.token_probabilities import token_probabilities
from tokimp.models.text_model import TextModel
from tokimp.types import Task
from tokimp.watch import Watch

WORDY = pytest.mark.parametrize(("family", "task"), [row for row in models.ROWS if row[1] != "classification"])


def log_probs(model: TextModel, ids: np.ndarray) -> torch.Tensor:
    """(token, vocabulary) at every position."""
    with torch.inference_mode():
        logits = model.logits(model.embed(ids)[None], torch.arange(len(ids))[None])[0]
    return logits.double().log_softmax(-1)


@WORDY
def test_the_last_layer_of_the_lens_is_the_model_s_answer(family: str, task: Task) -> None:
    model = models.shared(family, task)
    inputs = model.encode(TEXTS[task])
    with no_trace(model):
        lens = logit_lens(model, inputs, tuple(range(len(inputs))))
    known = log_probs(model, inputs.ids)
    np.testing.assert_allclose(lens.probability[-1], known.exp().max(-1).values, rtol=1e-4)
    np.testing.assert_array_equal(lens.answer, known.argmax(-1))
    np.testing.assert_array_equal(lens.rank[-1], 1)
    np.testing.assert_array_equal(lens.top[-1, :, 0], lens.answer)
    assert lens.top.shape == (len(model.blocks) + 1, len(inputs), TOP)
    assert bool((np.diff(lens.top_probability, axis=-1) <= 0).all())


def test_llama_s_lens_is_its_norm_and_head_on_each_layer() -> None:
    model = models.shared("llama", "next-token")
    inputs = model.encode(TEXTS["next-token"])
    lens = logit_lens(model, inputs)
    with torch.inference_mode():
        outputs = model.network(inputs_embeds=model.embed(inputs.ids)[None], output_hidden_states=True)
        for layer, states in enumerate(outputs.hidden_states[:-1]):
            known = model.network.lm_head(model.network.model.norm(states[0])).double().softmax(-1)
            rows = np.arange(len(inputs))
            np.testing.assert_allclose(lens.probability[layer], known[rows, lens.answer], rtol=1e-4)
            np.testing.assert_array_equal(lens.rank[layer], 1 + (known > known[rows, lens.answer][:, None]).sum(-1))
            np.testing.assert_allclose(lens.top_probability[layer], known.topk(TOP).values, rtol=1e-4)


def test_a_fill_mask_model_is_read_at_its_masks_and_any_word_can_be_followed() -> None:
    model = models.shared("bert", "masked-lm")
    inputs = model.encode(TEXTS["masked-lm"])
    assert logit_lens(model, inputs).positions == inputs.masks
    lens = logit_lens(model, inputs, inputs.masks, answer=7)
    known = log_probs(model, inputs.ids)[inputs.masks[0]]
    assert lens.probability[-1, 0] == pytest.approx(float(known[7].exp()), rel=1e-4)
    assert lens.rank[-1, 0] == 1 + int((known > known[7]).sum())


@pytest.mark.parametrize("read", [logit_lens, token_probabilities])
def test_a_classifier_says_no_words(read: object) -> None:
    model = models.shared("bert", "classification")
    with pytest.raises(MethodUnavailableError, match="Choose a language model"):
        read(model, model.encode(TEXTS["classification"]))  # type: ignore[operator]


@pytest.mark.parametrize("family", [row.family for row in models.ARCHITECTURES.values() if row.decoder])
def test_a_decoder_s_probabilities_are_those_of_each_next_token(family: str) -> None:
    model = models.shared(family, "next-token")
    inputs = model.encode("The film was not good, and you")
    watch = Watch()
    with no_trace(model):
        found = token_probabilities(model, inputs, watch)
    known = log_probs(model, inputs.ids)[:-1]
    rows = np.arange(len(inputs) - 1)
    value = known[rows, inputs.ids[1:]]
    assert watch.evaluations == 1
    assert np.isnan(found.probability[0])
    assert found.rank[0] == 0
    np.testing.assert_allclose(found.probability[1:], value.exp(), rtol=1e-4)
    np.testing.assert_allclose(found.surprisal[1:], -value, rtol=1e-4)
    np.testing.assert_allclose(found.entropy[1:], -(known.exp() * known).sum(-1), rtol=1e-4)
    np.testing.assert_array_equal(found.rank[1:], 1 + (known > value[:, None]).sum(-1))
    np.testing.assert_array_equal(found.top[1:, 0], known.argmax(-1))
    assert found.perplexity == pytest.approx(np.exp(-float(value.mean())), rel=1e-4)


def test_a_fill_mask_model_hides_each_token_in_turn() -> None:
    model = models.shared("roberta", "masked-lm")
    inputs = model.encode("The film was not good")
    watch = Watch()
    found = token_probabilities(model, inputs, watch)
    assert watch.evaluations == len(inputs.free)
    for place in range(len(inputs)):
        if place not in inputs.free:
            assert np.isnan(found.probability[place])
            continue
        ids = inputs.ids.copy()
        ids[place] = model.tokenizer.mask_token_id
        known = log_probs(model, ids)[place]
        value = known[inputs.ids[place]]
        assert found.surprisal[place] == pytest.approx(-float(value), rel=1e-4)
        assert found.rank[place] == 1 + int((known > value).sum())
        assert found.entropy[place] == pytest.approx(-float((known.exp() * known).sum()), rel=1e-4)
        assert found.top[place, 0] == int(known.argmax())
