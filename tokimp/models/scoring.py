"""The hot loop: target values of many edited copies of one input, batched, counted, cancellable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import OutOfMemoryError
from tokimp.models.continuing import Key, key_of
from tokimp.models.device import free_memory
from tokimp.models.encoder_decoder import Source
from tokimp.models.fusing import fuses
from tokimp.models.masking import Copy
from tokimp.models.outputs import Reading, answers_at, read_values, readings
from tokimp.models.prefix_cache import AnswerCache, PrefixCache
from tokimp.models.prefixes import groups
from tokimp.models.source_memory import SourceMemory
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Ids
from tokimp.types import Floats, Target
from tokimp.watch import Watch

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

# Larger batches are no faster on two cores, and a stop button waits for one batch.
BATCH_TOKENS = 1024
BATCH_TOKENS_ELSEWHERE = 8192
BATCH_COPIES = 64
BATCH_KEYS = 64 * 2**20
"""Bytes of one layer's keys and values: each copy of a batch has its own, also of what is read from a cache."""
HELD_IDS = 32 * 2**20
"""Bytes of ids of copies that are there at once."""

NO_ROOM = ("The text does not fit into memory.", "Shorten it.")

Report = Callable[[Floats], None]
Keyed = tuple[Key, Copy]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Scorer:
    """Scores copies of one input for one or several targets in the same forward passes.

    A copy is scored once however often it is asked for, also by another `select`ed target. Copies
    that a decoder reads run behind the prefix that they share, in groups of mixed length: what stands
    behind a position cannot change it. All others run in batches of one length, and what an encoder reads
    in copies of which only the answer differs runs once. So nothing is ever masked out, and batch size and
    company move values by rounding only.
    """

    def __init__(self, model: TextModel, targets: Sequence[Target], watch: Watch, batch_copies: int | None = None):
        self._model = model
        self._targets = tuple(targets)
        self._watch = watch
        self._most = batch_copies
        self._column = 0
        self._readings = readings(model, targets)
        self._known: dict[Key, Floats] = {}  # copy → (target,)
        self._sources = model.sources or SourceMemory()
        self._answer = model.continuation
        self._place = None if self._answer is None else self._answer.place(targets)
        if self._answer is not None and self._place is not None:
            self._readings, self._known = [self._answer.reading(self._place)], self._answer.known[self._place]
            self._targets = self._answer.targets[self._place :]

    def select(self, column: int) -> Scorer:
        """The same scorer, same memory, for another of its targets."""
        other = Scorer(self._model, self._targets, self._watch, self._most)
        other._known, other._column, other._sources = self._known, column, self._sources
        return other

    def __call__(self, copies: Sequence[Copy], report: Report | None = None) -> Floats:
        """Values (copy,) in the target's unit.

        Cost: one evaluation for each copy not seen before (one more for each continued word of a
        next-token target). `report` gets the values so far after every batch, NaN where there are none
        yet; without it, the watch gets the share done.

        Raises:
            Cancelled: from the watch, within one batch.
            OutOfMemoryError: even one copy does not fit.
        """
        keys = [key_of(copy) for copy in copies]
        fresh = {key: place for place, key in enumerate(keys) if key not in self._known}
        done = 0
        for batch, values in self._parts(copies, fresh):
            self._learn(batch, values)
            done += len(batch)
            if report is not None:
                report(self._values(keys))
            else:
                self._watch(done / len(fresh))
        return self._values(keys)

    def _parts(self, copies: Sequence[Copy], places: Mapping[Key, int]) -> Iterator[tuple[Sequence[Keyed], Floats]]:
        """Batches of the copies at the places, of which so many are made at once as `HELD_IDS` allows."""
        waiting = list(places.items())
        most = max(1, HELD_IDS // max(copies[0].ids.nbytes, 1)) if waiting else 1
        for start in range(0, len(waiting), most):
            yield from self._batches([(key, copies[place]) for key, place in waiting[start : start + most]])

    def _learn(self, batch: Sequence[Keyed], values: Floats) -> None:
        if self._answer is not None and self._place is not None:
            self._answer.learn(self._place, [copy for _, copy in batch], values)
        else:
            self._known.update(zip((key for key, _ in batch), values, strict=True))

    def _values(self, keys: Sequence[Key]) -> Floats:
        unknown = np.full(len(self._targets), np.nan)
        return np.array([self._known.get(key, unknown)[self._column] for key in keys])

    def _batches(self, waiting: Sequence[Keyed]) -> Iterator[tuple[Sequence[Keyed], Floats]]:
        """Batches of copies with their values (copy, target), as they come."""
        if self._model.mixes_lengths:
            yield from in_batches(waiting, self._rows(1, 1), self._run)
            return
        if self._model.architecture.encoder:
            yield from self._answer_batches(waiting)
            return
        if not self._model.caches:
            for length, same in groupby(sorted(waiting, key=_length), key=_length):
                yield from in_batches(list(same), self._rows(length, length), self._run)
            return
        cache = PrefixCache(self._model)
        for shared, members in groups([copy for _, copy in waiting]):
            group = sorted((waiting[i] for i in members), key=_length)  # alike lengths side by side
            longest, prefix = _length(group[-1]), group[0][1].ids[:shared]
            rows = self._rows(longest, longest - shared)
            yield from in_batches(group, rows, lambda batch: self._run(batch, shared, cache.behind(prefix)))  # noqa: B023

    def _answer_batches(self, waiting: Sequence[Keyed]) -> Iterator[tuple[Sequence[Keyed], Floats]]:
        """The same of copies whose first ids an encoder reads: many of one text behind it, others by its length."""
        cache = AnswerCache(self._model, self._sources)
        for shared, members in groups([copy for _, copy in waiting]):
            group = sorted((waiting[i] for i in members), key=_text_and_length)
            for source, some in groupby(group, key=_source):
                alike = list(some)
                longest, prefix = max(map(_length, alike)), alike[0][1].ids[:shared]

                def run(batch: Sequence[Keyed], source: int = source, prefix: Ids = prefix) -> Floats:
                    if len(prefix):
                        return self._run(batch, len(prefix), cache.behind(prefix, source, len(batch)))
                    texts = np.stack([copy.ids[:source] for _, copy in batch])
                    return self._run(batch, source, Source(self._sources.read(self._model, texts)))

                yield from in_batches(alike, self._rows(longest, longest - shared), run)

    def _run(self, batch: Sequence[Keyed], before: int = 0, past: Cache | Source | None = None) -> Floats:
        """Values (copy, target) of copies whose first ids, `before` of them, `past` holds."""
        copies = [copy for _, copy in batch]

        def run(reading: Reading) -> Tensor:
            rows = [(*copy.ids[before:], *reading.suffix) for copy in copies]
            longest = max(len(row) for row in rows)
            fill = (-1,) if self._model.mixes_lengths else ()
            ids = np.array([row + (fill or row[-1:]) * (longest - len(row)) for row in rows], dtype=np.int64)
            positions = [copy.position - before for copy in copies]
            return answers_at(self._model, ids, positions, reading.kept, past)

        with torch.inference_mode():
            values = read_values(self._model, self._targets, self._readings, run)
        self._watch.count(len(copies) * len(self._readings))
        return values.double().cpu().numpy()

    def _rows(self, length: int, fresh: int) -> int:
        return batch_rows(self._model, length, fresh) if self._most is None else self._most


def _length(keyed: Keyed) -> int:
    return len(keyed[1].ids)


def _source(keyed: Keyed) -> int:
    return keyed[1].source


def _text_and_length(keyed: Keyed) -> tuple[int, bytes, int]:
    """By which copies that an encoder reads alike stand side by side."""
    copy = keyed[1]
    return copy.source, copy.ids[: copy.source].tobytes(), len(copy.ids)


def batch_rows(model: TextModel, length: int, fresh: int) -> int:
    """How many copies of that length run at once, with `fresh` tokens behind what is read from a cache."""
    if model.most_copies is not None:
        return model.most_copies
    fits = int(free_memory() * 0.25 / memory_of_copy(model, length))
    tokens = BATCH_TOKENS if model.device.type == "cpu" else BATCH_TOKENS_ELSEWHERE
    keys = BATCH_KEYS // (8 * length * model.size.hidden)
    return max(1, min(BATCH_COPIES, tokens // fresh, fits, keys))


def in_batches(
    items: Sequence[Item], rows: int, run: Callable[[Sequence[Item]], Result]
) -> Iterator[tuple[Sequence[Item], Result]]:
    """Runs the items `rows` at a time, halving that for good whenever memory runs out.

    Raises:
        OutOfMemoryError: even one does not fit.
    """
    start = 0
    while start < len(items):
        batch = items[start : start + rows]
        try:
            result = run(batch)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            if len(batch) == 1:
                raise OutOfMemoryError(*NO_ROOM) from error
            rows = len(batch) // 2
            continue
        start += len(batch)
        yield batch, result


@contextmanager
def memory_watched() -> Iterator[None]:
    """Says for a visitor that memory ran out; also a decorator.

    Raises:
        OutOfMemoryError: in place of whatever torch raised for that.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if out_of_memory(error):
            raise OutOfMemoryError(*NO_ROOM) from error
        raise


def memory_of_copy(model: TextModel, length: int) -> int:
    """Bytes that one copy needs at most while it runs: one layer's states and attention, one row of output."""
    size = model.size
    attention = 0 if fuses(model.network, length) else 3 * size.heads * length**2
    return 4 * (24 * length * size.hidden + attention + 3 * size.vocabulary)


def out_of_memory(error: BaseException) -> bool:
    """True for what torch raises when memory runs out; on a CPU that is a plain RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "can't allocate memory" in text or "not enough memory" in text
