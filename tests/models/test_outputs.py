"""From logits to the one number, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import models
from tests.models import TEXTS
from tokimp.models.outputs import forward_passes, target_values, word_value
from tokimp.models.text_model import TextModel
from tokimp.types import OUTPUTS, Target, Task

LOGITS = torch.tensor([[[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]])  # (batch, kept, class)
TOTALS = [math.log(sum(math.exp(x) for x in row)) for row in LOGITS[0].tolist()]


def values(model: TextModel, target: Target, text: str | None = None) -> float:
    ids = model.encode(text or TEXTS[model.task]).ids
    return float(target_values(model, model.embed(ids)[None], [target], [target.position])[0, 0])


def whole(model: TextModel, ids: list[int]) -> torch.Tensor:
    """Log-probabilities (token, vocabulary or class) by transformers alone."""
    with torch.no_grad():
        logits = model.network(input_ids=torch.tensor([ids])).logits[0]
    return logits.double().log_softmax(-1)


def test_one_token_of_a_softmax() -> None:
    assert float(word_value(LOGITS, (1,), "logit", "softmax")) == -2.0
    assert float(word_value(LOGITS, (1,), "log_prob", "softmax")) == pytest.approx(-2 - TOTALS[0], rel=1e-6)
    assert float(word_value(LOGITS, (1,), "prob", "softmax")) == pytest.approx(math.exp(-2 - TOTALS[0]), rel=1e-6)


def test_a_word_of_two_tokens_multiplies() -> None:
    total = (0.5 - TOTALS[0]) + (3 - TOTALS[1])
    assert float(word_value(LOGITS, (2, 1), "log_prob", "softmax")) == pytest.approx(total, rel=1e-6)
    assert float(word_value(LOGITS, (2, 1), "logit", "softmax")) == pytest.approx(total, rel=1e-6)
    assert float(word_value(LOGITS, (2, 1), "prob", "softmax")) == pytest.approx(math.exp(total), rel=1e-6)


def test_independent_labels_have_their_own_probability() -> None:
    prob = 1 / (1 + math.exp(-0.5))
    assert float(word_value(LOGITS, (2,), "logit", "sigmoid")) == 0.5
    assert float(word_value(LOGITS, (2,), "prob", "sigmoid")) == pytest.approx(prob, rel=1e-6)
    assert float(word_value(LOGITS, (2,), "log_prob", "sigmoid")) == pytest.approx(math.log(prob), rel=1e-6)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_single_output_is_its_value(output: str) -> None:
    assert float(word_value(LOGITS[..., 1:2], (0,), output, "identity")) == -2.0  # type: ignore[arg-type]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("task", ["classification", "next-token", "masked-lm"])
def test_values_against_transformers(task: Task, output: str) -> None:
    model = models.shared("gpt2" if task == "next-token" else "bert", task)
    ids = model.encode(TEXTS[task]).ids.tolist()
    position = {"classification": 0, "next-token": len(ids) - 1, "masked-lm": 4}[task]
    target = Target(1, "", position, output=output)  # type: ignore[arg-type]
    with torch.no_grad():
        raw = model.network(input_ids=torch.tensor([ids])).logits[0]
    raw = raw.double() if task == "classification" else raw[position].double()
    wanted = {"logit": raw[1], "log_prob": raw.log_softmax(-1)[1], "prob": raw.softmax(-1)[1]}[output]
    assert values(model, target) == pytest.approx(float(wanted), abs=1e-6)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2"])
def test_a_continued_word_is_read_token_after_token(family: str) -> None:
    model = models.shared(family, "next-token")
    ids = model.encode(TEXTS["next-token"]).ids.tolist()
    word = (5, 9, 7)
    total = 0.0
    for step, id_ in enumerate(word):
        total += float(whole(model, [*ids, *word[:step]])[-1, id_])
    target = Target(5, "", len(ids) - 1, output="log_prob", continuation=(9, 7))
    assert values(model, target) == pytest.approx(total, abs=1e-5)
    assert values(model, replace(target, output="prob")) == pytest.approx(math.exp(total), rel=1e-5)


def test_a_continued_word_in_masks_is_read_in_one_pass(filler: TextModel) -> None:
    text = "The film [MASK][MASK] good"
    ids = filler.encode(text).ids.tolist()
    log_probs = whole(filler, ids)
    target = Target(7, "", 3, output="log_prob", continuation=(6,))
    assert values(filler, target, text) == pytest.approx(float(log_probs[3, 7] + log_probs[4, 6]), abs=1e-6)
    assert forward_passes(filler, [target]) == 1


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("task", ["classification", "next-token", "masked-lm"])
def test_a_contrast_is_a_difference(task: Task, output: str) -> None:
    model = models.shared("gpt2" if task == "next-token" else "bert", task)
    position = {"classification": 0, "next-token": 3, "masked-lm": 4}[task]
    one, other = (Target(index, "", position, output=output) for index in (2, 0))  # type: ignore[arg-type]
    both = replace(one, contrast=0)
    assert values(model, both) == pytest.approx(values(model, one) - values(model, other), abs=1e-6)


def test_a_contrast_of_several_tokens_is_a_difference_of_words(decoder: TextModel) -> None:
    one = Target(5, "", 3, output="log_prob")
    other = Target(6, "", 3, output="log_prob", continuation=(9, 7))
    both = replace(one, contrast=6, contrast_continuation=(9, 7))
    assert values(decoder, both) == pytest.approx(values(decoder, one) - values(decoder, other), abs=1e-5)


def test_targets_share_passes(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [Target(index, "", 3) for index in range(5)]
    word = Target(6, "", 3, output="log_prob", continuation=(9,))
    again = Target(6, "", 3, output="prob", continuation=(11,))
    assert forward_passes(decoder, plain) == 1
    assert forward_passes(decoder, [*plain, word]) == 2
    assert forward_passes(decoder, [word, again]) == 1  # both are read behind the same first token
    assert forward_passes(decoder, [replace(word, contrast=7, contrast_continuation=(8, 9))]) == 2
    passes = []
    logits = TextModel.logits
    monkeypatch.setattr(TextModel, "logits", lambda *args: passes.append(1) or logits(*args))
    embeds = decoder.embed(np.stack([decoder.encode(TEXTS["next-token"]).ids] * 3))
    found = target_values(decoder, embeds, [*plain, word, again], [3, 3, 3])
    assert found.shape == (3, 7)
    assert len(passes) == forward_passes(decoder, [*plain, word, again]) == 2


def test_each_copy_is_read_at_its_own_position(filler: TextModel) -> None:
    ids = filler.encode("The [MASK] was [MASK] good").ids.tolist()
    log_probs = whole(filler, ids)
    target = Target(7, "", 2, output="log_prob")
    embeds = filler.embed(np.array([ids, ids]))
    found = target_values(filler, embeds, [target], [2, 4])[:, 0]
    torch.testing.assert_close(found.double(), log_probs[[2, 4], 7], atol=1e-6, rtol=0)
