"""The hot loop: the same numbers however they are batched, each copy once, counted, stoppable."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from tests import models
from tests.models import TEXTS
from tokimp.errors import Cancelled, OutOfMemoryError
from tokimp.models import scoring
from tokimp.models.masking import Copy, masking
from tokimp.models.scoring import Scorer, in_batches, memory_of_copy, out_of_memory
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Target, Task
from tokimp.watch import Watch

TASKS: list[tuple[str, Task]] = [("bert", "classification"), ("bert", "masked-lm"), ("gpt2", "next-token")]
EVERY_TASK = pytest.mark.parametrize(("family", "task"), TASKS)


def target_of(model: TextModel, index: int = 1) -> Target:
    inputs = model.encode(TEXTS[model.task])
    position = {"classification": 0, "next-token": len(inputs) - 1}.get(model.task, inputs.masks and inputs.masks[0])
    return Target(index, "", position or 0)


def copies_of(model: TextModel, count: int = 40, replacement: str = "delete") -> Sequence[Copy]:
    """Copies of many lengths, some of them the same."""
    inputs = model.encode(TEXTS[model.task])
    keep = np.random.default_rng(0).random((count, len(inputs))) < 0.6
    return masking(model, inputs, target_of(model), replacement).copies(keep)


def different(copies: Sequence[Copy]) -> int:
    return len({(copy.ids.tobytes(), copy.position) for copy in copies})


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every forward pass that runs."""
    rows: list[int] = []
    logits = TextModel.logits

    def counting(self: TextModel, embeds: torch.Tensor, *where: Any) -> torch.Tensor:
        rows.append(len(embeds))
        return logits(self, embeds, *where)

    monkeypatch.setattr(TextModel, "logits", counting)
    return rows


@EVERY_TASK
def test_batched_is_single(family: str, task: Task) -> None:
    model = models.shared(family, task)
    copies, target = copies_of(model), target_of(model)
    single = [
        float(model.logits(model.embed(copy.ids)[None], where(task, copy)).flatten(0, -2)[0, 1]) for copy in copies
    ]
    for rows in (None, 1, 2, 7, 64):
        values = Scorer(model, [target], Watch(), rows)(copies)
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, single, atol=1e-5, rtol=0)


def where(task: Task, copy: Copy) -> torch.Tensor | None:
    return None if task == "classification" else torch.tensor([[copy.position]])


@EVERY_TASK
def test_identical_copies_run_once(family: str, task: Task, batches: list[int]) -> None:
    model = models.shared(family, task)
    copies = copies_of(model)
    watch = Watch()
    scorer = Scorer(model, [target_of(model)], watch)
    values = scorer(copies)
    assert sum(batches) == watch.evaluations == different(copies) < len(copies)
    np.testing.assert_array_equal(scorer(copies[::-1]), values[::-1])
    assert sum(batches) == watch.evaluations == different(copies)


def test_an_encoder_reads_one_length_at_a_time(batches: list[int]) -> None:
    model = models.shared("bert", "classification")
    copies = copies_of(model)
    Scorer(model, [target_of(model)], Watch())(copies)
    lengths = {len(copy.ids) for copy in copies}
    assert len(lengths) > 3
    assert len(batches) == len(lengths)


def test_a_decoder_reads_all_lengths_together(decoder: TextModel, batches: list[int]) -> None:
    copies = copies_of(decoder)
    Scorer(decoder, [target_of(decoder)], Watch())(copies)
    assert len({len(copy.ids) for copy in copies}) > 3
    assert sum(batches) == different(copies)
    assert len(batches) <= 2


def test_the_same_ids_read_elsewhere_are_another_copy(filler: TextModel) -> None:
    ids = filler.encode("a [MASK] and [MASK]").ids
    watch = Watch()
    values = Scorer(filler, [Target(7, "", 2)], watch)([Copy(ids, 2), Copy(ids, 4)])
    assert watch.evaluations == 2
    assert values[0] != values[1]


