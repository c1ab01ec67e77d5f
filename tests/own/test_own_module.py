"""Modules of somebody's own: the same numbers as a network that is known, and no trace of having been explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tokimp
from tests import models
from tests.own.notebook import Decoder, Letters, like_gpt2
from tests.own.pieces import sentence_pieces
from tests.traces import HOOKS
from tokimp.errors import MethodUnavailableError, OptionError, UnsupportedModelError
from tokimp.methods.base import METHODS, why_not
from tokimp.models.text_model import TextModel

LETTERS = Letters("abcdefghijklmnopqrstuvwxyz ._")
TEXT = "the film was"


def loaded(module: nn.Module, **asked: Any) -> TextModel:
    return tokimp.load((module, LETTERS), **{"task": "next-token"} | asked)


def decoder(returns: str = "lwa") -> Decoder:
    torch.manual_seed(0)
    return Decoder(len(LETTERS), returns=returns)


@pytest.fixture(scope="module")
def known() -> TextModel:
    return models.shared("gpt2", "next-token")


@pytest.fixture(scope="module")
def own(known: TextModel) -> TextModel:
    return tokimp.load((like_gpt2(known.network), known.tokenizer), task="next-token")


AVAILABLE = [key for key, method in METHODS.items() if not method.info.needs & {"layers", "rules"}]


@pytest.mark.parametrize("key", AVAILABLE)
def test_numbers_are_those_of_the_same_weights_in_transformers(key: str, own: TextModel, known: TextModel) -> None:
    asked: dict[str, Any] = {"target": 5, "contrast": 7, "output": "log_prob"}
    mine, theirs = (tokimp.explain(model, "The film was not", key, **asked) for model in (own, known))
    np.testing.assert_allclose(mine.scores, theirs.scores, atol=2e-6)
    assert mine.evaluations == theirs.evaluations
    assert np.abs(theirs.scores).max() > 1e-4


def test_what_it_does_not_offer_is_greyed_out_with_the_reason(own: TextModel) -> None:
    refused = {key: why_not(own, METHODS[key]) for key in METHODS if key not in AVAILABLE}
    assert set(refused) == {"attention_norms", "value_zeroing", "gradient_x_attention", "attn_lrp"}
    assert all(reason is not None and reason.endswith(".") for reason in refused.values())
    blind = loaded(decoder("l"))
    reason = why_not(blind, METHODS["attention"])
    assert reason is not None
    assert "needs attention weights" in reason
    assert "(its output has none whose rows sum to 1)" in reason
    with pytest.raises(MethodUnavailableError, match="rows sum to 1"):
        tokimp.explain(blind, TEXT, "attention")


@pytest.mark.parametrize("returns", ["l", "lwa", "awl", "wls", "wl", "1wa", "1"])
def test_logits_and_attention_are_found_in_any_order(returns: str) -> None:
    model, plain = loaded(decoder(returns)), decoder("la").eval()
    assert ("attention" in model.offers) == bool(set(returns) & set("as"))
    ids = np.array(LETTERS.encode(TEXT))
    logits, attentions = plain(torch.as_tensor(ids[None]))
    places = torch.tensor([[len(ids) - 1, 3]])
    np.testing.assert_allclose(model.answers(ids[None], places)[0], logits[0, places[0]].detach(), atol=1e-5)
    np.testing.assert_allclose(
        model.logits(model.embed(ids)[None], places)[0], logits[0, places[0]].detach(), atol=1e-5
    )
    if "attention" in model.offers:
        for mine, layer in zip(model.attentions(ids), attentions, strict=True):
            np.testing.assert_allclose(mine, layer[0].detach(), atol=1e-6)
    one, other = (tokimp.explain(each, TEXT, "gradient_x_input") for each in (model, loaded(decoder("lwa"))))
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_the_limit_is_where_positions_end() -> None:
    assert loaded(decoder()).limit == 24
    assert loaded(decoder(), limit=10).limit == 10


def test_a_module_and_pieces_of_sentencepiece() -> None:
    coder = sentence_pieces()
    torch.manual_seed(1)
    model = tokimp.load((Decoder(coder.vocab_size()), coder), task="next-token")
    found = tokimp.explain(model, "The film was", "occlusion", target=" good", output="log_prob")
    assert found.target.label == " good"
    assert [token.text for token in found.tokens] == ["The", " film", " was"]
    ids = coder.encode("The film was")
    with torch.no_grad():
        whole, without = (
            model.network(torch.tensor([each]))[0][0, -1].log_softmax(-1)[found.target.index] for each in (ids, ids[1:])
        )
    if not found.target.continuation:
        assert found.scores[0] == pytest.approx(float(whole - without), abs=1e-5)
    tokimp.explain(model, "The film was", "reagent", runs=1, max_steps=2)


class Bag(nn.Module):
    """A classifier whose class is the sum of what its letters are worth: known by hand."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.worth = nn.Embedding(len(LETTERS), 3)
        self.form = form

    def forward(self, ids: Tensor) -> Any:
        words = (
            torch.nn.functional.one_hot(ids, len(LETTERS)).float() @ self.worth.weight
            if self.form == "hot"
            else self.worth(ids)
        )
        if self.form == "twice":
            words = words + 0 * self.worth(ids)
        if self.form == "ids":
            words = words * (1 + ids % 3)[..., None]
        if self.form == "detached":
            words = words.detach()
        return {"logits": words.sum(1)}


