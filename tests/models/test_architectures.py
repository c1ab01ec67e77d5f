"""The table of architectures, and that each row has its tiny model."""

from __future__ import annotations

import pytest
from transformers import AutoConfig

from tests import models
from tokimp.errors import UnsupportedModelError
from tokimp.models.architectures import ARCHITECTURES, architecture_of
from tokimp.types import TASKS, Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def test_every_row_has_its_tiny_model() -> None:
    assert set(models.SIZES) == set(ARCHITECTURES)
    assert set(models.TOKENIZERS) == set(ARCHITECTURES)


def test_keys_are_model_types() -> None:
    for family, row in ARCHITECTURES.items():
        assert row.family == family
        assert AutoConfig.for_model(family).model_type == family
        assert row.tasks
        assert set(row.tasks) <= set(TASKS)


@EVERY_ROW
def test_the_tiny_model_is_of_its_row(family: str, task: Task) -> None:
    model = models.shared(family, task)
    assert model.architecture is ARCHITECTURES[family]
    assert model.task == task
    assert model.limit == models.LIMIT
    assert model.embeddings.shape[0] == len(model.tokenizer)


@EVERY_ROW
def test_a_text_as_long_as_the_limit_runs(family: str, task: Task) -> None:
    """Positions that the table reserves are not counted as room: with one more token, a table of positions ends."""
    model = models.shared(family, task)
    ids = model.encode("a" + "[MASK]" * (task == "masked-lm")).ids
    full = ids[[0] * (model.limit - len(ids)) + list(range(len(ids)))]
    position = None if task == "classification" else models.last(full)
    assert model.logits(model.embed(full)[None], position).isfinite().all()


def test_an_unknown_architecture_is_refused_with_what_is_known() -> None:
    with pytest.raises(UnsupportedModelError, match=r"'vit' is not known here\. Known: BERT, .*Gemma 3"):
        architecture_of(AutoConfig.for_model("vit"), "next-token")


@pytest.mark.parametrize(
    ("family", "task", "advice"),
    [
        ("bert", "next-token", "classification or masked-lm"),
        ("gpt2", "classification", "Choose next-token"),
        ("t5", "next-token", "Choose seq2seq"),
    ],
)
def test_a_task_without_a_head_is_refused(family: str, task: Task, advice: str) -> None:
    with pytest.raises(UnsupportedModelError, match=advice):
        architecture_of(AutoConfig.for_model(family), task)
