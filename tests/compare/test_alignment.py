"""Tokens in common columns: cases made by hand, and what must hold for any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import tokens_of, with_specials
from tokimp.compare.alignment import aligned
from tokimp.types import Token


def words(*texts: str) -> list[tuple[Token, ...]]:
    """One token a word; an emoji is three, as byte-level tokenizers have it."""
    return [tokens_of(text) for text in texts]


def drawn(texts: Sequence[Sequence[Token]]) -> list[str]:
    """Each prompt in its columns: · where it has no token, + for a later piece of a character."""
    rows = []
    for tokens, places in zip(texts, aligned(texts).positions, strict=True):
        rows.append("|".join("·" if place < 0 else tokens[place].text.strip() or "+" for place in places))
    return rows


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        (["a b c"], ["a|b|c"]),
        (["a b c", "a b c"], ["a|b|c", "a|b|c"]),
        (["a b c", "a x c"], ["a|b|c", "a|x|c"]),  # a substitution shares a column
        (["a c", "a b c"], ["a|·|c", "a|b|c"]),  # an insertion
        (["a b c", "a c"], ["a|b|c", "a|·|c"]),  # a deletion
        (["b c", "a b c"], ["·|b|c", "a|b|c"]),
        (["a b", "a b c"], ["a|b|·", "a|b|c"]),
        (["a c", "a b c", "a d c"], ["a|·|c", "a|b|c", "a|d|c"]),  # what is put in shares the new column
        (["a b c", "a c", "a b c"], ["a|b|c", "a|·|c", "a|b|c"]),
        (["The film", "the Film"], ["The|film", "the|Film"]),  # case is no difference
        (["a b c d", "x"], ["a|b|c|d", "·|·|·|x"]),
        (["我 爱 你", "我 不 爱 你"], ["我|·|爱|你", "我|不|爱|你"]),
        (["hi 👩 you", "hi you"], ["hi|+|👩|+|+|you", "hi|·|·|·|·|you"]),
        (["hi 👩 you", "hi 👨 you"], ["hi|+|👩|+|+|you", "hi|+|👨|+|+|you"]),
    ],
)
def test_by_hand(texts: list[str], rows: list[str]) -> None:
    assert drawn(words(*texts)) == rows


def test_special_tokens_stand_over_each_other() -> None:
    texts = [with_specials(tokens) for tokens in words("a b", "a x b", "a")]
    assert drawn(texts) == ["[CLS]|a|·|b|[SEP]", "[CLS]|a|x|b|[SEP]", "[CLS]|a|·|·|[SEP]"]


def test_scores_go_into_their_columns() -> None:
    alignment = aligned(words("a c", "a b c"))
    values = alignment.values((np.array([1.0, 3.0]), np.array([4.0, 5.0, 6.0])))
    assert np.array_equal(values, [[1, np.nan, 3], [4, 5, 6]], equal_nan=True)


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), min_size=1, max_size=6))
def test_every_token_stands_once_and_in_order_and_no_column_is_empty(letters: list[list[str]]) -> None:
    texts = words(*(" ".join(each) for each in letters))
    positions = aligned(texts).positions
    assert (positions >= 0).any(axis=0).all()
    for tokens, row in zip(texts, positions, strict=True):
        assert row[row >= 0].tolist() == list(range(len(tokens)))


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.lists(st.sampled_from("abc"), min_size=1, max_size=8)
)
def test_two_prompts_have_the_best_alignment(one: list[str], other: list[str]) -> None:
    """Against the textbook recursion: 1 for the same token, −0.5 for another, −0.6 for a gap."""
    best = np.zeros((len(one) + 1, len(other) + 1))
    best[:, 0], best[0] = -0.6 * np.arange(len(one) + 1), -0.6 * np.arange(len(other) + 1)
    for row, column in np.ndindex(len(one), len(other)):
        both = best[row, column] + (1.0 if one[row] == other[column] else -0.5)
        best[row + 1, column + 1] = max(both, best[row, column + 1] - 0.6, best[row + 1, column] - 0.6)
    texts = words(" ".join(one), " ".join(other))
    worth = 0.0
    for first, second in aligned(texts).positions.T:
        gap = first < 0 or second < 0
        worth += -0.6 if gap else 1.0 if one[first] == other[second] else -0.5
    assert worth == pytest.approx(best[-1, -1])


def test_long_prompts_that_differ_throughout_still_share_columns() -> None:
    random = np.random.default_rng(0)
    texts = words(*(" ".join(random.choice(list("abcdefgh"), 100)) for _ in range(20)))
    positions = aligned(texts).positions
    assert [row[row >= 0].tolist() for row in positions] == [list(range(len(tokens))) for tokens in texts]
    assert positions.shape[1] < 3 * len(texts[0])
