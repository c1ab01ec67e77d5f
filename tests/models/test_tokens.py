"""Tokens read as typed, whatever the tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests import models
from tests.tiny_tokenizers import word_pieces
from tokimp.errors import EmptyTextError, TextTooLongError, UnsupportedModelError
from tokimp.models.tokens import Encoded, display, encode_text, expand_mask

BUILT = {build.__name__: build() for build in dict.fromkeys(models.TOKENIZERS.values())}
EVERY = pytest.mark.parametrize("name", BUILT)
MASKING = pytest.mark.parametrize("name", [name for name, each in BUILT.items() if each.mask_token is not None])
BYTES = pytest.mark.parametrize("name", ["byte_pairs", "byte_pairs_behind_start"])
WEIRD = "The film\n was\t\tnot  good 😀 你好 مرحبا un\u0301 naïve 🇫🇷👨‍👩‍👧 ▁ Ġ </s> [SEP] [UNK]\r\n"


def encode(name: str, text: str, masked: bool = False) -> Encoded:
    return encode_text(BUILT[name], text, 10_000, masked)


def shown(inputs: Encoded) -> list[str]:
    return [token.text for token in inputs.tokens if not token.special]


def with_gaps(inputs: Encoded) -> str:
    """The tokens' texts in order, with the characters between them that belong to no token."""
    text, claimed = "", 0
    for token in inputs.tokens:
        if token.start < token.end:
            text += inputs.text[claimed : max(token.start, claimed)] + token.text
            claimed = max(claimed, token.end)
    return text + inputs.text[claimed:]


@EVERY
@given(text=st.text(min_size=1, max_size=40).filter(str.strip))
@example(text=WEIRD)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_texts_and_gaps_give_what_was_typed(name: str, text: str) -> None:
    try:
        inputs = encode(name, text)
    except EmptyTextError:  # BERT's normaliser drops control characters
        return
    assert with_gaps(inputs) == text
    starts = [token.start for token in inputs.tokens]
    assert starts == sorted(starts)
    assert all(0 <= token.start <= token.end <= len(text) for token in inputs.tokens)
    assert [token.id for token in inputs.tokens] == BUILT[name](text, verbose=False)["input_ids"]


@BYTES
@given(text=st.text(min_size=1, max_size=40).filter(str.strip))
@example(text=WEIRD)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_byte_level_tokens_leave_no_gap(name: str, text: str) -> None:
    inputs = encode(name, text)
    assert "".join(token.text for token in inputs.tokens if token.start < token.end) == text


@MASKING
@given(parts=st.lists(st.sampled_from(["[MASK]", "<mask>", "good", " ", "\n", "你", "😀", "bad "]), min_size=1))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_typed_masks_keep_their_characters(name: str, parts: list[str]) -> None:
    text = "a" + "".join(parts)
    inputs = encode(name, text, masked=True)
    assert with_gaps(inputs) == text
    typed = [part for part in parts if part in ("[MASK]", "<mask>")]
    assert [inputs.tokens[i].text.strip() for i in inputs.masks] == typed
    for i in inputs.masks:
        assert text[inputs.tokens[i].start : inputs.tokens[i].end].strip() in ("[MASK]", "<mask>")


def test_offsets_of_word_pieces() -> None:
    inputs = encode("word_pieces", "The  film\n\twas naïve!")
    found = [(token.text, token.start, token.end) for token in inputs.tokens]
    assert found == [
        ("[CLS]", 0, 0),
        ("The", 0, 3),
        ("film", 5, 9),
        ("was", 11, 14),
        *[(letter, 15 + i, 16 + i) for i, letter in enumerate("naïve")],
        ("!", 20, 21),
        ("[SEP]", 21, 21),
    ]


def test_newlines_tabs_and_double_spaces_belong_to_byte_tokens() -> None:
    assert shown(encode("byte_pairs", "bad\n was\t\tnot  good")) == [
        "bad",
        "\n",
        " was",
        "\t",
        "\t",
        "not",
        " ",
        " good",
    ]


@BYTES
def test_an_emoji_of_four_byte_tokens_is_shown_once(name: str) -> None:
    emoji = [token for token in encode(name, "good 😀 bad").tokens if (token.start, token.end) == (5, 6)]
    assert [token.text for token in emoji] == ["😀", "", "", ""]


def test_bytes_of_sentence_pieces_share_their_character() -> None:
    assert shown(encode("sentence_pieces", "good 😀")) == ["good", " ", "😀", "", "", ""]


@pytest.mark.parametrize("name", ["sentence_pieces", "sentence_pieces_in_brackets"])
def test_a_marker_in_front_of_the_first_word_shows_nothing(name: str) -> None:
    tokenizer = BUILT[name]
    marker, character = encode(name, "你 good").tokens[1:3]
    assert tokenizer.convert_ids_to_tokens([marker.id, character.id]) == ["▁", "你"]
    assert (marker.text, marker.start, marker.end) == ("", 0, 0)
    assert (character.text, character.start, character.end) == ("你", 0, 1)


def test_a_typed_marker_shows_itself() -> None:
    assert "".join(shown(encode("sentence_pieces", "good ▁ bad"))) == "good ▁ bad"


