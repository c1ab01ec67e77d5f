"""A `TextModel` says what transformers says, only where asked, and stays as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.tiny_tokenizers import word_pieces
from tests.traces import no_trace
from tokimp.errors import OptionError, TextTooLongError, UnsupportedModelError
from tokimp.models.text_model import TextModel
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)
EVERY_METHOD = pytest.mark.parametrize("method", tokimp.methods())


def reference(model: TextModel, ids: np.ndarray) -> torch.Tensor:
    """transformers' own output for ids (batch, token): all positions, through input_ids."""
    batch = torch.as_tensor(ids)
    with torch.no_grad():
        logits: torch.Tensor = model.network(input_ids=batch, attention_mask=torch.ones_like(batch)).logits
    return logits


@EVERY_ROW
def test_logits_are_those_of_the_whole_forward_pass(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    batch = np.stack([ids, np.roll(ids, 1)])
    whole = reference(model, batch)
    if task == "classification":
        torch.testing.assert_close(model.logits(model.embed(batch), None), whole, atol=1e-6, rtol=1e-6)
        return
    count = len(ids)
    positions = torch.tensor([[2, 4], [2, 4]] if task == "next-token" else [[1, count - 1], [3, 0]])
    found = model.logits(model.embed(batch), positions)
    wanted = torch.stack([row[where] for row, where in zip(whole, positions, strict=True)])
    assert found.shape == (2, 2, len(model.tokenizer))
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)


@EVERY_ROW
def test_attention_is_that_of_transformers(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    plain = models.tiny(family, task)
    plain.network.set_attn_implementation("eager")
    with torch.no_grad():
        outputs = plain.network(input_ids=torch.as_tensor(ids)[None], output_attentions=True)
    wanted = torch.cat(outputs.attentions)
    found = torch.stack(model.attentions(ids))
    assert found.shape == (2, 4, len(ids), len(ids))
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 4, len(ids)), atol=1e-5, rtol=0)


@EVERY_ROW
def test_logits_can_be_differentiated_by_embeddings(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ids = model.encode(TEXTS[task]).ids
    embeds = model.embed(ids)[None].requires_grad_(True)
    logits = model.logits(embeds, None if task == "classification" else models.last(ids))
    (slope,) = torch.autograd.grad(logits[..., 1].sum(), embeds)
    assert slope.isfinite().all()
    assert slope.abs().max() > 1e-4


@EVERY_METHOD
@EVERY_ROW
def test_explaining_leaves_no_trace(family: str, task: Task, method: str) -> None:
    model = models.shared(family, task)
    with no_trace(model):
        tokimp.explain(model, TEXTS[task], method)


@EVERY_METHOD
@EVERY_ROW
def test_an_error_from_inside_leaves_no_trace(
    family: str, task: Task, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.shared(family, task)
    question = tokimp.ask(model, TEXTS[task])
    body = model.network.base_model
    body = type(getattr(body, "decoder", body))  # OPT's head asks the decoder inside the body
    monkeypatch.setattr(body, "forward", _failing(body.forward))
    with no_trace(model), pytest.raises(ArithmeticError, match="from inside"):
        question.explain(method)


@pytest.mark.parametrize("fails", ["head", "body"])
def test_an_error_leaves_no_hook_behind(filler: TextModel, fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    part = filler.network.cls if fails == "head" else filler.network.base_model
    monkeypatch.setattr(type(part), "forward", _failing(type(part).forward))
    with no_trace(filler), pytest.raises(ArithmeticError, match="from inside"):
        tokimp.predict(filler, TEXTS["masked-lm"])


def _failing(forward: Callable[..., object]) -> Callable[..., object]:
    def fail(*args: object, **kwargs: object) -> object:
        forward(*args, **kwargs)
        raise ArithmeticError("from inside")

    return fail


def test_attention_is_read_from_any_implementation() -> None:
    model = models.tiny("bert", "classification")
    ids = model.encode("good film").ids
    wanted = torch.stack(model.attentions(ids))
    for implementation in ("eager", "sdpa"):
        model.network.set_attn_implementation(implementation)
        torch.testing.assert_close(torch.stack(model.attentions(ids)), wanted)
        assert model.network.config._attn_implementation == implementation


def test_loading_switches_training_off() -> None:
    model = models.tiny("bert", "classification")
    model.network.train().requires_grad_(True)
    again = TextModel(model.network, model.tokenizer, task="classification", key="again", revision="object")
    assert not any(module.training for module in again.network.modules())
    assert not any(each.requires_grad for each in again.network.parameters())


def test_the_smaller_limit_holds(classifier: TextModel) -> None:
    assert len(classifier.encode("good " * 8, limit=10)) == 10
    with pytest.raises(TextTooLongError, match="11 tokens; 10 are"):
        classifier.encode("good " * 9, limit=10)
    with pytest.raises(TextTooLongError, match=f"52 tokens; {models.LIMIT} are"):
        classifier.encode("good " * 50, limit=1000)


def test_a_tokenizer_larger_than_the_embeddings_is_refused() -> None:
    model = models.tiny("bert", "classification", vocab_size=20)
    assert len(model.encode("the film")) == 4
    with pytest.raises(UnsupportedModelError, match="no embedding"):
        model.encode("the cat")


@pytest.mark.parametrize(
    ("facts", "link"),
    [
        ({}, "softmax"),
        ({"problem_type": "single_label_classification"}, "softmax"),
        ({"problem_type": "multi_label_classification"}, "sigmoid"),
        ({"num_labels": 1}, "identity"),
        ({"num_labels": 1, "problem_type": "regression"}, "identity"),
    ],
)
def test_the_configuration_tells_how_logits_become_probabilities(facts: dict[str, object], link: str) -> None:
    model = models.tiny("bert", "classification", **facts)
    assert model.link == link
    assert len(model.labels) == facts.get("num_labels", 3)


def test_class_names_come_from_the_configuration(classifier: TextModel, decoder: TextModel) -> None:
    assert classifier.labels == models.LABELS
    assert decoder.labels == ()
    assert (decoder.link, decoder.device.type) == ("softmax", "cpu")


def test_what_it_is_called(decoder: TextModel) -> None:
    assert repr(decoder) == "TextModel('tiny-gpt2', task='next-token', GPT-2)"


def test_an_unknown_task_is_refused() -> None:
    tokenizer, network = word_pieces(), models.shared("bert", "masked-lm").network
    with pytest.raises(OptionError, match="'masked'"):
        tokimp.load((network, tokenizer), task="masked")  # type: ignore[arg-type]


@pytest.mark.parametrize(("family", "task"), models.ROWS)
def test_blocks_are_the_layers_in_order(family: str, task: Task) -> None:
    model = models.shared(family, task)
    ran: list[torch.nn.Module] = []
    hooks = [block.register_forward_hook(lambda block, *_: ran.append(block)) for block in dict.fromkeys(model.blocks)]
    with torch.no_grad():
        model.network.base_model(inputs_embeds=model.embed(model.encode(TEXTS[task]).ids)[None])
    for hook in hooks:
        hook.remove()
    assert ran == model.blocks
    assert len(ran) == 2
