"""What long texts take: as much as is said beforehand, and far less than all at once."""

from __future__ import annotations

from functools import cache

import pytest

import tokimp
from tests import models
from tests.peaks import Peak
from tokimp import estimating
from tokimp.estimating import estimated
from tokimp.methods import attention, gradients
from tokimp.models import fusing, recomputing
from tokimp.question import Question

LAYERS = 9
TOKENS = 400
BLOCK = 2**18
METHODS = ("saliency", "attn_lrp", "gradient_x_attention", "attention", "attention_norms", "attention_rollout")


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred tokens are what thousands are elsewhere."""
    for each in (gradients, estimating):
        monkeypatch.setattr(each, "GRAPH_BYTES", 0)
    for each in (fusing, estimating):
        monkeypatch.setattr(each, "BLOCK_BYTES", BLOCK)
    monkeypatch.setattr(recomputing, "KEPT_BYTES", 0)
    monkeypatch.setattr(fusing, "MOST_BYTES", 0)
    monkeypatch.setattr(attention, "HELD_BYTES", 0)


@cache
def question() -> Question:
    sizes = {"hidden_size": 64, "intermediate_size": 192, "num_hidden_layers": LAYERS}
    model = models.tiny("llama", "next-token", **sizes, max_position_embeddings=TOKENS)
    model.network.set_attn_implementation("eager")
    line = "the film was not good and the girl was little.\n"
    each = len(model.encode(line * 2)) - len(model.encode(line))
    return tokimp.ask(model, line * (TOKENS // each - 1), target=10)


@pytest.mark.parametrize("method", METHODS)
def test_a_long_text_takes_what_is_said(method: str) -> None:
    asked = question()
    said = estimated(asked, method).memory
    with Peak() as peak:
        asked.explain(method)
    assert said / 3 < peak.most < said
