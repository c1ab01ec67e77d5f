"""Any object that encodes and decodes, as the rest of the package asks a tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from tokimp.errors import InputError, OptionError
from tokimp.models.alignment import Span, aligned, spans_of_decoded

KINDS = ("mask", "pad", "unk", "bos", "eos")
NAMES = ("{}_token_id", "{}_id", "{}_token")
SIZES = ("vocab_size", "n_vocab", "get_piece_size", "get_vocab_size")


class OwnTokenizer:
    """What `coder` encodes and decodes, with character offsets, special ids and pieces.

    coder: has `encode(text) -> ids` and `decode(ids) -> text`: SentencePiece, tiktoken, `tokenizers`, a
    character table of one's own. specials: ids by kind (mask, pad, unk, bos, eos); those that are not
    given are looked up among the coder's attributes. size: how many ids there are, where it does not tell.

    Raises:
        OptionError: it does not encode and decode, or there is no such special token.
    """

    is_fast = True
    chat_template = None

    def __init__(self, coder: Any, *, size: int | None = None, **specials: int) -> None:
        if not callable(getattr(coder, "encode", None)) or not callable(getattr(coder, "decode", None)):
            raise OptionError("A tokenizer has encode(text) and decode(ids).", "Wrap two functions: own_tokenizer.")
        if unknown := sorted(set(specials) - set(KINDS)):
            raise OptionError(f"There is no special token {unknown[0]!r}.", f"There are: {', '.join(KINDS)}.")
        self._coder = coder
        self._size = size
        self._specials = {kind: specials.get(kind, _found(coder, kind)) for kind in KINDS}
        for kind, id_ in self._specials.items():
            setattr(self, f"{kind}_token_id", id_)
            setattr(self, f"{kind}_token", None if id_ is None else self._piece(id_))
        others = getattr(coder, "all_special_ids", ())
        self.all_special_ids: list[int] = sorted(
            {*others, *(id_ for id_ in self._specials.values() if id_ is not None)}
        )
        self.added_tokens_decoder: dict[int, str] = {}

    mask_token_id: int | None
    pad_token_id: int | None
    unk_token_id: int | None
    bos_token_id: int | None
    eos_token_id: int | None
    mask_token: str | None
    unk_token: str | None

    def __len__(self) -> int:
        return self._vocabulary_size

    def __call__(self, text: str, add_special_tokens: bool = True, **_how: Any) -> dict[str, list[Any]]:
        """`input_ids` and `offset_mapping`, as transformers' tokenizers give them."""
        parts = [text]
        if self.mask_token and self.mask_token_id is not None:  # typed masks are no letters to be encoded
            parts = text.split(self.mask_token)
        ids: list[int] = []
        offsets: list[Span] = []
        start = 0
        for place, part in enumerate(parts):
            if place:
                ids.append(self.mask_token_id or 0)
                offsets.append((start, start + len(self.mask_token or "")))
                start = offsets[-1][1]
            if part or len(parts) == 1:
                some = self._ids(part)
                offsets += [(start + one, start + end) for one, end in self._spans(part, some)]
                ids += some
            start += len(part)
        if not add_special_tokens:
            kept = [i for i, span in enumerate(offsets) if span[0] < span[1] or ids[i] not in self.all_special_ids]
            ids, offsets = [ids[i] for i in kept], [offsets[i] for i in kept]
        return {"input_ids": ids, "offset_mapping": offsets}

    def decode(self, ids: Iterable[int] | int, **_how: Any) -> str:
        listed = [ids] if isinstance(ids, int) else [int(id_) for id_ in ids]
        return str(self._coder.decode(listed))

    def convert_ids_to_tokens(self, ids: Iterable[int] | int) -> Any:
        return self._piece(ids) if isinstance(ids, int) else [self._piece(int(id_)) for id_ in ids]

    def get_vocab(self) -> Mapping[str, int]:
        return self._vocabulary

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        return {self._piece(id_): id_ for id_ in reversed(range(len(self)))}

    @cached_property
    def _vocabulary_size(self) -> int:
        if self._size is not None:
            return self._size
        for name in SIZES:
            found = getattr(self._coder, name, None)
            found = found() if callable(found) else found
            if isinstance(found, int):
                return found
        if hasattr(self._coder, "__len__"):
            return len(self._coder)
        raise OptionError("It cannot be told how many tokens this tokenizer has.", "own_tokenizer(…, size=…)")

    def told_size(self, size: int) -> None:
        """How many ids there are, from whoever else knows; a size of its own goes before."""
        try:
            _ = self._vocabulary_size
        except OptionError:
            self._size = size

    def _ids(self, text: str) -> list[int]:
        plain = getattr(self._coder, "encode_ordinary", None)  # tiktoken's: names of special tokens are letters
        try:
            found = plain(text) if plain is not None else self._coder.encode(text)
        except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
            raise InputError(
                f"This tokenizer cannot encode the text: {type(error).__name__}: {error}",
                "Use characters that it knows.",
            ) from error
        found = getattr(found, "ids", found)
        try:
            return [int(id_) for id_ in found]
        except (TypeError, ValueError) as error:
            raise OptionError(
                "This tokenizer's encode(text) gives no ids.", "It should give a list of numbers."
            ) from error

    def _spans(self, text: str, ids: Sequence[int]) -> list[Span]:
        for way in (of_sentencepiece, _of_tokenizers, _of_bytes):
            found = way(self._coder, text, ids)
            if found is not None:
                return found
        decoded, parts = spans_of_decoded(self.decode, ids, frozenset(self.all_special_ids))
        return aligned(text, decoded, parts)

    def _piece(self, id_: int) -> str:
        for name in ("id_to_piece", "id_to_token", "convert_ids_to_tokens"):
            tell = getattr(self._coder, name, None)
            if callable(tell):
                try:
                    return str(tell(id_))
                except (IndexError, KeyError, ValueError):
                    break
        return self.decode([id_])


