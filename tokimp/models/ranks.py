"""How likely the target is on edited copies of a text, and where it ranks among all that could be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tokimp.models.outputs import answers_at, readings, word_value
from tokimp.models.scoring import batch_rows, in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Ids
from tokimp.types import Floats, Target
from tokimp.watch import Watch


class Standings(NamedTuple):
    """The target on each copy.

    probability (copy,): of the target's whole word; contrast (copy,): of the contrast's, 0 without
    one; rank (copy,): 1 where nothing is likelier; for a word of several tokens, its first one's.
    """

    probability: Floats
    contrast: Floats
    rank: Ids


class Ranker:
    """Reads the target's standing on copies of one length, batched and counted; a copy runs once.

    Of the vocabulary-sized output only these three numbers are kept.
    """

    def __init__(self, model: TextModel, target: Target, watch: Watch) -> None:
        self._model = model
        self._target = target
        self._watch = watch
        self._readings = readings(model, [target])
        self._known: dict[bytes, tuple[float, float, float]] = {}

    def __call__(self, copies: Ids, report: Callable[[], None]) -> Standings:
        """Standings of copies (copy, token); `report` is called after every batch.

        Cost: one evaluation for each copy not seen before, one more for each continued word of a
        next-token target.

        Raises:
            OutOfMemoryError: even one copy does not fit.
        """
        fresh = list({ids.tobytes(): ids for ids in copies if ids.tobytes() not in self._known}.values())
        most = batch_rows(self._model, copies.shape[1], copies.shape[1])
        for batch, rows in in_batches(fresh, most, lambda ids: self._read(np.stack(ids))):
            for ids, row in zip(batch, rows.tolist(), strict=True):
                self._known[ids.tobytes()] = tuple(row)
            report()
        found = np.array([self._known[ids.tobytes()] for ids in copies])
        return Standings(found[:, 0], found[:, 1], found[:, 2].astype(np.int64))

    def _read(self, ids: Ids) -> Floats:
        """(copy, 3): probability of the target and of the contrast, rank of the target."""
        words: list[Tensor] = []
        rank = torch.zeros(len(ids))
        with torch.inference_mode():
            for reading in self._readings:
                behind = np.tile(np.array(reading.suffix, dtype=np.int64), (len(ids), 1))
                rows, read = np.concatenate([ids, behind], axis=1), [self._target.position] * len(ids)
                logits = answers_at(self._model, rows, read, reading.kept, source=self._target.source)
                words += [word_value(logits, term.ids, "prob", self._model.link) for term in reading.terms]
                if reading is self._readings[0]:  # the target's own
                    rank = 1 + (logits[:, 0] > logits[:, 0, self._target.index, None]).sum(-1)
            contrast = words[1] if len(words) > 1 else torch.zeros_like(words[0])
        self._watch.count(len(ids) * len(self._readings))
        return torch.stack([words[0].double(), contrast.double(), rank.double()], dim=-1).cpu().numpy()
