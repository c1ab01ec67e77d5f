"""Texts cut without a tokenizer, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokimp.models.splitting import Piece, joined, pieces, whole, words

SIGNS = st.sampled_from("ab  \n.,('-我é\u0301\u200d👍🏽🇫ไ")
TEXTS = st.text(st.one_of(SIGNS, st.characters()), min_size=1, max_size=20).filter(lambda text: bool(text.strip()))


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=5))
@example("  Hello,  world \n", [])
def test_pieces_put_together_are_the_text(text: str, drawn: list[tuple[int, int]]) -> None:
    """Whoever cuts: words, or tokens that overlap and leave gaps."""
    tokens = [(min(pair), min(max(pair), len(text))) for pair in drawn if min(pair) < len(text)]
    for spans in (words(text), whole(text, tokens)):
        found = pieces(text, spans)
        assert joined(piece for piece, _ in found) == text
        ends = [0, *(end for _, (_, end) in found)]
        assert [start for _, (start, _) in found] == ends[:-1]
        assert ends[-1] == len(text)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Don't stop: well-made.", ["Don't", "stop", ":", "well-made", "."]),
        ("Wait... what?!", ["Wait", "...", "what", "?", "!"]),
        ("我喜欢 the 猫", ["我", "喜", "欢", "the", "猫"]),
        ("मैंने नमस्ते", ["मैंने", "नमस्ते"]),
        ("👩‍👩‍👧🇫🇷🇩🇪 👍🏽e\u0301", ["👩‍👩‍👧", "🇫🇷", "🇩🇪", "👍🏽", "e\u0301"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
    ],
)
def test_where_words_are_cut(text: str, cut: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == cut


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("The film was good.", [0], "film was good."),
        ("The film was good.", [3], "The film was."),
        ("a  double space", [0], "double space"),
        ("left (right)", [1], "left right)"),  # what would grow together is kept apart
        ("我喜欢猫", [1, 2], "我猫"),
        ("one\ntwo\nthree", [1], "one\nthree"),
    ],
)
def test_what_is_left_keeps_its_own_white_space(text: str, gone: list[int], left: str) -> None:
    found = [piece for place, (piece, _) in enumerate(pieces(text, words(text))) if place not in gone]
    assert joined(found) == left


def test_another_word_stands_as_it_is_usual() -> None:
    mask = Piece(None, "[MASK]")
    for text, at, masked in (
        ("The film.", 1, "The [MASK]."),
        ("The film.", 0, "[MASK] film."),
        ("我喜欢", 1, "我[MASK]欢"),
        ("a (b)", 2, "a ([MASK])"),
    ):
        found = [piece for piece, _ in pieces(text, words(text))]
        found[at] = mask
        assert joined(found) == masked


def test_parts_of_a_word_stay_together() -> None:
    found = [piece for piece, _ in pieces("playing on", whole("playing on", [(0, 4), (4, 7), (8, 10)]))]
    assert [piece.inside for piece in found] == [False, True, False]
    assert joined(found[1:]) == "ing on"
