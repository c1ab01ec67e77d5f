"""Copies of which only the answer differs share what the encoder makes of the text, and are worth the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tokimp.models.masking import Copy, masking
from tokimp.models.scoring import Scorer
from tokimp.models.source_memory import SourceMemory
from tokimp.models.text_model import TextModel
from tokimp.types import Target
from tokimp.watch import Watch

TEXT = TEXTS["seq2seq"]
ANSWER = (9, 10, 30, 11, 7, 12, 40, 41, 15, 16, 17, 18)
FAMILIES = [family for family, _ in models.SEQ2SEQ]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)


@contextmanager
def encoder_runs(model: TextModel) -> Iterator[list[int]]:
    """How many texts the encoder read in each of its runs."""
    runs: list[int] = []

    def count(_module: torch.nn.Module, _inputs: object, outputs: Any) -> None:
        runs.append(len(outputs.last_hidden_state))

    hook = model.network.get_encoder().register_forward_hook(count)
    try:
        yield runs
    finally:
        hook.remove()


@contextmanager
def decoder_runs(model: TextModel) -> Iterator[list[tuple[int, int]]]:
    """How many copies of how many tokens the decoder read in each of its runs."""
    runs: list[tuple[int, int]] = []

    def count(_module: torch.nn.Module, _inputs: object, named: dict[str, Any]) -> None:
        runs.append(tuple(named["inputs_embeds"].shape[:2]))

    hook = model.network.get_decoder().register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield runs
    finally:
        hook.remove()


def alone(model: TextModel, copy: Copy, target: Target) -> float:
    """The same value from one whole pass over this copy only."""
    with torch.no_grad():
        logits: torch.Tensor = model.network(
            input_ids=torch.as_tensor(copy.ids[None, : copy.source]),
            decoder_input_ids=torch.as_tensor(copy.ids[None, copy.source :]),
        ).logits[0]
    row = logits[copy.position - copy.source]
    return float(row[target.index] if target.output == "logit" else row.log_softmax(-1)[target.index])


def edited(model: TextModel, asked: tokimp.Question, count: int) -> list[Copy]:
    """Each token of the answer taken away, then some of all tokens, some texts more than once."""
    rng = np.random.default_rng(0)
    answer = [place for place in asked.inputs.free if place >= asked.inputs.source]
    keep = np.ones((len(answer) + count, len(asked.inputs)), dtype=bool)
    keep[np.arange(len(answer)), answer] = False
    texts = rng.random((3, asked.inputs.source)) < 0.7
    keep[len(answer) :, : asked.inputs.source] = texts[rng.integers(3, size=count)]
    keep[len(answer) :, asked.inputs.source :] = rng.random((count, len(asked.inputs) - asked.inputs.source)) < 0.7
    made = [masking(model, asked.inputs, asked.target, kind).copies(keep, rng) for kind in ("delete", "random")]
    return [copy for copies in made for copy in copies]


@EVERY_FAMILY
@pytest.mark.parametrize("count", [3, 40])
def test_every_copy_is_worth_what_it_is_worth_alone(family: str, count: int) -> None:
    model = models.shared(family, "seq2seq")
    asked = tokimp.ask(model, TEXT, 20, output="log_prob", generated=ANSWER)
    copies = edited(model, asked, count)
    found = Scorer(model, [asked.target], Watch())(copies)
    np.testing.assert_allclose(found, [alone(model, copy, asked.target) for copy in copies], rtol=1e-6, atol=2e-6)


@EVERY_FAMILY
@pytest.mark.parametrize("count", [3, 40])
def test_the_encoder_reads_each_text_once(family: str, count: int) -> None:
    model = models.shared(family, "seq2seq")
    asked = tokimp.ask(model, TEXT, 20, generated=ANSWER)
    copies = edited(model, asked, count)
    with encoder_runs(model) as runs:
        Scorer(model, [asked.target], Watch(), batch_copies=5)(copies)
    assert sum(runs) == len({copy.ids[: copy.source].tobytes() for copy in copies})


@pytest.mark.parametrize("family", ["t5", "bart", "marian"])
def test_many_copies_of_one_text_run_behind_its_keys_and_the_answers_start(family: str) -> None:
    model = models.shared(family, "seq2seq")
    asked = tokimp.ask(model, TEXT, 20, generated=ANSWER)
    source, last = asked.inputs.source, len(asked.inputs) - 1
    ids = np.repeat(asked.inputs.ids[None], 40, axis=0)
    ids[:, last - 1] = np.arange(100, 140)
    copies = [Copy(row, last, source) for row in ids]
    with encoder_runs(model) as runs, decoder_runs(model) as read:
        found = Scorer(model, [asked.target], Watch())(copies)
    assert runs == [1]
    assert read == [(1, last - 1 - source), (40, 2)]
    np.testing.assert_allclose(found, [alone(model, copy, asked.target) for copy in copies], rtol=1e-6, atol=2e-6)


def test_a_first_token_is_read_behind_the_text_alone() -> None:
    model = models.shared("bart", "seq2seq")
    asked = tokimp.ask(model, TEXT, 20)
    source = asked.inputs.source
    copies = [Copy(np.r_[asked.inputs.ids[:source], start], source, source) for start in range(80)]
    with encoder_runs(model) as runs:
        found = Scorer(model, [asked.target], Watch())(copies)
    assert runs == [1]
    np.testing.assert_allclose(found, [alone(model, copy, asked.target) for copy in copies], rtol=1e-6, atol=2e-6)


def test_words_of_several_tokens_and_other_candidates_share_it_too() -> None:
    model = models.shared("t5", "seq2seq")
    asked = tokimp.ask(model, TEXT, "bad film", generated=ANSWER[:2])
    assert len(asked.target.ids) == 2
    copies = [Copy(asked.inputs.ids, asked.target.position, asked.inputs.source)]
    scorer = Scorer(model, [asked.target, *asked.others(3)], Watch())
    with encoder_runs(model) as runs:
        for column in range(4):
            scorer.select(column)(copies)
    assert runs == [1]


@pytest.mark.parametrize("method", ["occlusion", "shapley_sampling"])
def test_rows_of_an_answer_share_it(method: str) -> None:
    model = models.shared("t5", "seq2seq")
    options = {"budget": 30} if method == "shapley_sampling" else {}
    with encoder_runs(model) as runs:
        found = tokimp.explain_generation(model, TEXT, ANSWER, method=method, **options)
    source = sum(token.segment == "input" for token in found.tokens)
    if method == "occlusion":  # reading the answer, the text itself, and the text without each token
        assert sum(runs) == 2 + source - 1
    else:
        assert 0 < sum(runs) < found.evaluations / 2


@pytest.mark.parametrize("method", ["gradient_x_input", "saliency", "attn_lrp"])
def test_gradients_of_all_rows_come_from_one_run(method: str) -> None:
    model = models.shared("t5", "seq2seq")
    with encoder_runs(model) as runs:
        tokimp.explain_generation(model, TEXT, ANSWER[:8], method=method)
    assert runs == [1, 1]  # reading the answer, and the graph of all its tokens


def test_what_was_read_is_forgotten_where_there_is_no_room() -> None:
    model = models.shared("t5", "seq2seq")
    rows = np.array([[5, 6, 1], [7, 8, 1], [5, 6, 1]])
    plain = model.encoded(model.embed(rows))
    memory = SourceMemory(most=plain[0].nbytes)
    with encoder_runs(model) as runs:
        torch.testing.assert_close(memory.read(model, rows), plain)
        torch.testing.assert_close(memory.read(model, rows[1:2]), plain[1:2])
        torch.testing.assert_close(memory.read(model, rows[:1]), plain[:1])
        torch.testing.assert_close(memory.read(model, rows[1:2]), plain[1:2])
    assert runs == [2, 1, 1]
