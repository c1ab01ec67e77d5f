"""AttnLRP and CP-LRP against relevance that is propagated by hand, on every architecture."""

from __future__ import annotations

import threading
from dataclasses import replace
from math import tanh
from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.lrp_networks import NETWORKS, relevances
from tests.models import TEXTS
from tests.test_packs_results import SEED_PROMPT
from tests.toys import FORMULAS, TEXT, toy
from tests.traces import no_trace
from tokimp.methods import gradients
from tokimp.methods.lrp import AttnLRP
from tokimp.methods.lrp_rules import Relevance, as_one
from tokimp.models import fusing
from tokimp.models.fusing import eager
from tokimp.models.text_model import TextModel
from tokimp.types import Target, Task
from tokimp.watch import Watch

BIAS_FREE = ("llama", "mistral", "qwen3", "gemma", "gemma2", "gemma3_text")
EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)
BOTH = pytest.mark.parametrize("variant", ["attn", "cp"])


def explained(model: TextModel, variant: str, **asked: Any) -> tokimp.Explanation:
    return tokimp.explain(model, TEXTS[model.task], "attn_lrp", variant=variant, **{"target": 1} | asked)


@BOTH
@pytest.mark.parametrize("family", NETWORKS)
def test_it_is_relevance_handed_back_layer_by_layer(family: str, variant: str) -> None:
    task: Task = "classification" if (family, "classification") in models.ROWS else "next-token"
    model = models.tiny(family, task)
    model.network.double()
    embeds = model.embed(model.encode(TEXTS[task]).ids).detach().numpy()
    for target in (0, 2):
        found = explained(model, variant, target=target)
        logit, wanted = relevances(model, embeds, target, found.target.position, variant == "cp")
        assert logit == pytest.approx(found.output, abs=1e-6)
        np.testing.assert_allclose(found.scores, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("family", BIAS_FREE)
def test_without_biases_cp_shares_out_the_whole_logit_and_attn_does_not(family: str) -> None:
    model = models.shared(family, "next-token")
    for target in (1, 2):
        given, followed = (explained(model, variant, target=target) for variant in ("cp", "attn"))
        assert given.scores.sum() == pytest.approx(given.output, rel=1e-4)
        assert abs(followed.scores.sum() / followed.output - 1) > 0.01
        assert given.attribution.notes[0].endswith("CP-LRP shares out everything here.")
        assert followed.attribution.notes[0].endswith("AttnLRP does not share out everything.")


@BOTH
@EVERY_ROW
def test_no_operation_of_any_architecture_is_without_a_rule(family: str, task: Task, variant: str) -> None:
    (note,) = explained(models.shared(family, task), variant).attribution.notes
    assert note.startswith("The scores sum to ")


@pytest.mark.parametrize("name", ["gelu_10", "gelu_fast", "gelu_accurate", "quick_gelu", "relu2", "relu", "mish"])
def test_other_activations_are_ruled_too(name: str) -> None:
    model = models.tiny("llama", "next-token", hidden_act=name)
    found = explained(model, "cp")
    assert found.scores.sum() == pytest.approx(found.output, rel=1e-4)
    assert len(explained(model, "attn").attribution.notes) == 1


@BOTH
@pytest.mark.parametrize(("one", "other"), [("gelu_new", "gelu_pytorch_tanh"), ("gelu_python", "gelu")])
@pytest.mark.parametrize(("family", "fact"), [("gpt2", "activation_function"), ("llama", "hidden_act")])
def test_it_does_not_matter_how_an_activation_is_computed(
    family: str, fact: str, one: str, other: str, variant: str
) -> None:
    scores = [explained(models.tiny(family, "next-token", **{fact: each}), variant).scores for each in (one, other)]
    np.testing.assert_allclose(*scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("family", BIAS_FREE)
def test_cp_takes_attention_and_gates_as_given(family: str) -> None:
    """No score and no gate gets a gradient; both do in AttnLRP."""
    model = models.shared(family, "next-token")
    for variant, reached in (("attn", True), ("cp", False)):
        slopes = _slopes_by_outputs_of(("q_proj", "gate_proj"), model, variant)
        assert len(slopes) == 4
        assert [slope is not None and bool(slope.any()) for slope in slopes] == [reached] * 4


def _slopes_by_outputs_of(names: tuple[str, ...], model: TextModel, variant: str) -> list[torch.Tensor | None]:
    outputs: list[torch.Tensor] = []
    modules = [module for name, module in model.network.named_modules() if name.endswith(names)]
    hooks = [each.register_forward_hook(lambda *given: outputs.append(given[2])) for each in modules]
    ids = model.encode(TEXTS["next-token"]).ids
    with eager(model.network), Relevance(variant):
        value = model.logits(model.embed(ids)[None].detach().requires_grad_(), models.last(ids))[0, 0, 1]
    for hook in hooks:
        hook.remove()
    return list(torch.autograd.grad(value, outputs, allow_unused=True))


TOYS = {
    "additive": (2, 1),
    "product": (1, 1),  # half of 2 × 1 to each
    "constant": (0, 0),
    "maximum": (2, 0),
    "first": (2, 0),
    "order": (2, 2),
    "saturating": (2 * tanh(3) / 3, tanh(3) / 3),  # tanh(3), shared out as its input is
}


@BOTH
@pytest.mark.parametrize("formula", FORMULAS)
def test_words_get_their_share(formula: str, variant: str) -> None:
    found = tokimp.explain(toy(formula), TEXT, "attn_lrp", target="yes", variant=variant)
    np.testing.assert_allclose(found.scores, [0, *TOYS[formula], 0], rtol=1e-5, atol=1e-6)


def test_what_has_no_rule_is_noted() -> None:
    found = tokimp.explain(toy(lambda v: v.sum(1).sin() + v.sum(1).cos()), TEXT, "attn_lrp", target="yes")
    assert found.attribution.notes[1] == "No rule for Cos, Sin: the plain gradient stands in."


def test_the_sum_is_reported_in_the_targets_unit() -> None:
    asked = tokimp.ask(toy("product"), TEXT, target="yes", contrast="no")
    assert asked.explain("attn_lrp").attribution.notes == (
        "The scores sum to 2, and the logit difference is 2: AttnLRP shares out everything here.",
    )
    asked = tokimp.ask(toy("additive"), TEXT, target="yes", output="prob")
    slope = 1 / (2 + np.exp(3) + np.exp(-3))
    assert asked.explain("attn_lrp", {"variant": "cp"}).attribution.notes == (
        f"The scores sum to {3 * slope:.4g}, and the probability is 0.9526: CP-LRP does not share out everything.",
    )


@BOTH
@pytest.mark.parametrize("family", ["bert", "deberta-v2"])
def test_beyond_the_logits_the_gradient_is_the_plain_one(family: str, variant: str) -> None:
    model = models.shared(family, "classification")
    logits = np.stack([explained(model, variant, target=target).scores for target in range(3)])  # (class, token)
    probs = np.array([explained(model, variant, target=target, output="prob").output for target in range(3)])
    for target in range(3):
        log_prob = logits[target] - probs @ logits
        found = explained(model, variant, target=target, output="log_prob")
        np.testing.assert_allclose(found.scores, log_prob, rtol=1e-4, atol=1e-6)
        found = explained(model, variant, target=target, output="prob")
        np.testing.assert_allclose(found.scores, probs[target] * log_prob, rtol=1e-4, atol=1e-6)
    found = explained(model, variant, target=0, contrast=2)
    np.testing.assert_allclose(found.scores, logits[0] - logits[2], rtol=1e-4, atol=1e-6)


@BOTH
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_word_of_two_tokens_is_the_sum_of_both(family: str, variant: str) -> None:
    model = models.shared(family, "next-token")
    inputs = model.encode(TEXTS["next-token"])
    last = len(inputs) - 1

    def scores(ids: np.ndarray, target: Target) -> np.ndarray:
        return AttnLRP(variant).attribute(model, replace(inputs, ids=ids), target, Watch()).scores

    whole = scores(inputs.ids, Target(10, "", last, output="log_prob", continuation=(20,)))
    first = scores(inputs.ids, Target(10, "", last, output="log_prob"))
    second = scores(np.append(inputs.ids, 10), Target(20, "", last + 1, output="log_prob"))
    np.testing.assert_allclose(whole, first + second[:-1], rtol=1e-4, atol=1e-6)


@BOTH
@EVERY_ROW
def test_layers_and_blocks_of_attention_that_run_again_follow_the_same_rules(
    family: str, task: Task, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.shared(family, task)
    wanted = explained(model, variant)
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    monkeypatch.setattr(fusing, "BLOCK_BYTES", 0)
    with no_trace(model):
        found = explained(model, variant)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=0, atol=2e-6 * np.abs(wanted.scores).max())
    assert found.attribution.notes == wanted.attribution.notes


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_neither_success_nor_an_error_inside_a_layer_leaves_a_trace(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.tiny(family, "next-token")
    with no_trace(model):
        explained(model, "attn")
        explained(model, "cp")
    asked = tokimp.ask(model, TEXTS["next-token"], target=1)

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("stop")

    with monkeypatch.context() as patch:
        patch.setattr(type(model.blocks[1]), "forward", fail)
        with no_trace(model), pytest.raises(ValueError, match="stop"):
            asked.explain("attn_lrp")
    values = torch.ones(2, requires_grad=True)
    assert as_one(lambda x: x * x, values).grad_fn.name() == "MulBackward0"  # type: ignore[union-attr]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_another_thread_with_another_method_sees_nothing(family: str) -> None:
    model = models.shared(family, "next-token")
    alone = {method: tokimp.explain(model, "The film", method, target=1) for method in ("attn_lrp", "gradient_x_input")}
    found: dict[str, list[np.ndarray]] = {method: [] for method in alone}
    start = threading.Barrier(len(alone))

    def keep_asking(method: str) -> None:
        start.wait()
        for _ in range(15):
            found[method].append(tokimp.explain(model, "The film", method, target=1).scores)

    threads = [threading.Thread(target=keep_asking, args=(method,)) for method in alone]
    with no_trace(model):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for method, scores in found.items():
        assert len(scores) == 15
        for each in scores:
            np.testing.assert_array_equal(each, alone[method].scores)
    assert np.abs(alone["attn_lrp"].scores - alone["gradient_x_input"].scores).max() > 1e-3


def test_a_pass_beside_it_is_plain_even_without_the_lock() -> None:
    model = models.tiny("gpt2", "next-token")
    embeds = model.embed(model.encode("The film").ids)[None].detach().requires_grad_()

    def plain() -> torch.Tensor:
        (slope,) = torch.autograd.grad(model.network(inputs_embeds=embeds).logits[0, -1, 1], embeds)
        return slope

    wanted, found = plain(), []
    threads = [threading.Thread(target=lambda: found.append(plain()))]

    def run_beside(*_: Any) -> None:
        while threads:
            thread = threads.pop()
            thread.start()
            thread.join()

    asked = tokimp.ask(model, "The film", target=1)
    model.blocks[0].register_forward_hook(run_beside)
    ruled = asked.explain("attn_lrp").scores
    torch.testing.assert_close(found[0], wanted, rtol=1e-4, atol=1e-6)
    assert np.abs(ruled - (wanted * embeds).sum(-1)[0].detach().numpy()).max() > 1e-3


@pytest.mark.packs
def test_sums_on_the_seed_prompt() -> None:
    model = tokimp.load("smollm2-135m")
    for variant, total in (("attn", 5.26), ("cp", 11.04)):
        found = tokimp.explain(model, SEED_PROMPT, "attn_lrp", target=" girl", variant=variant)
        assert found.output == pytest.approx(11.04, abs=0.02)
        assert found.scores.sum() == pytest.approx(total, abs=0.05)
    assert found.scores.sum() == pytest.approx(found.output, rel=1e-4)