@EVERY_TASK
def test_several_targets_share_passes(family: str, task: Task, batches: list[int]) -> None:
    model = models.shared(family, task)
    copies = copies_of(model)
    targets = [target_of(model, index) for index in range(3)]
    watch = Watch()
    scorer = Scorer(model, targets, watch)
    together = [scorer.select(column)(copies) for column in range(3)]
    assert sum(batches) == watch.evaluations == different(copies)
    for target, values in zip(targets, together, strict=True):
        np.testing.assert_allclose(values, Scorer(model, [target], Watch())(copies), atol=1e-6)


def test_a_continued_word_counts_each_pass(decoder: TextModel, batches: list[int]) -> None:
    target = Target(5, "", target_of(decoder).position, output="log_prob", continuation=(9, 7))
    copies = copies_of(decoder, 10)
    watch = Watch()
    Scorer(decoder, [target], watch)(copies)
    assert sum(batches) == watch.evaluations == different(copies)
    contrast = Target(5, "", target.position, contrast=6, output="log_prob", continuation=(9, 7))
    watch = Watch()
    Scorer(decoder, [contrast], watch)(copies)
    assert watch.evaluations == 2 * different(copies)


def test_a_report_gets_the_values_so_far(decoder: TextModel) -> None:
    copies = copies_of(decoder)
    seen: list[Floats] = []
    values = Scorer(decoder, [target_of(decoder)], Watch(), 2)(copies, seen.append)
    known = [int(np.isfinite(each).sum()) for each in seen]
    assert known == sorted(known)
    assert 0 < known[0] < known[-1] == len(copies)
    np.testing.assert_array_equal(seen[-1], values)
    for each in seen:
        np.testing.assert_array_equal(each[np.isfinite(each)], values[np.isfinite(each)])
    assert np.isfinite(values).all()


def test_without_a_report_the_watch_gets_the_share_done(decoder: TextModel) -> None:
    copies = copies_of(decoder, replacement="unk")
    shares: list[float] = []
    Scorer(decoder, [target_of(decoder)], Watch(lambda share, _: shares.append(share)), 4)(copies)
    count = different(copies)
    steps = np.diff([0, *shares]) * count
    assert shares[-1] == 1
    assert len(shares) >= math.ceil(count / 4)
    assert steps.min() > 0.99
    assert steps.max() < 4.01


@pytest.mark.parametrize("reported", [True, False])
def test_stopping_takes_effect_within_one_batch(decoder: TextModel, batches: list[int], reported: bool) -> None:
    def stop(*_: object) -> None:
        raise Cancelled

    scorer = Scorer(decoder, [target_of(decoder)], Watch(stop), 3)
    with pytest.raises(Cancelled):
        scorer(copies_of(decoder, replacement="unk"), stop if reported else None)
    assert batches == [3]


def test_nothing_to_score(decoder: TextModel) -> None:
    assert Scorer(decoder, [target_of(decoder)], Watch())([]).shape == (0,)


@pytest.fixture
def memory_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, BaseException], None]:
    """Lets the forward pass run out of memory above so many rows."""

    def limit(most: int, error: BaseException) -> None:
        logits = TextModel.logits

        def small(self: TextModel, embeds: torch.Tensor, *where: Any) -> torch.Tensor:
            if len(embeds) > most:
                raise error
            return logits(self, embeds, *where)

        monkeypatch.setattr(TextModel, "logits", small)

    return limit


MEMORY_ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried …"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:75] data. DefaultCPUAllocator: not enough memory: you tried …"),
]


