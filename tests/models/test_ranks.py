"""The target's standing on copies, against the whole output of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tokimp.errors import Cancelled, OutOfMemoryError
from tokimp.models import scoring
from tokimp.models.ranks import Ranker, Standings
from tokimp.types import Task
from tokimp.watch import Watch

EVERY_CASE = pytest.mark.parametrize(
    ("family", "task"),
    [("bert", "classification"), ("roberta", "masked-lm"), ("gpt2", "next-token"), ("llama", "next-token")],
)


def copies_of(inputs: tokimp.api.Encoded, size: int, count: int = 30) -> np.ndarray:
    """Copies with random ids at the free tokens, the last one twice."""
    rng = np.random.default_rng(1)
    drawn = np.where(inputs.fixed, inputs.ids, rng.integers(5, size, (count, len(inputs))))
    return np.concatenate([drawn, drawn[-1:]])


def standings(asked: tokimp.api.Question, copies: np.ndarray) -> tuple[Standings, int]:
    watch = Watch()
    return Ranker(asked.model, asked.target, watch)(copies, lambda: None), watch.evaluations


@EVERY_CASE
def test_probability_and_rank_are_those_of_the_whole_output(family: str, task: Task) -> None:
    asked = tokimp.ask(models.shared(family, task), TEXTS[task], target=1, contrast=2)
    copies = copies_of(asked.inputs, len(asked.model.tokenizer))
    found, evaluations = standings(asked, copies)
    with torch.no_grad():
        logits = asked.model.network(input_ids=torch.as_tensor(copies)).logits
    rows = logits if task == "classification" else logits[:, asked.target.position]
    probs = rows.softmax(-1).double().numpy()
    order = (-rows).argsort(-1).numpy()
    np.testing.assert_allclose(found.probability, probs[:, 1], rtol=1e-4)
    np.testing.assert_allclose(found.contrast, probs[:, 2], rtol=1e-4)
    np.testing.assert_array_equal(found.rank, 1 + (order == 1).argmax(1))
    assert len(set(found.rank.tolist())) > (task != "classification")
    assert evaluations == len(copies) - 1


def test_a_word_of_several_tokens_has_one_probability_and_its_first_rank() -> None:
    model = models.shared("gpt2", "next-token")
    asked = tokimp.ask(model, "the film was not", target=" girl little")
    first, second = asked.target.ids
    copies = copies_of(asked.inputs, 200, 5)
    found, evaluations = standings(asked, copies)
    for row, ids in enumerate(copies):
        with torch.no_grad():
            logits = model.network(input_ids=torch.tensor([[*ids, first]])).logits[0].double()
        chances = logits.softmax(-1)
        assert found.probability[row] == pytest.approx(float(chances[-2, first] * chances[-1, second]), rel=1e-4)
        assert found.rank[row] == 1 + int((logits[-2] > logits[-2, first]).sum())
    assert evaluations == 5


def test_a_contrast_that_goes_on_costs_a_pass_more() -> None:
    asked = tokimp.ask(models.shared("gpt2", "next-token"), "the film was not", target=" girl", contrast=" girl little")
    copies = copies_of(asked.inputs, 200, 4)
    found, evaluations = standings(asked, copies)
    assert evaluations == 8
    assert (found.contrast < found.probability).all()


def test_several_masks_hold_a_word_of_several_tokens() -> None:
    model = models.shared("bert", "masked-lm")
    asked = tokimp.ask(model, "the film was [MASK] good", target="ab")
    ids, first = asked.target.ids, asked.target.position
    assert len(ids) == 2
    found, _ = standings(asked, asked.inputs.ids[None])
    with torch.no_grad():
        logits = model.network(input_ids=torch.as_tensor(asked.inputs.ids)[None]).logits[0]
    chances = logits.double().softmax(-1)
    assert found.probability[0] == pytest.approx(float(chances[first, ids[0]] * chances[first + 1, ids[1]]), rel=1e-4)
    assert found.probability[0] == pytest.approx(asked.probability, rel=1e-4)


def test_of_equals_none_is_ahead() -> None:
    from tests.toys import toy

    asked = tokimp.ask(toy("first"), "the film", target="yes")
    found, _ = standings(asked, asked.inputs.ids[None])
    assert found.rank.tolist() == [1]
    assert found.probability.tolist() == [0.5]


def test_it_runs_in_batches_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tokimp.ask(models.shared("gpt2", "next-token"), "the film was not", target=1)
    copies = copies_of(asked.inputs, 200, 10)
    wanted, _ = standings(asked, copies)
    for most in (1, 4):
        monkeypatch.setattr(scoring, "BATCH_COPIES", most)
        reports: list[int] = []
        watch = Watch()
        found = Ranker(asked.model, asked.target, watch)(copies, lambda: reports.append(watch.evaluations))  # noqa: B023
        assert reports == [*range(most, 10, most), 10]
        np.testing.assert_allclose(found.probability, wanted.probability, rtol=1e-5)
        np.testing.assert_array_equal(found.rank, wanted.rank)


def test_it_can_be_stopped_and_run_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tokimp.ask(models.shared("gpt2", "next-token"), "the film was not", target=1)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Ranker(asked.model, asked.target, Watch())(asked.inputs.ids[None], stop)

    def fail(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(type(asked.model), "logits", fail)
    with pytest.raises(OutOfMemoryError):
        standings(asked, asked.inputs.ids[None])
