"""A masked language model's proposals in the tokens of another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from tokimp.models.scoring import in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.watch import Watch

TOP = 10  # proposals for each token
TURNS = 4  # a masked language model sees three quarters of the text at a time
WIDE = 100  # pieces looked through, since not each is one token of the other model
SPACES = ("Ġ", "▁")  # how tokenizers write the space before a word
INSIDE = "##"  # how WordPiece writes that a piece goes on with a word


def realigned(model: TextModel, inputs: Encoded, mlm: TextModel, watch: Watch) -> tuple[Ids, Ids]:
    """For each token of the text what `mlm` would write there, as one token of `model`.

    The paper masks a text's own tokens; here a mask stands in the place of a token's characters,
    so that the number of tokens is kept whatever pieces `mlm` cuts a text into. Of its hundred
    likeliest pieces those stay that are one token of `model` too, at the start of a word with its
    space and capital.

    Returns:
        table (token, k) of ids, of which the first counts (token,) hold; none for special tokens.

    Cost: `TURNS` forward passes of `mlm`, each with every fourth token masked; more where the text
    is longer than it reads.
    """
    table, counts = np.zeros((len(inputs), TOP), dtype=np.int64), np.zeros(len(inputs), dtype=np.int64)
    translator = _Translator(model, inputs)

    def run(parts: Sequence[_Part]) -> list[list[str]]:
        ids, masks = parts[0].ids, torch.as_tensor(parts[0].masks, device=mlm.device)
        with torch.inference_mode():
            logits = mlm.logits(mlm.embed(ids)[None], masks[None])[0]  # (mask, vocabulary)
            likely = logits.topk(min(WIDE, logits.shape[1])).indices.tolist()
        watch.count(1)
        return [[str(piece) for piece in mlm.tokenizer.convert_ids_to_tokens(row)] for row in likely]

    parts = [part for turn in range(TURNS) for part in _parts(inputs, inputs.free[turn::TURNS], mlm)]
    for (part,), pieces in in_batches(parts, 1, run):
        for place, row in zip(part.places, pieces, strict=True):
            found = translator.tokens(place, row)
            counts[place] = len(found)
            table[place, : len(found)] = found
        watch(0.0)
    return table, counts


class _Part(NamedTuple):
    """As much of a text as a masked language model reads: ids, where its masks are, for which tokens."""

    ids: Ids
    masks: list[int]
    places: list[int]


def _parts(inputs: Encoded, places: Ids, mlm: TextModel) -> Iterator[_Part]:
    """The text in the pieces of `mlm`, one mask for each of the tokens `places`; special tokens left out."""
    tokenizer, wanted = mlm.tokenizer, set(places.tolist())
    pieces: list[tuple[int, int | None]] = []  # id, and the token that a mask stands for
    cursor = 0

    def spell(end: int) -> None:
        nonlocal cursor
        between = inputs.text[cursor:end]
        if between.strip():
            found = tokenizer(between, add_special_tokens=False, verbose=False)["input_ids"]
            pieces.extend((int(id_), None) for id_ in found)
        cursor = max(cursor, end)

    for i, token in enumerate(inputs.tokens):
        if i in wanted or token.special:
            spell(token.start)
            cursor = max(cursor, token.end)
        if i in wanted:
            pieces.append((int(tokenizer.mask_token_id), i))
    spell(len(inputs.text))

    room = mlm.limit - 2
    for start in range(0, len(pieces), room):
        some = pieces[start : start + room]
        masks = [at for at, (_, place) in enumerate(some) if place is not None]
        if masks:
            ids = [tokenizer.cls_token_id, *(id_ for id_, _ in some), tokenizer.sep_token_id]
            yield _Part(np.array(ids), [at + 1 for at in masks], [place for _, place in some if place is not None])


class _Translator:
    """Pieces of WordPiece → single tokens of a model, fitting where a token of the text stood."""

    def __init__(self, model: TextModel, inputs: Encoded) -> None:
        self._tokenizer = model.tokenizer
        self._inputs = inputs
        self._ordinary = set(model.ordinary_ids().tolist()) - {model.tokenizer.unk_token_id}
        vocabulary = model.tokenizer.get_vocab()
        self._vocabulary = vocabulary
        self._space = next((space for space in SPACES if f"{space}a" in vocabulary or f"{space}the" in vocabulary), "")

    def tokens(self, place: int, pieces: Sequence[str]) -> list[int]:
        """At most `TOP` different ids in the order of the pieces, never the token's own."""
        own = int(self._inputs.ids[place])
        found: dict[int, None] = {}
        for piece in pieces:
            for form in self._forms(place, piece):
                id_ = self._vocabulary.get(form)
                if id_ in self._ordinary and id_ != own:
                    found[id_] = None
                    break
        return list(found)[:TOP]

    def _forms(self, place: int, piece: str) -> Iterator[str]:
        """How the vocabulary may write the piece there, the best first."""
        token = self._inputs.tokens[place]
        written = str(self._tokenizer.convert_ids_to_tokens(token.id))
        space = written[:1] if written.startswith(SPACES) else ""
        inside = not space and self._inputs.text[: token.start][-1:].isalnum()
        if self._space == SPACES[0] and not piece.isascii():
            return  # there a vocabulary writes bytes as other letters
        if piece.startswith(INSIDE):
            if inside:
                yield from (piece, piece.removeprefix(INSIDE))
            return
        if not piece.isalnum():
            yield from (piece, space + piece)
        elif inside:
            yield self._space + piece  # a word of its own, behind what is left of the old one
        else:
            if token.text.strip()[:1].isupper():
                yield space + piece.capitalize()
            yield space + piece
