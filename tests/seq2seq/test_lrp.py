"""AttnLRP and CP-LRP of encoder–decoder models against relevance that is handed back by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokimp
from tests import models
from tests.models import TEXTS
from tests.seq2seq.lrp_networks import NETWORKS, relevances
from tests.traces import no_trace
from tokimp.methods import gradients
from tokimp.models.text_model import TextModel

ANSWER = (9, 10)
BOTH = pytest.mark.parametrize("variant", ["attn", "cp"])
EVERY_FAMILY = pytest.mark.parametrize("family", [family for family, _ in models.SEQ2SEQ])


def explained(model: TextModel, variant: str, target: int = 20) -> tokimp.Explanation:
    asked = tokimp.ask(model, TEXTS["seq2seq"], target, generated=ANSWER)
    return asked.explain("attn_lrp", {"variant": variant})


@BOTH
@pytest.mark.parametrize("family", NETWORKS)
def test_it_is_relevance_handed_back_through_decoder_and_encoder(family: str, variant: str) -> None:
    model = models.tiny(family, "seq2seq")
    model.network.double()
    inputs = model.encode(TEXTS["seq2seq"], generated=ANSWER)
    embeds = model.embed(inputs.ids).detach().numpy()
    for target in (20, 30):
        found = explained(model, variant, target)
        logit, wanted = relevances(model, embeds, inputs.source, target, found.target.position, variant == "cp")
        assert logit == pytest.approx(found.output, abs=1e-5)
        np.testing.assert_allclose(found.scores, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


@EVERY_FAMILY
def test_without_biases_cp_shares_out_the_whole_logit(family: str) -> None:
    """T5 has none; in the others they, and what positions add to a token, are taken away."""
    model = models.tiny(family, "seq2seq")
    for name, parameter in model.network.named_parameters():
        if name.endswith("bias") or "embed_positions" in name:
            parameter.data.zero_()
    given, followed = explained(model, "cp"), explained(model, "attn")
    assert given.scores.sum() == pytest.approx(given.output, rel=1e-4)
    assert abs(followed.scores.sum() / followed.output - 1) > 0.01
    assert given.attribution.notes[0].endswith("CP-LRP shares out everything here.")


@BOTH
@EVERY_FAMILY
def test_every_operation_has_a_rule_also_where_layers_run_again(
    family: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.shared(family, "seq2seq")
    wanted: Any = explained(model, variant)
    assert len(wanted.attribution.notes) == 1
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    with no_trace(model):
        found = explained(model, variant)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-4, atol=1e-6)
