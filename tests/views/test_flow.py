"""Tokens in lines: nothing overlaps, words stay whole, and scripts run in their direction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import HOSTILE, explain, hostile, tokens_of
from tokimp.types import Explanation, Token
from tokimp.views.flow import Box, lines_of
from tokimp.views.letters import clusters, estimated_width

SIZE = 10.0
HEBREW = "שלום עולם 12 end"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(" \n\tשלםعرب日本👩\u200d\u0301ab12.,")), max_size=80)


def laid_out(explanation: Explanation, width: float = 200.0) -> list[list[Box]]:
    return lines_of(explanation, estimated_width, SIZE, width)


def texts(line: list[Box]) -> list[str]:
    return [box.text for box in line]


def of_pieces(*pieces: str) -> Explanation:
    """An explanation of these tokens, one behind the other."""
    starts = [sum(map(len, pieces[:place])) for place in range(len(pieces))]
    tokens = [Token(text, 1, start, start + len(text)) for text, start in zip(pieces, starts, strict=True)]
    return explain("".join(pieces), tokens, [1.0] * len(pieces))


@given(TEXTS, st.sampled_from([30.0, 90.0, 400.0]))
def test_nothing_overlaps_and_nothing_leaves_the_line(text: str, width: float) -> None:
    for line in laid_out(explain(text), width):
        edge = 0.0
        for box in line:
            assert box.x >= edge - 1e-6
            assert box.width > 0
            edge = box.x + box.width
        assert edge <= width + 1e-6


@given(st.text(st.sampled_from("abc de,\n()12é日"), max_size=60))
def test_every_letter_is_drawn_in_its_order(text: str) -> None:
    marks = {"⏎", "·"}
    drawn = [each for line in laid_out(explain(text), 60.0) for each in texts(line) if each not in marks]
    assert "".join(drawn).replace(" ", "") == "".join(text.split())


def test_words_of_several_tokens_stay_together() -> None:
    lines = laid_out(of_pieces("one", " un", "break", "able", " two"), 70.0)
    assert [texts(line) for line in lines] == [["one"], ["un", "break", "able"], ["two"]]


def test_a_token_wider_than_a_line_is_cut_between_letters() -> None:
    lines = laid_out(of_pieces("e\u0301" * 40), 50.0)
    assert len(lines) > 2
    assert "".join(text for line in lines for text in texts(line)) == "e\u0301" * 40
    assert all(not box.text.startswith("\u0301") for line in lines for box in line)


def test_lines_break_where_they_were_broken_and_keep_one_empty_line() -> None:
    explanation = explain("a\nb\n\n\n\nc\n", scores=[1, 0, 1, 0, 0, 0, 0, 1, 0])
    assert [texts(line) for line in laid_out(explanation)] == [["a"], ["b"], [], ["c"]]


def test_a_line_break_with_a_score_can_be_seen() -> None:
    assert [texts(line) for line in laid_out(explain("a\nb", scores=[0, 1, 0]))] == [["a", "⏎"], ["b"]]


def test_text_from_right_to_left_begins_on_the_right() -> None:
    (line,) = laid_out(of_pieces("שלום", " עולם"))
    assert texts(line) == ["עולם", "שלום"]
    assert [box.rtl for box in line] == [True, True]
    assert line[-1].x + line[-1].width == pytest.approx(200.0)


def test_numbers_and_latin_words_keep_their_direction_within() -> None:
    (line,) = laid_out(of_pieces("שלום", " עולם", " 1", "2", " the", " end", "."))
    assert texts(line) == [".", "the", "end", "1", "2", "עולם", "שלום"]
    assert not any(box.rtl for box in line[1:5])


def test_a_hebrew_phrase_within_english_turns_around_alone() -> None:
    (line,) = laid_out(of_pieces("so", " שלום", " 7", " עולם", " ends"))
    assert texts(line) == ["so", "עולם", "7", "שלום", "ends"]
    assert line[0].x == 0


def test_arabic_letters_are_joined_across_tokens() -> None:
    (line,) = laid_out(of_pieces("مر", "حبا", " بك"))
    assert texts(line) == ["بك", "\u200dحبا", "مر\u200d"]


def test_marks_without_a_letter_take_a_narrow_bar() -> None:
    (line,) = laid_out(of_pieces("a", "\u202e", "\u0301"))
    assert [(box.text, box.width) for box in line[1:]] == [("", 3.0), ("", 3.0)]


def test_the_tokenizers_own_tokens_are_smaller() -> None:
    first = laid_out(hostile())[0][0]
    assert first.text == "[CLS]"
    assert first.size < SIZE
    assert first.letters < first.width


def test_emoji_and_letters_with_marks_are_one_each() -> None:
    assert clusters("e\u0301👩\u200d👧👍\U0001f3fe!") == ["e\u0301", "👩\u200d👧", "👍\U0001f3fe", "!"]
    assert estimated_width("👩\u200d👧", 1.0) == estimated_width("👩", 1.0)
    assert estimated_width("é", 1.0) == estimated_width("e", 1.0) == estimated_width("e\u0301", 1.0)


def test_hostile_text_is_laid_out_whole() -> None:
    drawn = "".join("".join(texts(line)) for line in laid_out(hostile(scores=[0.0] * len(hostile().tokens))))
    for part in tokens_of(HOSTILE):
        if part.text.strip().isalpha():
            assert part.text.strip() in drawn
