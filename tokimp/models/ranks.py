"""How likely the target is on edited copies of a text, and where it ranks among all that could be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tokimp.models import scoring
from tokimp.models.device import free_memory
from tokimp.models.outputs import word_value
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
        words = [target.ids, target.contrast_ids] if target.contrast_ids else [target.ids]
        self._passes = len({self._suffix(word) for word in words})
        self._known: dict[bytes, tuple[float, float, float]] = {}

    def __call__(self, copies: Ids, report: Callable[[], None]) -> Standings:
        """Standings of copies (copy, token); `report` is called after every batch.

        Cost: one evaluation for each copy not seen before, one more for each continued word of a
        next-token target.

        Raises:
            OutOfMemoryError: even one copy does not fit.
        """
        fresh = list({ids.tobytes(): ids for ids in copies if ids.tobytes() not in self._known}.values())
        for batch, rows in scoring.in_batches(
            fresh, self._rows(copies.shape[1]), lambda ids: self._read(np.stack(ids))
        ):
            for ids, row in zip(batch, rows.tolist(), strict=True):
                self._known[ids.tobytes()] = tuple(row)
            report()
        found = np.array([self._known[ids.tobytes()] for ids in copies])
        return Standings(found[:, 0], found[:, 1], found[:, 2].astype(np.int64))

    def _read(self, ids: Ids) -> Floats:
        """(copy, 3): probability of the target and of the contrast, rank of the target."""
        target, link = self._target, self._model.link
        with torch.inference_mode():
            answers: dict[tuple[int, ...], Tensor] = {}
            for word in filter(None, (target.ids, target.contrast_ids)):
                if self._suffix(word) not in answers:
                    answers[self._suffix(word)] = self._logits(ids, word)
            said = answers[self._suffix(target.ids)]  # (copy, kept, vocabulary or class)
            rank = 1 + (said[:, 0] > said[:, 0, target.index, None]).sum(-1)
            probability = word_value(said, target.ids, "prob", link)
            contrast = torch.zeros_like(probability)
            if target.contrast_ids:
                contrast = word_value(answers[self._suffix(target.contrast_ids)], target.contrast_ids, "prob", link)
        self._watch.count(len(ids) * self._passes)
        return torch.stack([probability.double(), contrast.double(), rank.double()], dim=-1).cpu().numpy()

    def _logits(self, ids: Ids, word: tuple[int, ...]) -> Tensor:
        """Logits (copy, kept, vocabulary or class), one position for each token of the word."""
        suffix = np.tile(np.array(self._suffix(word), dtype=np.int64), (len(ids), 1))
        embeds = self._model.embed(np.concatenate([ids, suffix], axis=1))
        if self._model.task == "classification":
            return self._model.logits(embeds, None)[:, None]
        positions = torch.arange(len(word), device=embeds.device) + self._target.position
        return self._model.logits(embeds, positions.expand(len(ids), -1))

    def _suffix(self, word: tuple[int, ...]) -> tuple[int, ...]:
        """What must stand behind a text so that the word's last token can be read; masks are there already."""
        return word[:-1] if self._model.task == "next-token" else ()

    def _rows(self, length: int) -> int:
        fits = int(free_memory() * 0.25 / scoring.memory_of_copy(self._model, length))
        return max(1, min(scoring.BATCH_COPIES, scoring.BATCH_TOKENS // length, fits))
