"""How a token is taken away: replaced by one that says little, or deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tokimp.errors import NoBaselineError, OptionError
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Target

REPLACEMENTS = ("auto", "mask", "pad", "unk", "eos", "random", "delete")


class Copy(NamedTuple):
    """One edited input: ids (token,), where its target is read, and how many first ids are an encoder's."""

    ids: Ids
    position: int
    source: int = 0


@dataclass(frozen=True)
class Masking:
    """Edits copies of one input. `kind` is "token" (one id everywhere), "random" or "delete"."""

    inputs: Encoded
    position: int
    kind: str
    token: int
    pool: Ids

    def copies(self, keep: npt.NDArray[np.bool_], rng: np.random.Generator | None = None) -> Sequence[Copy]:
        """One edited copy for each row of keep (copy, token); special tokens stay in any case."""
        if self.kind != "random" or rng is None:
            return _Edits(keep, self._deleted if self.kind == "delete" else partial(self._filled, fill=self.token))
        drawn = rng.choice(self.pool, size=keep.shape)
        return [self._filled(row, fill) for row, fill in zip(keep, drawn, strict=True)]

    def _filled(self, keep: npt.NDArray[np.bool_], fill: int | Ids) -> Copy:
        ids = np.where(keep | self.inputs.fixed, self.inputs.ids, fill)
        return Copy(ids, self.position, self.inputs.source)

    def _deleted(self, keep: npt.NDArray[np.bool_]) -> Copy:
        keep = keep | self.inputs.fixed
        ids, source = self.inputs.ids[keep], int(keep[: self.inputs.source].sum())
        read = int(keep[: self.position + 1].sum()) - 1  # where it is gone itself, the one before
        if not len(ids) or (self.inputs.source and not source):
            ids = np.r_[self.token, ids]  # no network can read nothing: an empty text is its end token
            read, source = read + 1, min(self.inputs.source, 1)
        return Copy(ids, max(read, 0), source)


class _Edits(Sequence[Copy]):
    """Copies that are made when they are looked at: of a long text there are never many at once."""

    def __init__(self, keep: npt.NDArray[np.bool_], edit: Callable[[npt.NDArray[np.bool_]], Copy]) -> None:
        self._keep = keep
        self._edit = edit

    def __len__(self) -> int:
        return len(self._keep)

    @overload
    def __getitem__(self, place: int) -> Copy: ...

    @overload
    def __getitem__(self, place: slice) -> list[Copy]: ...

    def __getitem__(self, place: int | slice) -> Copy | list[Copy]:
        if isinstance(place, slice):
            return [self._edit(row) for row in self._keep[place]]
        return self._edit(self._keep[place])


def masking(model: TextModel, inputs: Encoded, target: Target, replacement: str | int = "auto") -> Masking:
    """The edit that `replacement` names, for one input.

    "auto" is the mask token where the tokenizer has one, else deletion: a decoder has no token
    that stands for nothing, and its end token would cut off all that came before.

    Raises:
        NoBaselineError: the tokenizer has no token of this kind, or the id is not in the vocabulary.
    """
    if replacement == "auto":
        replacement = "mask" if model.tokenizer.mask_token_id is not None else "delete"
    pool = np.empty(0, dtype=np.int64)
    if replacement == "delete":
        kind, token = "delete", _empty_token(model)
    elif replacement == "random":
        kind, token = "random", 0
        pool = model.ordinary_ids(inputs)
    else:
        kind, token = "token", token_id(model, replacement)
    return Masking(inputs, target.position, kind, token, pool)


def token_id(model: TextModel, kind: str | int) -> int:
    """The id of the tokenizer's "mask", "pad", "unk" or "eos" token, or the id itself if it is in the vocabulary."""
    if isinstance(kind, int):
        if not 0 <= kind < model.size.vocabulary:
            raise NoBaselineError(f"There is no token {kind} in the vocabulary of {model.key}.")
        return kind
    if kind not in ("mask", "pad", "unk", "eos"):
        raise OptionError(f"{kind!r} is no kind of token.", "Choose mask, pad, unk, eos or a token id.")
    found = getattr(model.tokenizer, f"{kind}_token_id")
    if found is None:
        raise NoBaselineError(f"The tokenizer of {model.key} has no {kind} token.", "Choose another replacement.")
    return int(found)


def _empty_token(model: TextModel) -> int:
    tokenizer = model.tokenizer
    for found in (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id):
        if found is not None:
            return int(found)
    return 0
