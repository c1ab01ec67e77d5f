"""Tokenizers that only encode and decode: whose characters each token has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.own.notebook import Letters
from tests.own.pieces import sentence_pieces
from tokimp.errors import EmptyTextError, InputError, OptionError
from tokimp.models.own_tokenizers import OwnTokenizer, own_tokenizer
from tokimp.models.tokens import encode_text

TEXTS = (
    "The film was good.",
    "  two  spaces\nand lines\n",
    "👍🏽 was e\u0301 good",
    "我喜欢猫 and 电影",
    "مرحبا بالعالم was",
)


class Bytes:
    """tiktoken's way: each byte is a token, and the object tells of bytes."""

    n_vocab = 257
    eot_token = 256

    def encode_ordinary(self, text: str) -> list[int]:
        return list(text.encode())

    encode = encode_ordinary

    def decode(self, ids: list[int]) -> str:
        return bytes(id_ for id_ in ids if id_ < 256).decode(errors="replace")

    def decode_single_token_bytes(self, id_: int) -> bytes:
        return bytes([id_])


class OnlyBytes:
    """The same without telling of bytes: nothing but what beginnings decode to."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode(errors="replace")


class Lower:
    """Words, in lower case and joined by one space: what is decoded is not what was typed."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def encode(self, text: str) -> list[int]:
        for word in text.lower().split():
            if word not in self.words:
                self.words.append(word)
        return [self.words.index(word) for word in text.lower().split()]

    def decode(self, ids: list[int]) -> str:
        return " ".join(self.words[id_] for id_ in ids)


def shown(coder: Any, text: str) -> list[str]:
    return [token.text for token in encode_text(OwnTokenizer(coder, size=400), text, 500).tokens]


@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_sentencepiece_stand_where_their_characters_are(text: str, fallback: bool) -> None:
    coder = sentence_pieces(fallback)
    inputs = encode_text(OwnTokenizer(coder), text, 500)
    assert inputs.ids.tolist() == coder.encode(text)
    assert "".join(token.text for token in inputs.tokens).split() == text.split()
    for token in inputs.tokens:
        piece = coder.id_to_piece(token.id).replace("▁", " ")
        assert 0 <= token.start <= token.end <= len(text)
        if token.end > token.start and not piece.startswith("<"):
            assert text[token.start : token.end].split() == piece.split()
    starts = [token.start for token in inputs.tokens]
    assert starts == sorted(starts)


def test_pieces_have_the_space_that_they_stand_for() -> None:
    assert shown(sentence_pieces(), "The film was good.")[:3] == ["The", " film", " was"]


def test_bytes_of_one_character_share_it() -> None:
    for coder in (Bytes(), OnlyBytes()):
        inputs = encode_text(OwnTokenizer(coder, size=257), "a我\n👍", 50)
        assert [token.text for token in inputs.tokens] == ["a", "我", "", "", "\n", "👍", "", "", ""]
        assert {(token.start, token.end) for token in inputs.tokens[1:4]} == {(1, 2)}
        assert {(token.start, token.end) for token in inputs.tokens[5:]} == {(3, 4)}


@pytest.mark.parametrize("text", ["The Film WAS", "  The   film\nwas ", "ÉTÉ ﬁlm"])
def test_what_is_decoded_otherwise_is_found_in_the_text(text: str) -> None:
    assert [part.strip() for part in shown(Lower(), text)] == text.split()


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: bool(text.strip())))
def test_every_character_of_bytes_is_shown_once(text: str) -> None:
    for coder in (Bytes(), OnlyBytes()):
        assert "".join(shown(coder, text)) in (text, text.replace("\ufffd", ""))


def test_special_ids_are_looked_up_or_given() -> None:
    assert (OwnTokenizer(Bytes()).eos_token_id, OwnTokenizer(Bytes()).mask_token_id) == (256, None)
    pieces = OwnTokenizer(sentence_pieces())
    assert (pieces.unk_token_id, pieces.bos_token_id, pieces.eos_token_id, pieces.pad_token_id) == (0, 1, 2, None)
    assert len(pieces) == sentence_pieces().vocab_size()
    letters = own_tokenizer(Letters("abc_").encode, Letters("abc_").decode, size=4, mask=Letters("abc_").stoi["_"])
    assert letters.mask_token == "_"
    inputs = encode_text(letters, "ab_c", 9, masked=True)
    assert (inputs.masks, inputs.fixed.tolist()) == ((2,), [False, False, True, False])
    assert np.array_equal(inputs.ids, Letters("abc_").encode("ab_c"))


def test_what_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(OptionError, match="encode"):
        OwnTokenizer(object())
    with pytest.raises(OptionError, match="no special token 'cls'"):
        own_tokenizer(Letters("ab"), cls=1)
    with pytest.raises(OptionError, match="how many tokens"):
        len(OwnTokenizer(OnlyBytes()))
    with pytest.raises(InputError, match="KeyError: 'x'"):
        encode_text(OwnTokenizer(Letters("ab")), "x", 9)
    with pytest.raises(EmptyTextError):
        encode_text(OwnTokenizer(Letters("ab")), "  ", 9)