def test_an_additive_classifier_in_closed_form() -> None:
    model = loaded(Bag("plain"), task="classification", labels=["a", "b", "c"])
    for key in ("gradient_x_input", "occlusion", "smoothgrad"):
        found = tokimp.explain(model, "good", key, target="b")
        worth = model.embeddings[LETTERS.encode("good"), 1]
        np.testing.assert_allclose(found.scores, worth, atol=1e-5)
    assert model.labels == ("a", "b", "c")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("hot", "no embedding table"),
        ("twice", "more than once"),
        ("ids", "more than their"),
        ("detached", "keeps none"),
    ],
)
def test_embeddings_that_cannot_be_replaced_are_not_offered(form: str, why: str) -> None:
    model = loaded(Bag(form), task="classification")
    assert "gradient" not in model.offers
    with pytest.raises(MethodUnavailableError, match=why):
        tokimp.explain(model, "good", "saliency")
    found = tokimp.explain(model, "good", "occlusion", target=1)
    by_hand = model.answers(np.array([LETTERS.encode("good")]), None)[0, 1]
    rest = model.answers(np.array([LETTERS.encode("ood")]), None)[0, 1]
    assert found.scores[0] == pytest.approx(float(by_hand - rest), abs=1e-6)
    (score,) = tokimp.evaluate(model, found, ["soft_ns"])
    assert score.value is None
    assert "cannot be reached" in score.notes[-1]


class Wrong(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.words, self.how = nn.Embedding(len(LETTERS), 8), how

    def forward(self, ids: Tensor) -> Any:
        states = self.words(ids)
        if self.how == "raises":
            raise ValueError("out of cheese")
        if self.how == "looks ahead":
            states = states + states.mean(1, keepdim=True)
        if self.how == "mixes":
            states = states.cumsum(0)
        if self.how == "draws":
            states = torch.nn.functional.dropout(states, 0.5)
        if self.how == "nan":
            states = states / 0
        return states[..., 0] if self.how == "no logits" else states @ self.words.weight.T


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raises", "ValueError: out of cheese"),
        ("looks ahead", "come later"),
        ("mixes", "others in its batch"),
        ("draws", "other answers to the same ids"),
        ("nan", "not all finite"),
    ],
)
def test_what_is_no_language_model_is_refused(how: str, said: str) -> None:
    with pytest.raises(UnsupportedModelError, match=said):
        loaded(Wrong(how))


def test_what_is_asked_wrongly_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="no logits"):
        loaded(Bag("plain"), task="masked-lm")
    with pytest.raises(OptionError, match="what this module is for"):
        loaded(decoder(), task=None)
    with pytest.raises(OptionError, match="3 classes, and 2 labels"):
        loaded(Bag("plain"), task="classification", labels=["a", "b"])
    assert loaded(Wrong("looks ahead"), task="masked-lm").task == "masked-lm"


def state_of(module: nn.Module) -> Any:
    return [
        (name, sorted(vars(each)), each.training, [len(getattr(each, kind)) for kind in HOOKS])
        for name, each in module.named_modules()
    ]


@pytest.mark.parametrize("key", ["integrated_gradients", "attention", "occlusion"])
def test_nothing_is_left_behind(key: str) -> None:
    module = decoder()
    model = loaded(module)
    weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    before = state_of(module)

    def stop(_share: float, _partial: Any) -> None:
        raise RuntimeError("stopped")

    tokimp.explain(model, TEXT, key)
    with pytest.raises(RuntimeError, match="stopped"):
        tokimp.explain(model, TEXT, key, watch=stop)
    assert state_of(module) == before
    assert all(torch.equal(tensor, weights[name]) for name, tensor in module.state_dict().items())
    assert not any(parameter.requires_grad for parameter in module.parameters())
    assert model.lock.acquire(blocking=False)


def test_metrics_sanity_and_reasons_go_as_far_as_it_offers() -> None:
    model = loaded(decoder())
    found = tokimp.explain(model, TEXT, "integrated_gradients")
    assert all(
        score.value is not None for score in tokimp.evaluate(model, found, ["comprehensiveness", "soft_nc"], randoms=2)
    )
    assert tokimp.randomised(model, found, steps=2)[0].value is not None
    assert tokimp.shifted(model, found)[0].value is None
    assert tokimp.inspect(model, TEXT).attentions.shape == (2, 2, len(TEXT), len(TEXT))
    with pytest.raises(MethodUnavailableError, match="within each layer"):
        tokimp.look(model, TEXT, "hidden_states")
    assert tokimp.why(model, found, 4).finished