@pytest.mark.parametrize("error", MEMORY_ERRORS, ids=lambda error: f"{type(error).__name__}-{len(str(error))}")
def test_out_of_memory_halves_the_batch_and_goes_on(
    decoder: TextModel, batches: list[int], memory_for: Callable[[int, BaseException], None], error: BaseException
) -> None:
    copies = [Copy(np.array([1, 2, i]), 2) for i in range(20)]
    plain = Scorer(decoder, [target_of(decoder)], Watch())(copies)
    batches.clear()
    memory_for(3, error)
    watch = Watch()
    values = Scorer(decoder, [target_of(decoder)], watch, 16)(copies)
    assert batches == [2] * 10  # 16 → 8 → 4 → 2, and no larger again
    assert watch.evaluations == 20
    np.testing.assert_allclose(values, plain, atol=1e-5)


@pytest.mark.parametrize("error", MEMORY_ERRORS, ids=lambda error: f"{type(error).__name__}-{len(str(error))}")
def test_not_even_one_copy_fits(
    decoder: TextModel, memory_for: Callable[[int, BaseException], None], error: BaseException
) -> None:
    memory_for(0, error)
    with pytest.raises(OutOfMemoryError, match=r"does not fit into memory\. Shorten it\."):
        Scorer(decoder, [target_of(decoder)], Watch())(copies_of(decoder))


def test_other_errors_go_through(decoder: TextModel, memory_for: Callable[[int, BaseException], None]) -> None:
    memory_for(0, RuntimeError("The size of tensor a (3) must match"))
    with pytest.raises(RuntimeError, match="must match"):
        Scorer(decoder, [target_of(decoder)], Watch())(copies_of(decoder))
    assert not out_of_memory(ValueError("can't say"))


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 100])
def test_batches_hold_every_item_in_order(rows: int) -> None:
    found = list(in_batches(range(10), rows, list))
    assert [len(batch) for batch, _ in found[:-1]] == [rows] * (len(found) - 1)
    assert [item for _, result in found for item in result] == list(range(10))


@pytest.mark.parametrize(("copies", "rows"), [(0.5, 1), (1, 1), (3, 3), (1000, 64)])
def test_batches_are_as_large_as_memory_allows(
    decoder: TextModel, batches: list[int], monkeypatch: pytest.MonkeyPatch, copies: float, rows: int
) -> None:
    monkeypatch.setattr(scoring, "free_memory", lambda: 4 * copies * memory_of_copy(decoder, 3) + 1)
    Scorer(decoder, [target_of(decoder)], Watch())([Copy(np.array([1, i, j]), 2) for i in range(10) for j in range(10)])
    assert max(batches) == rows


def test_long_copies_run_in_smaller_batches(decoder: TextModel, batches: list[int]) -> None:
    ids = np.full(models.LIMIT - 1, 5)
    Scorer(decoder, [target_of(decoder)], Watch())([Copy(np.array([i, *ids]), 47) for i in range(6, 46)])
    assert max(batches) == scoring.BATCH_TOKENS // models.LIMIT


def test_of_a_long_text_few_copies_are_there_at_once(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    copies, alive, most = copies_of(decoder), 0, 0
    wanted = Scorer(decoder, [target_of(decoder)], Watch())(copies)

    class Made(Sequence[Copy]):
        """Counts the copies that are held."""

        def __len__(self) -> int:
            return len(copies)

        def __getitem__(self, place: Any) -> Any:
            nonlocal alive, most
            copy = copies[place]
            ids = copy.ids.copy()
            alive, most = alive + 1, max(most, alive + 1)
            weakref.finalize(ids, gone)
            return Copy(ids, copy.position)

    def gone() -> None:
        nonlocal alive
        alive -= 1

    monkeypatch.setattr(scoring, "HELD_IDS", 5 * copies[0].ids.nbytes)
    monkeypatch.setattr(scoring, "BATCH_KEYS", 2 * 8 * 40 * decoder.size.hidden)
    watch = Watch()
    found = Scorer(decoder, [target_of(decoder)], watch)(Made())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    assert watch.evaluations == different(copies)
    assert most < 13
    assert alive == 0