def own_tokenizer(
    encode: Callable[[str], Sequence[int]] | Any,
    decode: Callable[[Sequence[int]], str] | None = None,
    *,
    size: int | None = None,
    **specials: int,
) -> OwnTokenizer:
    """A tokenizer of two functions, or of one object that has both, for `load((module, tokenizer), task=…)`.

    `specials` are ids by kind: mask, pad, unk, bos, eos. `size` is how many ids there are.

    Raises:
        OptionError: it does not encode and decode, or there is no such special token.
    """
    return OwnTokenizer(encode if decode is None else _Functions(encode, decode), size=size, **specials)


class _Functions:
    def __init__(self, encode: Callable[[str], Sequence[int]], decode: Callable[[Sequence[int]], str]) -> None:
        self.encode, self.decode = encode, decode


def _found(coder: Any, kind: str) -> int | None:
    """The special id that the object tells of, under one of the usual names; −1 is SentencePiece's none."""
    for name in (*(name.format(kind) for name in NAMES), *(["eot_token"] if kind == "eos" else [])):
        found = getattr(coder, name, None)
        found = found() if callable(found) else found
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None


def of_sentencepiece(coder: Any, text: str, ids: Sequence[int]) -> list[Span] | None:
    """Offsets as SentencePiece gives them, by its older or its newer name; some versions count in bytes."""
    if not hasattr(coder, "serialized_model_proto"):
        return None
    try:
        found = coder.encode(text, return_type="proto").pieces
    except (TypeError, ValueError):
        found = coder.encode(text, out_type="immutable_proto").pieces
    if [piece.id for piece in found] != list(ids):
        return None
    raw = text.encode()
    spans = [(int(piece.begin), int(piece.end)) for piece in found]
    if len(raw) > len(text) and all(
        raw[start:end] == piece.surface.encode() for (start, end), piece in zip(spans, found, strict=True)
    ):
        return _characters(raw, spans)
    return spans


def _of_tokenizers(coder: Any, text: str, ids: Sequence[int]) -> list[Span] | None:
    """Offsets of the `tokenizers` library."""
    found = coder.encode(text) if hasattr(coder, "id_to_token") else None
    if not hasattr(found, "offsets") or list(getattr(found, "ids", ())) != list(ids):
        return None
    return [(int(start), int(end)) for start, end in getattr(found, "offsets", ())]


def _of_bytes(coder: Any, text: str, ids: Sequence[int]) -> list[Span] | None:
    """Offsets of tokenizers that cut bytes, tiktoken's way."""
    if not hasattr(coder, "decode_single_token_bytes"):
        return None
    raw, spans, at = text.encode(), [], 0
    for id_ in ids:
        length = len(coder.decode_single_token_bytes(id_))
        spans.append((at, at + length))
        at += length
    return _characters(raw, spans) if at == len(raw) else None


def _characters(raw: bytes, spans: Sequence[Span]) -> list[Span]:
    """Ranges of bytes → of the characters that they touch."""
    begins = [at for at, byte in enumerate(raw) if byte & 0xC0 != 0x80]
    place = [0] * (len(raw) + 1)
    for number, begin in enumerate(begins):
        end = begins[number + 1] if number + 1 < len(begins) else len(raw)
        place[begin:end] = [number] * (end - begin)
    place[len(raw)] = len(begins)
    return [(place[start], place[end - 1] + 1 if end > start else place[start]) for start, end in spans]
