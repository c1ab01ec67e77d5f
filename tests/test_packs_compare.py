"""Comparisons on real weights: what methods and prompts are known to do."""

from __future__ import annotations

import pytest

import tokimp

pytestmark = pytest.mark.packs

CHEAP = ("attention", "gradient_x_input", "attn_lrp", "occlusion")


def test_methods_on_a_sentence() -> None:
    chosen = ("attention", "attention_rollout", "value_zeroing", "occlusion", "shapley_sampling")
    found = tokimp.compare(tokimp.load("minilm-sentiment"), "The acting is not bad.", chosen)
    assert (found.methods, found.failed) == (chosen, {})
    assert found.agreement.between("occlusion", "shapley_sampling") > found.agreement.between("attention", "occlusion")
    named = [found.tokens[place].text.strip() for place in found.consensus.argsort()[::-1][:4]]
    assert "not" in named
    assert found.inside.internal == ("attention", "attention_rollout", "value_zeroing")


def test_a_decoder_rests_its_attention_on_the_first_token_and_methods_say_so() -> None:
    found = tokimp.compare(tokimp.load("smollm2-135m"), "The capital of France is", CHEAP, target=" Paris")
    assert found.ranks[0, 0] == 1  # attention
    assert found["attention"].scores[0] > 0.5
    assert set(found.consensus.argsort()[-2:]) == {0, 4}  # the first token and the last
    assert tokimp.Comparison.from_json(found.to_json()).to_html() == found.to_html()


def test_the_country_carries_the_capital() -> None:
    model = tokimp.load("smollm2-135m")
    template = "The capital of {country: France|Italy} is"
    found = tokimp.compare_prompts(model, template, ["{country}", "capital"], "occlusion")
    assert [answer.label for answer in found.answers] == [" Paris", " Rome"]
    paris, rome = found.explanations
    assert paris.target.index == rome.target.index
    assert paris.probability > 0.5
    assert rome.probability < 0.05
    country = found.keywords[0].hits
    assert country[0] is not None
    assert country[1] is not None
    assert country[0].score > country[1].score
    assert found.alignment.positions.tolist() == [[0, 1, 2, 3, 4]] * 2