@BYTES
def test_right_to_left_text_reads_in_the_order_typed(name: str) -> None:
    texts = shown(encode(name, "مرحبا good"))
    assert "".join(texts) == "مرحبا good"
    assert [text for text in texts if text][:5] == list("مرحبا")


@pytest.mark.parametrize("name", ["word_pieces", "sentence_pieces_in_brackets"])
def test_an_unknown_word_is_no_special_token(name: str) -> None:
    tokenizer = BUILT[name]
    inputs = encode(name, "good 😀 bad")
    (unknown,) = [i for i, id_ in enumerate(inputs.ids) if id_ == tokenizer.unk_token_id]
    assert inputs.tokens[unknown].text == "😀"
    assert not inputs.tokens[unknown].special
    assert unknown in inputs.free


def test_a_typed_special_token_is_special() -> None:
    tokens = encode("word_pieces", "good [SEP] bad [UNK]").tokens
    assert [(token.text, token.start, token.special) for token in tokens[1:-1]] == [
        ("good", 0, False),
        ("[SEP]", 5, True),
        ("bad", 11, False),
        ("[UNK]", 15, True),
    ]


@EVERY
def test_added_tokens_are_special_fixed_and_have_no_characters(name: str) -> None:
    inputs = encode(name, "good film")
    added = [i for i, token in enumerate(inputs.tokens) if token.special]
    counts = {"byte_pairs": 0, "byte_pairs_behind_start": 1, "sentence_pieces": 1, "sentence_pieces_with_end": 1}
    assert len(added) == counts.get(name, 2)
    for i in added:
        token = inputs.tokens[i]
        assert token.start == token.end
        assert token.text == BUILT[name].convert_ids_to_tokens(token.id)
        assert inputs.fixed[i]
    assert len(inputs.free) + len(added) == len(inputs) == len(inputs.tokens)


@MASKING
def test_both_spellings_mean_the_mask(name: str) -> None:
    text = "good [MASK] and <mask>."
    inputs = encode(name, text, masked=True)
    assert [inputs.ids[i] for i in inputs.masks] == [BUILT[name].mask_token_id] * 2
    ends = [(inputs.tokens[i].text, inputs.tokens[i].end) for i in inputs.masks]
    assert ends == [("[MASK]", 11), ("<mask>", 22)]
    assert inputs.fixed[list(inputs.masks)].all()


def test_a_mask_is_only_a_mask_where_masks_are_filled() -> None:
    assert encode("byte_pairs_in_brackets", "good [MASK]").masks == ()
    assert encode("word_pieces", "good [MASK]", masked=False).masks == ()


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
@EVERY
def test_nothing_typed(name: str, text: str) -> None:
    with pytest.raises(EmptyTextError, match="no text yet"):
        encode(name, text)


def test_nothing_left_by_the_tokenizer() -> None:
    bare = word_pieces()
    bare.backend_tokenizer.post_processor = None
    with pytest.raises(EmptyTextError, match="No token is left"):
        encode_text(bare, "\u0000", 10)


def test_the_limit_counts_special_tokens() -> None:
    assert len(encode_text(BUILT["word_pieces"], "good bad", 4)) == 4
    with pytest.raises(TextTooLongError, match="4 tokens; 3 are the limit"):
        encode_text(BUILT["word_pieces"], "good bad", 3)


def test_a_tokenizer_without_offsets_is_refused() -> None:
    class Slow(PreTrainedTokenizerFast):
        is_fast = False

    with pytest.raises(UnsupportedModelError):
        encode_text(Slow(tokenizer_object=BUILT["byte_pairs"].backend_tokenizer), "good", 10)


def test_a_mask_grows_to_as_many_as_are_needed() -> None:
    inputs = encode("word_pieces", "[MASK] not [MASK] good", masked=True)
    assert expand_mask(inputs, 3, 1) is inputs
    grown = expand_mask(inputs, 3, 3)
    mask = BUILT["word_pieces"].mask_token_id
    assert grown.ids.tolist() == [*inputs.ids[:3], mask, mask, mask, *inputs.ids[4:]]
    assert grown.masks == (1, 3, 4, 5)
    assert [token.text for token in grown.tokens[3:6]] == ["[MASK]", "", ""]
    assert [(token.start, token.end) for token in grown.tokens[3:6]] == [(11, 17), (17, 17), (17, 17)]
    assert grown.fixed[list(grown.masks)].all()
    assert with_gaps(grown) == inputs.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("byte_pairs", " girl"),
        ("byte_pairs", "girl"),
        ("byte_pairs_in_brackets", " good film"),
        ("sentence_pieces", " girl"),
        ("sentence_pieces_in_brackets", " girl"),
        ("byte_pairs", " 😀"),
    ],
)
def test_a_word_is_shown_with_its_space(name: str, text: str) -> None:
    ids = BUILT[name](text, add_special_tokens=False)["input_ids"]
    assert display(BUILT[name], ids) == text


def test_pieces_of_a_word_are_shown_without_their_marker() -> None:
    tokenizer = BUILT["word_pieces"]
    assert display(tokenizer, tokenizer.convert_tokens_to_ids(["good", "##s"])) == "goods"
