"""Pieces of texts by number, asked like a tokenizer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tokimp.errors import OptionError
from tokimp.models.splitting import Piece, Span, joined, pieces, whole, words
from tokimp.models.tokens import Ids

Cut = Callable[[str], list[Span]]


class PieceIds:
    """Every piece that came up so far has an id; none ever changes. Safe for threads.

    answers: what can be said, with the ids from 0 on, in this order (said: how many). mask: the text that stands for a
    piece that was taken away.
    """

    is_fast = True
    chat_template = None
    unk_token = None
    pad_token_id = unk_token_id = eos_token_id = None

    def __init__(self, cut: Cut, answers: Sequence[str] = (), mask: str | None = None) -> None:
        self._cut = cut
        self._lock = threading.Lock()
        self._pieces: list[Piece] = []
        self._ids: dict[Piece, int] = {}
        self._answers: dict[str, int] = {}
        for answer in answers:
            self._answers.setdefault(answer, len(self._pieces))
            self._pieces.append(_said(answer))
        self.said = len(self._pieces)
        self.bos_token_id = self.id_of(Piece("", ""))  # all that is left where everything is taken away
        self.mask_token = mask
        self.mask_token_id = None if mask is None else self.id_of(Piece(None, mask))
        self.all_special_ids: list[int] = []
        self.added_tokens_decoder: Mapping[int, str] = {}

    def __len__(self) -> int:
        return len(self._pieces)

    def pieces(self, text: str) -> tuple[list[int], list[Span]]:
        """Ids of a text's pieces, and the characters of each."""
        parts = pieces(text, self._cut(text))
        return [self.id_of(piece) for piece, _ in parts], [span for _, span in parts]

    def id_of(self, piece: Piece) -> int:
        with self._lock:
            if piece not in self._ids:
                self._ids[piece] = len(self._pieces)
                self._pieces.append(piece)
            return self._ids[piece]

    def answer(self, text: str) -> int:
        """The id of something that was said: it is joined to what stands before it as it is."""
        with self._lock:
            if text not in self._answers:
                self._answers[text] = len(self._pieces)
                self._pieces.append(_said(text))
            return self._answers[text]

    def answered(self, text: str) -> tuple[int, ...] | None:
        """The ids that say this text one after the other, the longest first; None where there are none."""
        with self._lock:
            known, longest = dict(self._answers), max(map(len, self._answers), default=0)
        ids, at = [], 0
        while at < len(text):
            ends = range(min(len(text), at + longest), at, -1)
            end = next((end for end in ends if text[at:end] in known), None)
            if end is None:
                return None
            ids.append(known[text[at:end]])
            at = end
        return tuple(ids)

    def plain(self, ids: Iterable[int], more: Iterable[str] = ()) -> set[int]:
        """Ids of these pieces, and of more words, as they can stand anywhere in a text."""
        some = [self._pieces[id_] for id_ in ids]
        texts = [piece.text.strip() for piece in some if not piece.inside] + [word.strip() for word in more]
        inside = {self.id_of(piece) for piece in some if piece.inside}
        return inside | {self.id_of(Piece(None, text)) for text in texts if text}

    def __call__(self, text: str, **_how: Any) -> dict[str, list[Any]]:
        ids, spans = self.pieces(text) if text.strip() else ([], [])
        return {"input_ids": ids, "offset_mapping": spans}

    def decode(self, ids: Iterable[int], **_how: Any) -> str:
        """The text of a row of ids; those below 0 are none."""
        return joined(self._pieces[int(id_)] for id_ in ids if id_ >= 0)

    def convert_ids_to_tokens(self, ids: Iterable[int] | int) -> Any:
        return self._pieces[ids].text if isinstance(ids, int) else [self._pieces[int(id_)].text for id_ in ids]

    def get_vocab(self) -> Mapping[str, int]:
        return {piece.text: id_ for id_, piece in reversed(list(enumerate(self._pieces)))}


class AnswerIds(PieceIds):
    """With one answer, whose tokens have the ids from 0 on, whatever their text; then comes its end."""

    def __init__(self, cut: Cut, answer: Sequence[str], mask: str | None = None) -> None:
        super().__init__(cut, (*answer, ""), mask)
        self.tokens = tuple(answer)
        self.eos_token_id: int = len(answer)  # type: ignore[assignment]
        self.all_special_ids = [self.eos_token_id]

    def answered(self, text: str) -> tuple[int, ...] | None:
        counts = range(len(self.tokens), 0, -1)
        return next((tuple(range(count)) for count in counts if "".join(self.tokens[:count]) == text), None)

    def split(self, row: Ids) -> tuple[str, int]:
        """The text in a row of ids, and how many of the answer's tokens stand behind it."""
        said = (row >= 0) & (row < len(self.tokens))
        return self.decode(row[~said & (row != self.eos_token_id)]), int(said.sum())


def cut_by(tokenizer: Any) -> Cut:
    """Where a tokenizer cuts texts, if there is one; else words.

    Raises:
        OptionError: it does not tell which characters its tokens have.
    """
    if tokenizer is None:
        return words

    def cut(text: str) -> list[Span]:
        try:
            coded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        except NotImplementedError as error:
            raise OptionError("This tokenizer does not tell which characters its tokens have.") from error
        return whole(text, [(int(start), int(end)) for start, end in coded["offset_mapping"]])

    return cut


def _said(text: str) -> Piece:
    return Piece("", text, inside=True)
