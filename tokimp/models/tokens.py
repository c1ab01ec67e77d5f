"""Ids ↔ characters: what a token looks like to the person who typed the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tokimp.errors import EmptyTextError, OptionError, TextTooLongError, UnsupportedModelError
from tokimp.types import Role, Token
from tokimp.units import place

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = npt.NDArray[np.int64]
KEPT = ("template", "pinned")  # segments that masking never touches
SPOKEN = ("template", "system", "user", "assistant")  # segments of a text that a chat template wrote
MASK_SPELLINGS = re.compile(r"\[MASK\]|<mask>")


@dataclass(frozen=True)
class Encoded:
    """A text as its model reads it.

    ids (token,); fixed (token,): True where masking must not touch a token (all special ones);
    masks: positions of the mask tokens, in order; source: how many first tokens an encoder reads,
    whose decoder reads all others (0 without an encoder), of which it begins with the first `begins`;
    prompt: how many tokens are not generated; written: how many stand before the answer's first.
    `text` has what was generated behind the text.
    """

    text: str
    ids: Ids
    tokens: tuple[Token, ...]
    fixed: npt.NDArray[np.bool_]
    masks: tuple[int, ...] = ()
    source: int = 0
    begins: int = 0

    def __len__(self) -> int:
        return len(self.tokens)

    def until(self, count: int) -> Encoded:
        """The first `count` tokens alone, and the text that they cover."""
        if count == len(self):
            return self
        masks = tuple(place for place in self.masks if place < count)
        text = self.text[: self.tokens[count].start]
        return replace(
            self, text=text, ids=self.ids[:count], tokens=self.tokens[:count], fixed=self.fixed[:count], masks=masks
        )

    @property
    def prompt(self) -> int:
        return sum(token.segment != "generated" for token in self.tokens)

    @property
    def written(self) -> int:
        return self.prompt + self.begins

    @property
    def free(self) -> npt.NDArray[np.int64]:
        """Positions that masking may touch."""
        return np.flatnonzero(~self.fixed)


def encode_text(
    tokenizer: PreTrainedTokenizerBase, text: str, limit: int, masked: bool = False, templated: bool = False
) -> Encoded:
    """The tokens of a text, with the special tokens that the tokenizer adds.

    With `masked`, "[MASK]" and "<mask>" both mean the tokenizer's own mask token. A `templated` text has
    its special tokens already: none is added.

    Raises:
        EmptyTextError: nothing but white space.
        TextTooLongError: more than `limit` tokens.
    """
    if not text.strip():
        raise EmptyTextError("There is no text yet.", "Type or paste one.")
    if not tokenizer.is_fast:
        raise UnsupportedModelError("This tokenizer cannot tell which characters belong to a token.")
    spelled, back = _own_masks(text, str(tokenizer.mask_token)) if masked else (text, None)
    coded = tokenizer(
        spelled,
        add_special_tokens=not templated,
        return_offsets_mapping=True,
        truncation=False,
        padding=False,
        verbose=False,
    )
    ids = np.array(coded["input_ids"], dtype=np.int64)
    if len(ids) > limit:
        raise TextTooLongError(f"The text has {len(ids)} tokens; {limit} are the limit here.", "Shorten it.")
    if not len(ids):
        raise EmptyTextError("No token is left of this text.", "Type something else.")
    offsets = [(int(start), int(end)) for start, end in coded["offset_mapping"]]
    if back is not None:
        offsets = [(int(back[start]), int(back[end])) for start, end in offsets]
    special = _special(tokenizer, text, ids, offsets)
    tokens = tuple(_tokens(tokenizer, text, ids, offsets, special))
    masks = tuple(np.flatnonzero(ids == tokenizer.mask_token_id).tolist()) if masked else ()
    return Encoded(text, ids, tokens, special, masks)


def expand_mask(inputs: Encoded, position: int, count: int) -> Encoded:
    """The same text with `count` masks in a row where there was one: room for a word of several tokens."""
    if count == 1:
        return inputs
    repeat = np.ones(len(inputs), dtype=np.int64)
    repeat[position] = count
    order = np.repeat(np.arange(len(inputs)), repeat)
    tokens = [inputs.tokens[i] for i in order]
    for extra in range(position + 1, position + count):
        tokens[extra] = replace(tokens[extra], text="", start=tokens[extra].end)
    masks = tuple(np.flatnonzero(np.isin(order, inputs.masks)).tolist())
    return Encoded(inputs.text, inputs.ids[order], tuple(tokens), inputs.fixed[order], masks)


def with_generated(
    tokenizer: PreTrainedTokenizerBase, inputs: Encoded, generated: Sequence[int], starts: Sequence[int] = ()
) -> Encoded:
    """The same text with ids behind it as the model's own words.

    `starts` are the ids that a decoder of its own begins with, which depend on no text and so are special; all
    that stands before them is an encoder's.
    """
    ids = np.array(generated, dtype=np.int64)
    before = [] if starts else inputs.ids[-1:].tolist()
    shown = _grown(tokenizer, before, ids.tolist())
    special = np.isin(ids, tokenizer.all_special_ids)
    tokens, text = list(inputs.tokens), inputs.text
    for start in starts:
        piece = str(tokenizer.convert_ids_to_tokens(start))
        tokens.append(Token(piece, start, len(text), len(text), special=True, segment="generated"))
    for id_, part, added in zip(ids.tolist(), shown, special, strict=True):
        piece = str(tokenizer.convert_ids_to_tokens(id_)) if added else part
        end = len(text) + (0 if added else len(part))
        tokens.append(Token(piece, id_, len(text), end, special=bool(added), segment="generated"))
        text += "" if added else part
    return Encoded(
        text,
        np.r_[inputs.ids, np.array(starts, dtype=np.int64), ids],
        tuple(tokens),
        np.r_[inputs.fixed, np.ones(len(starts), dtype=bool), special],
        inputs.masks,
        len(inputs) if starts else 0,
        len(starts),
    )


def check_ids(ids: Sequence[int], vocabulary: int) -> None:
    """Raises OptionError where one is no token of a vocabulary of that size."""
    if strange := [id_ for id_ in ids if not 0 <= id_ < vocabulary]:
        raise OptionError(f"There is no token {strange[0]}.", f"The model has tokens 0 to {vocabulary - 1}.")


def check_room(inputs: Encoded, most: int) -> None:
    """Raises TextTooLongError where the answer does not fit: with an encoder it has a line of its own."""
    if len(inputs) - inputs.source <= most:
        return
    if not inputs.source:
        found = f"With what was generated, these are {len(inputs)} tokens; {most} are the limit here."
        raise TextTooLongError(found, "Shorten it.")
    answer, begins = len(inputs) - inputs.written, inputs.written - inputs.source
    found = f"The answer has {answer} tokens, behind {begins} that it begins with; {most} are the limit here."
    raise TextTooLongError(found, "Shorten the answer: the text fits.")


def is_templated(roles: Sequence[Role]) -> bool:
    """Whether a chat template wrote the text in which these ranges stand."""
    return any(segment in SPOKEN for _, _, segment in roles)


def with_roles(inputs: Encoded, roles: Sequence[Role]) -> Encoded:
    """The same tokens, each in the segment that its first typed character has; templates and pinned ones are fixed.

    What was generated stays that, and can be pinned by its place behind the text.
    """
    if not roles:
        return inputs
    tokens, fixed = list(inputs.tokens), inputs.fixed.copy()
    for i, token in enumerate(tokens):
        at = place(inputs.text, token)
        for start, end, segment in roles:
            if start <= at < end:
                fixed[i] |= segment in KEPT
                if token.segment != "generated":
                    tokens[i] = replace(token, segment=segment)
    return replace(inputs, tokens=tuple(tokens), fixed=fixed)


def _grown(tokenizer: PreTrainedTokenizerBase, before: Sequence[int], ids: Sequence[int]) -> list[str]:
    """What each of the ids adds to the text that is shown; a piece of a character adds all of it or nothing."""
    shown: list[str] = []
    last = display(tokenizer, before) if before else ""
    for count in range(1, len(ids) + 1):
        whole = display(tokenizer, [*before, *ids[:count]])
        if whole.endswith("\ufffd") and count < len(ids):  # the rest of the character is still to come
            shown.append("")
            continue
        shown.append(whole[len(last) :])
        last = whole
    return shown


def display(tokenizer: PreTrainedTokenizerBase, ids: Iterable[int]) -> str:
    """The text of ids as it would stand in a sentence, with its leading space."""
    ids = list(ids)
    pieces = [piece for piece in tokenizer.convert_ids_to_tokens(ids) if piece is not None]
    text = str(tokenizer.decode(ids, clean_up_tokenization_spaces=False))
    dropped = bool(pieces) and pieces[0].startswith("▁") and not text.startswith(" ")
    return f" {text}" if dropped else text  # SentencePiece decoders drop the space of a first word


def _own_masks(text: str, own: str) -> tuple[str, Ids]:
    """The text with each mask spelt as the tokenizer spells it, and the way back to the typed characters."""
    spelled, back, last = "", [], 0
    for match in MASK_SPELLINGS.finditer(text):
        spelled += text[last : match.start()] + own
        back += [*range(last, match.start()), match.start(), *[match.end()] * (len(own) - 1)]
        last = match.end()
    back += range(last, len(text) + 1)
    return spelled + text[last:], np.array(back, dtype=np.int64)


def _special(
    tokenizer: PreTrainedTokenizerBase, text: str, ids: Ids, offsets: list[tuple[int, int]]
) -> npt.NDArray[np.bool_]:
    """Which tokens are special: not a word that merely is unknown to the vocabulary."""
    special = np.isin(ids, tokenizer.all_special_ids)
    for i in np.flatnonzero(special & (ids == tokenizer.unk_token_id)):
        start, end = offsets[i]
        special[i] = start == end or text[start:end] == tokenizer.unk_token
    return special


def _tokens(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    ids: Ids,
    offsets: list[tuple[int, int]],
    special: npt.NDArray[np.bool_],
) -> Iterable[Token]:
    claimed = 0
    for id_, (start, end), is_special in zip(ids.tolist(), offsets, special.tolist(), strict=True):
        piece = str(tokenizer.convert_ids_to_tokens(id_))
        if start == end or _holds_nothing(piece, text[start:end]):
            yield Token(piece if is_special else "", id_, claimed, claimed, special=is_special)
            continue
        # Pieces of one character share its range: the first piece shows it, the others nothing.
        yield Token(text[max(start, claimed) : max(end, claimed)], id_, start, end, special=is_special)
        claimed = max(claimed, end)


def _holds_nothing(piece: str, typed: str) -> bool:
    """A bare start-of-word marker put in front of a first word: its offsets are those of the word's first character."""
    return piece in ("▁", "Ġ") and not typed.isspace() and typed != piece
