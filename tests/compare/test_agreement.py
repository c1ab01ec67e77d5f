"""Agreement of methods: against scipy, against numbers worked out by hand, and where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.views.examples import explain, with_specials
from tokimp.compare.agreement import agreed, compared, rank_correlation, tau_b, top_overlap
from tokimp.comparison import Comparison
from tokimp.types import Explanation, Request, Token

WORDS = [Token(word, place, 2 * place, 2 * place + 1) for place, word in enumerate("abcde")]
TEXT = "a b c d e"


def by(method: str, scores: Sequence[float], *, signed: bool = True, words: Sequence[Token] = WORDS) -> Explanation:
    made = explain(TEXT, words, scores, signed=signed)
    request = Request("m", "", "next-token", TEXT, method)
    return Explanation(**{**{name: getattr(made, name) for name in made.__dataclass_fields__}, "request": request})


def of(*explanations: Explanation, top_k: int = 3) -> Comparison:
    return compared(TEXT, explanations[0].tokens, explanations, top_k)


def test_rank_correlation_by_hand() -> None:
    # ρ = 1 − 6 Σd² / (n (n² − 1)); 7 of the 10 pairs are in order, 3 are not.
    one, other = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 1.0, 5.0, 3.0, 4.0])
    assert rank_correlation(one, other) == pytest.approx(1 - 6 * (1 + 1 + 4 + 1 + 1) / 120)
    assert tau_b(one, other) == pytest.approx((7 - 3) / 10)


def test_kendall_with_ties_by_hand() -> None:
    # Pairs (1,2), (1,3), (2,3): the first is tied in one only, both others agree: τ-b = 2 / √(2 · 3).
    assert tau_b(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / 6**0.5)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=30))
def test_correlations_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, dtype=float).T
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        assert np.isnan(rank_correlation(one, other))
        assert np.isnan(tau_b(one, other))
        return
    assert rank_correlation(one, other) == pytest.approx(stats.spearmanr(one, other)[0], abs=1e-12)
    assert tau_b(one, other) == pytest.approx(stats.kendalltau(one, other)[0], abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "top", "share"),
    [
        ([5, 4, 3, 2, 1], [5, 4, 3, 2, 1], 3, 1.0),
        ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], 2, 0.0),
        ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], 3, 1 / 3),
        ([-5, 4, 0, 0, 0], [5, -4, 0, 0, 0], 2, 1.0),  # sizes count
        ([5, 1, 1, 1, 0], [5, 0, 1, 0, 0], 2, (1 + 1 / 3) / 2),  # a place shared by three
        ([0, 0, 0, 0], [1, 2, 3, 4], 2, (0.5 + 0.5) / 2),
    ],
)
def test_overlap_by_hand(one: list[float], other: list[float], top: int, share: float) -> None:
    assert top_overlap(np.array(one, dtype=float), np.array(other, dtype=float), top) == pytest.approx(share)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.integers(1, 5))
def test_a_method_agrees_with_itself(scores: list[int], top: int) -> None:
    values = np.array(scores, dtype=float)
    assert top_overlap(values, values, min(top, len(values))) == pytest.approx(1.0)
    if len(values) >= 3 and np.ptp(values):
        assert rank_correlation(values, values) == pytest.approx(1.0)
        assert tau_b(values, values) == pytest.approx(1.0)


def test_identical_methods_agree_wholly_and_nothing_is_at_odds() -> None:
    scores = [3.0, -2.0, 1.0, 0.5, 0.0]
    found = of(by("occlusion", scores), by("lime", scores))
    for matrix in (found.agreement.spearman, found.agreement.kendall, found.agreement.overlap):
        assert matrix == pytest.approx(np.ones((2, 2)))
    assert found.at_odds == ()
    assert found.spread == pytest.approx(np.zeros(5))


def test_signs_count_only_where_both_have_them() -> None:
    signed, mirrored = [5.0, 4.0, 3.0, 2.0, 1.0], [-5.0, -4.0, -3.0, -2.0, -1.0]
    both = of(by("occlusion", signed), by("lime", mirrored)).agreement
    assert both.between("occlusion", "lime") == pytest.approx(-1.0)
    sizes = of(by("attention", signed, signed=False), by("lime", mirrored)).agreement
    assert sizes.between("attention", "lime") == pytest.approx(1.0)
    assert (both.signed, sizes.signed) == ((True, True), (False, True))


def test_special_tokens_are_not_compared() -> None:
    tokens = with_specials(WORDS[:4])
    one = by("occlusion", [99, 1, 2, 3, 4, 0], words=tokens)
    other = by("lime", [0, 1, 2, 3, 4, 99], words=tokens)
    found = of(one, other)
    assert list(found.places) == [1, 2, 3, 4]
    assert found.agreement.count == 4
    assert found.agreement.between("occlusion", "lime") == pytest.approx(1.0)
    assert found.consensus == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0])
    assert found.ranks[0].tolist() == [0, 4, 3, 2, 1, 0]


def test_consensus_is_the_mean_of_shares_and_silence_has_no_say() -> None:
    found = of(by("occlusion", [3, -1, 0, 0, 0]), by("lime", [0, 10, 10, 0, 0]), by("saliency", [0] * 5, signed=False))
    assert found.consensus == pytest.approx([0.375, 0.375, 0.25, 0, 0])
    assert np.isnan(found.agreement.between("occlusion", "saliency"))
    assert found.votes(1) == (1, 1)
    assert of(by("occlusion", [0] * 5)).consensus == pytest.approx(np.zeros(5))


def test_the_token_at_odds_is_the_one_that_moves_most() -> None:
    found = of(by("occlusion", [9, 5, 4, 3, 2]), by("lime", [1, 5, 4, 3, 2]), top_k=2)
    assert found.at_odds == (0,)
    assert found.spread[0] == pytest.approx(2.0)  # ranks 1 and 5
    assert found.spread[1] == pytest.approx(0.5)  # ranks 2 and 1


def test_ranks_that_no_method_calls_high_are_chance() -> None:
    found = of(by("occlusion", [9, 8, 0.3, 0.2, 0.1]), by("lime", [9, 8, 0.1, 0.2, 0.3]), top_k=2)
    assert found.spread[2] == pytest.approx(1.0)
    assert found.at_odds == ()


def test_inside_and_outside_by_hand() -> None:
    inner = [by("attention", [1, 2, 3, 4, 5], signed=False), by("value_zeroing", [1, 2, 3, 5, 4], signed=False)]
    outer = [by("occlusion", [5, 4, 3, 2, 1]), by("lime", [5, 4, 3, 2, 1])]
    told = of(*inner, *outer).inside
    assert (told.internal, told.external) == (("attention", "value_zeroing"), ("occlusion", "lime"))
    assert told.within_internal == pytest.approx(0.9)
    assert told.within_external == pytest.approx(1.0)
    assert told.between == pytest.approx((-1 - 1 - 0.9 - 0.9) / 4)
    alone = of(outer[0]).inside
    assert (alone.within_internal, alone.within_external, alone.between) == (None, None, None)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_tokens_have_no_correlation(count: int) -> None:
    words = WORDS[:count]
    found = compared("", words, [by("occlusion", range(count), words=words), by("lime", range(count), words=words)])
    assert np.isnan(found.agreement.spearman).all()
    assert found.agreement.top_k == count
    assert agreed([], found.places).spearman.shape == (0, 0)


def test_json_goes_there_and_back() -> None:
    found = of(by("occlusion", [3, -1, 0, 0, 0]), by("saliency", [0] * 5, signed=False))
    again = Comparison.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.methods == ("occlusion", "saliency")
    assert np.isnan(again.agreement.spearman[0, 1])
    empty = compared(TEXT, WORDS, [], failed={"lime": "No."})
    assert Comparison.from_json(empty.to_json()).to_json() == empty.to_json()
    for wrong in ("{}", "[]", "null", '{"format": 2, "kind": "comparison"}', '{"format": 1, "kind": "comparison"}'):
        with pytest.raises(ValueError, match="This is not"):
            Comparison.from_json(wrong)
