"""Masking by a click: exactly the word, and back again."""

from __future__ import annotations

import pytest

from tokimp.ui.masks import WORDS, Masked, clickable, toggled


def words(text: str) -> list[str]:
    return [match.group() for match in WORDS.finditer(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's good.", ["It's", "good", "."]),
        ("a [MASK] b <mask>", ["a", "[MASK]", "b", "<mask>"]),
        ("naïve café, 3½", ["naïve", "café", ",", "3½"]),
        ("snake_case", ["snake", "_", "case"]),
    ],
)
def test_words_of_a_text(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_nothing_to_click_in_an_empty_text() -> None:
    assert clickable(" \n") is None


def test_the_line_shows_the_text_as_typed() -> None:
    payload = clickable("  Two\n gaps: [MASK]! ")
    assert payload is not None
    shown = "".join(item["gap"] + item["text"] for item in payload["tokens"]["items"]) + payload["tail"]
    assert shown == "  Two\n gaps: [MASK]! "


def test_mask_and_back() -> None:
    text = "The film was good."
    masked, number, before = toggled(text, 3, None)
    assert (masked, number) == ("The film was [MASK].", 0)
    twice, number, before = toggled(masked, 1, before)
    assert (twice, number) == ("The [MASK] was [MASK].", 0)
    once, number, before = toggled(twice, 3, before)
    assert (once, number) == ("The [MASK] was good.", 0)
    assert toggled(once, 1, before)[0] == text


def test_words_under_masks_are_forgotten_when_the_text_is_edited() -> None:
    masked, _, before = toggled("The film was good.", 3, None)
    edited = masked + " Really."
    assert toggled(edited, 3, before)[0] == edited
    assert toggled(edited, 3, None) == (edited, 0, Masked(edited, ("[MASK]",)))


def test_a_click_on_a_word_that_is_gone_changes_nothing() -> None:
    assert toggled("one two", 7, None) == ("one two", 0, Masked("one two", ()))
