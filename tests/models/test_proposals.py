"""Plausible other tokens: a decoder's own, a masked language model's, or any."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import pytest
import torch

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.errors import ModelNotFoundError, NoBaselineError
from tokimp.models import proposals as module
from tokimp.models.proposals import Proposals, proposals
from tokimp.models.realignment import TOP, TURNS, realigned
from tokimp.models.text_model import TextModel
from tokimp.types import Task
from tokimp.watch import Watch

HOSTILE = (
    "good 😀 film",
    "你好 the film 你",
    "the\nfilm\n\n  was  not ",
    "the [MASK] film <mask> [SEP]",
    "<|endoftext|>film</s> was",
    "éclair  — “good”… un.not-bad",
    "\u202bשלום film\u202c \x00 was",
    "a" * 20,
)


def best_by_hand(logits: torch.Tensor, own: int, model: TextModel) -> list[int]:
    """The ten likeliest ordinary ids but the own one, from one row of logits."""
    forbidden = {own, *model.tokenizer.all_special_ids}
    return [id_ for id_ in logits.argsort(descending=True).tolist() if id_ not in forbidden][:TOP]


@pytest.mark.parametrize("family", ["gpt2", "opt", "llama", "gpt_neo"])
def test_a_decoder_proposes_from_what_stands_on_the_left(family: str) -> None:
    model, watch = models.shared(family, "next-token"), Watch()
    inputs = model.encode("the film was not good")
    with no_trace(model):
        found = proposals(model, inputs, "self", watch)
    newline = model.tokenizer("\n", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model.network(input_ids=torch.tensor([[*inputs.ids, *newline]])).logits[0]
    for i in inputs.free:
        wanted = best_by_hand(logits[i - 1], int(inputs.ids[i]), model)  # the first token: behind the whole text
        assert found.table[i, : found.counts[i]].tolist() == wanted
    assert watch.evaluations == 1


def test_a_text_without_room_behind_it_has_nothing_to_begin_with() -> None:
    model = models.shared("gpt2", "next-token")
    inputs = model.encode("a" * models.LIMIT)
    assert len(inputs) == model.limit
    found = proposals(model, inputs, "self", Watch())
    assert found.counts.tolist() == [0, *[TOP] * (model.limit - 1)]
    assert found.draw(np.random.default_rng(0))[0] != inputs.ids[0]


@pytest.mark.parametrize("kind", ["auto", "mlm", "self"])
@pytest.mark.parametrize("family", ["bert", "roberta", "deberta-v2"])
def test_a_masked_language_model_proposes_from_both_sides(family: str, kind: str) -> None:
    model, watch = models.shared(family, "masked-lm"), Watch()
    inputs = model.encode("the film was [MASK] good and not bad")
    with no_trace(model):
        found = proposals(model, inputs, kind, watch)
    for i in inputs.free:
        turn = list(inputs.free).index(i) % TURNS
        ids = inputs.ids.copy()
        ids[inputs.free[turn::TURNS]] = model.tokenizer.mask_token_id
        with torch.no_grad():
            logits = model.network(input_ids=torch.as_tensor(ids)[None]).logits[0, i]
        assert found.table[i, : found.counts[i]].tolist() == best_by_hand(logits, int(inputs.ids[i]), model)
    assert found.counts[inputs.fixed].tolist() == [0] * int(inputs.fixed.sum())
    assert watch.evaluations == TURNS


@pytest.mark.parametrize(("family", "task"), [("gpt2", "next-token"), ("bert", "masked-lm")])
def test_a_large_output_is_read_in_parts(family: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared(family, task)
    inputs = model.encode(TEXTS[task])
    whole, watch = proposals(model, inputs, "auto", Watch()), Watch()
    monkeypatch.setattr(module, "OUTPUT_NUMBERS", 1)
    parts = proposals(model, inputs, "auto", watch)
    np.testing.assert_array_equal(whole.table, parts.table)
    assert watch.evaluations == len(inputs.free)


def test_a_draw_is_even_over_the_proposals_and_never_the_token_itself() -> None:
    model = models.shared("gpt2", "next-token")
    inputs = model.encode("the film was not")
    found = proposals(model, inputs, "self", Watch())
    rng = np.random.default_rng(0)
    draws = np.stack([found.draw(rng) for _ in range(4000)])
    for i in inputs.free:
        drawn, counts = np.unique(draws[:, i], return_counts=True)
        assert set(drawn.tolist()) == set(found.table[i].tolist())
        assert inputs.ids[i] not in drawn
        assert np.abs(counts - 400).max() < 5 * 19  # 19 is the standard deviation


def test_random_is_every_ordinary_token_but_the_own() -> None:
    model, watch = models.shared("bert", "classification"), Watch()
    inputs = model.encode("good film [PAD] 漢")  # a special token and an unknown word, which is none
    for kind in ("auto", "random"):
        found = proposals(model, inputs, kind, watch)
        rng = np.random.default_rng(0)
        draws = np.stack([found.draw(rng) for _ in range(4000)])
        for i in range(len(inputs)):
            wanted = set(model.ordinary_ids().tolist()) - {int(inputs.ids[i])}
            assert set(draws[:, i].tolist()) == ({int(inputs.ids[i])} if inputs.fixed[i] else wanted)
    assert watch.evaluations == 0


def test_the_pool_steps_over_the_own_token_evenly() -> None:
    inputs = models.shared("gpt2", "next-token").encode("the the the")
    pool = np.array([inputs.ids[0] - 1, inputs.ids[0], inputs.ids[0] + 1])
    found = Proposals(inputs, np.zeros((3, 1), dtype=np.int64), np.zeros(3, dtype=np.int64), pool)
    rng = np.random.default_rng(0)
    first = [int(found.draw(rng)[0]) for _ in range(2000)]
    assert set(first) == {int(pool[0]), int(pool[2])}
    assert abs(first.count(int(pool[0])) - 1000) < 5 * 22


def test_a_classifier_has_no_proposals_of_its_own() -> None:
    model = models.shared("bert", "classification")
    with pytest.raises(NoBaselineError, match=r"it has no self token proposals\. Choose mlm or random"):
        proposals(model, model.encode("good film"), "self", Watch())


def test_without_the_helper_mlm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> NoReturn:
        raise ModelNotFoundError("The package x is not installed.", "Install it: pip install x.")

    monkeypatch.setattr(module, "load", missing)
    model = models.shared("bert", "classification")
    with pytest.raises(NoBaselineError, match=r"no mlm token .* The package x .* Install it: .* Or choose self or"):
        proposals(model, model.encode("good film"), "mlm", Watch())


def test_mlm_asks_the_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    helper = models.shared("bert", "masked-lm")
    monkeypatch.setattr(module, "load", lambda _: helper)
    model = models.shared("gpt2", "next-token")
    inputs = model.encode("the film was not")
    wanted = realigned(model, inputs, helper, Watch())
    found = proposals(model, inputs, "mlm", Watch())
    np.testing.assert_array_equal(found.table, wanted[0])
    np.testing.assert_array_equal(found.counts, wanted[1])


@pytest.mark.parametrize(
    ("family", "space"), [("gpt2", "Ġ"), ("opt", "Ġ"), ("llama", "▁"), ("roberta", "Ġ"), ("albert", "▁"), ("bert", "")]
)
def test_words_become_words_with_their_space(family: str, space: str) -> None:
    """A mask where the second word stood, read by transformers alone; what is one token there is proposed here."""
    task: Task = "next-token" if family in ("gpt2", "opt", "llama") else "classification"
    model, mlm, watch = models.shared(family, task), models.shared("bert", "masked-lm"), Watch()
    inputs = model.encode("the film was not good")
    with no_trace(model), no_trace(mlm):
        table, counts = realigned(model, inputs, mlm, watch)
    second = int(inputs.free[1])
    masked = "the [MASK] was not good"
    if len(inputs.free) == 5:  # every fourth is masked
        ids = torch.tensor([mlm.encode(masked).ids.tolist()])
        with torch.no_grad():
            order = mlm.network(input_ids=ids).logits[0, 2].argsort(descending=True)[:100]
        pieces = mlm.tokenizer.convert_ids_to_tokens(order.tolist())
        vocabulary = model.tokenizer.get_vocab()
        words = [space + piece for piece in pieces if piece.isalpha() and piece.isascii()]
        wanted = [vocabulary[word] for word in words if word in vocabulary and word != f"{space}film"]
        found = [id_ for id_ in table[second, : counts[second]].tolist() if id_ in wanted]
        assert found == wanted[: len(found)]
        assert len(found) >= 3
    assert inputs.ids[second] not in table[second, : counts[second]]
    assert watch.evaluations == TURNS


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_hostile_text_keeps_its_tokens(family: str, text: str) -> None:
    task: Task = "classification" if family == "bert" else "next-token"
    model = models.shared(family, task)
    inputs = model.encode(text)
    table, counts = realigned(model, inputs, models.shared("bert", "masked-lm"), Watch())
    assert counts[inputs.fixed].sum() == 0
    found = Proposals(inputs, table, counts, model.ordinary_ids())
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = found.draw(rng)
        assert drawn.shape == inputs.ids.shape
        np.testing.assert_array_equal(drawn[inputs.fixed], inputs.ids[inputs.fixed])
        assert (drawn[inputs.free] != inputs.ids[inputs.free]).all()
        assert np.isin(drawn[inputs.free], model.ordinary_ids()).all()


def test_a_text_longer_than_the_masked_model_is_read_in_parts() -> None:
    model, mlm, watch = models.tiny("gpt2", "next-token", n_positions=200), models.shared("bert", "masked-lm"), Watch()
    inputs = model.encode("the film was not good and " * 25)
    table, counts = realigned(model, inputs, mlm, watch)
    assert watch.evaluations > TURNS
    assert (counts > 0).all()
    for i in inputs.free:
        assert len(set(table[i, : counts[i]].tolist())) == counts[i]


def test_capitals_and_signs_fit_where_they_stand() -> None:
    model, mlm = models.shared("llama", "next-token"), models.shared("bert", "masked-lm")
    inputs = model.encode("good film.")
    table, counts = realigned(model, inputs, mlm, Watch())
    stop = len(inputs) - 1
    names = model.tokenizer.convert_ids_to_tokens(table[stop, : counts[stop]].tolist())
    assert names
    assert all(name.startswith("▁") or not name.isalnum() or len(name) == 1 for name in names)
