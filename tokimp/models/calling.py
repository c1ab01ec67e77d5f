"""A function of texts, asked in batches: each text once, each answer checked and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch

from tokimp.errors import BlackBoxError, TokimpError
from tokimp.models.scoring import out_of_memory
from tokimp.types import Floats

Function = Callable[[list[str]], Any]
Row = Floats | dict[str, float]  # log-probabilities: of columns, or by the text of what is said
Total = Literal["one", "most", "any"]

ROUNDING = 1e-3
LOWEST = -103.2789  # the logarithm of the least float32 above 0
KEPT_BYTES = 2**28
KEPT = "What was answered before is kept: ask again once it is mended."


@dataclass(frozen=True)
class Form:
    """What a function answers. logs: log-probabilities instead of probabilities; columns: how many numbers a text
    has, None for any; total: whether the probabilities of a text sum to one, to at most that, or to anything;
    listed: mappings of what could be said are fine, too."""

    logs: bool
    columns: int | None
    total: Total
    listed: bool = False


class Caller:
    """Asks a function of a list of texts. Safe for threads, of which one at a time is let through.

    Answers are kept for texts that are asked again, the ones used last up to `KEPT_BYTES`.
    """

    def __init__(self, function: Function, form: Form, batch: int) -> None:
        self._function = function
        self._form = form
        self._batch = batch
        self._lock = threading.RLock()
        self._kept: OrderedDict[str, Row] = OrderedDict()
        self._bytes = 0
        self.columns = form.columns

    def __call__(self, texts: Sequence[str]) -> list[Row]:
        """Log-probabilities of each text.

        Cost: one call for at most `batch` texts that are not known.

        Raises:
            BlackBoxError: the function raised something, or its answer cannot be used. A `TokimpError` that it
            raises comes through as it is. What was answered before is kept in either case.
        """
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
            fresh = [text for text in dict.fromkeys(texts) if text not in found]
            for start in range(0, len(fresh), self._batch):
                some = fresh[start : start + self._batch]
                rows = self._asked(some)
                found |= dict(zip(some, rows, strict=True))
                self._keep(some, rows)
            for text in texts:
                if text in self._kept:
                    self._kept.move_to_end(text)
            return [found[text] for text in texts]

    def _asked(self, texts: list[str]) -> list[Row]:
        try:
            with torch.inference_mode(False):
                answer = self._function(list(texts))
        except TokimpError as error:
            self._keep_some(texts, getattr(error, "partial", ()))
            raise
        except Exception as error:
            if out_of_memory(error):
                raise
            raise BlackBoxError(f"The black box raised {type(error).__name__}: {error}", KEPT) from error
        return self._rows(answer, len(texts))

    def _rows(self, answer: Any, count: int) -> list[Row]:
        """Raises BlackBoxError where it is not what `Form` says."""
        if isinstance(answer, torch.Tensor):
            answer = answer.detach().cpu().double().numpy()
        if self._form.listed and isinstance(answer, list | tuple) and any(isinstance(row, Mapping) for row in answer):
            if len(answer) != count:
                raise _malformed(f"has {len(answer)} entries for {count} texts")
            return [self._mapping(row) for row in answer]
        try:
            array = np.asarray(answer, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise _malformed(f"is no table of numbers ({error})") from error
        if array.ndim != 2:
            raise _malformed(f"has the shape {array.shape} instead of ({count}, number of answers)")
        if len(array) != count:
            raise _malformed(f"has {len(array)} rows for {count} texts")
        if self.columns not in (None, array.shape[1]):
            raise _malformed(f"has {array.shape[1]} numbers a text instead of {self.columns}")
        rows = [self._checked(row, self._form.total) for row in array]
        self.columns = array.shape[1]
        return cast("list[Row]", rows)

    def _mapping(self, row: Any) -> Row:
        if not isinstance(row, Mapping) or not row or not all(isinstance(name, str) for name in row):
            raise _malformed("has an entry that is no mapping of texts to numbers, or an empty one")
        try:
            values = np.array(list(row.values()), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise _malformed(f"lists something that is no number ({error})") from error
        return dict(zip(row, self._checked(values, "most").tolist(), strict=True))

    def _checked(self, values: Floats, sums_to: Total) -> Floats:
        """Log-probabilities of at least `LOWEST`."""
        if np.isnan(values).any():
            raise _malformed("has numbers that are none (NaN)")
        if not self._form.logs:
            if values.min(initial=0.0) < 0:
                raise _malformed(f"has negative probabilities ({values.min():.4g})")
            with np.errstate(divide="ignore"):
                values = np.log(values)
        if values.max(initial=LOWEST) > ROUNDING:
            kind = f"log-probabilities above 0 ({values.max():.4g})" if self._form.logs else "probabilities above 1"
            raise _malformed(f"has {kind}")
        total = float(np.exp(values).sum())
        if (sums_to == "one" and abs(total - 1) > ROUNDING) or (sums_to == "most" and total > 1 + ROUNDING):
            raise _malformed(f"has probabilities that sum to {total:.4g}")
        clipped: Floats = np.clip(values, LOWEST, 0.0)
        return clipped

    def _keep_some(self, texts: Sequence[str], partial: Sequence[Any]) -> None:
        """What a function that broke off had already, where each is of use."""
        if len(partial) != len(texts):
            return
        for text, row in zip(texts, partial, strict=True):
            if row is not None:
                try:
                    self._keep([text], self._rows([row], 1))
                except BlackBoxError:
                    continue

    def _keep(self, texts: Sequence[str], rows: Sequence[Row]) -> None:
        for text, row in zip(texts, rows, strict=True):
            self._kept[text] = row
            self._bytes += _size(row)
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            _, row = self._kept.popitem(last=False)
            self._bytes -= _size(row)


def _size(row: Row) -> int:
    return 100 * len(row) if isinstance(row, dict) else row.nbytes


def _malformed(what: str) -> BlackBoxError:
    return BlackBoxError(f"The black box’s answer {what}.", KEPT)
