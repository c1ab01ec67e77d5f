"""Inside against outside: correlations against scipy, undefined cases in words, tokens at odds by name."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from tests.views.inside.trees import HOSTILE, check_drawing, nodes, texts, titles
from tokimp.errors import OptionError
from tokimp.internals.agreement import agreement
from tokimp.views.drawing import markup
from tokimp.views.inside.agreement import agreement_figure, agreement_payload, odds, summary

NAMES = ("score", "attention")


@pytest.mark.parametrize("count", [3, 4, 25, 400])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_correlations_are_those_of_scipy(count: int, scale: float) -> None:
    random = np.random.default_rng(count)
    one = random.normal(size=count)
    other = 0.5 * one + random.normal(size=count)
    other[: count // 3] = other[0]  # ties
    found = agreement(one * scale, other)
    assert found.pearson == pytest.approx(stats.pearsonr(one, other)[0], abs=1e-12)
    assert found.spearman == pytest.approx(stats.spearmanr(one, other)[0], abs=1e-12)
    assert (found.count, found.why_not) == (count, "")


def test_a_monotonous_relation_has_rank_correlation_one() -> None:
    values = np.arange(1.0, 9.0)
    found = agreement(values, np.exp(values))
    assert found.spearman == pytest.approx(1.0, abs=1e-12)
    assert 0 < (found.pearson or 0) < 1
    assert agreement(values, -values).pearson == pytest.approx(-1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "why_not"),
    [
        ([1.0, 2.0], [2.0, 1.0], "2 tokens are too few for a correlation."),
        ([1.0], [2.0], "One token has no correlation."),
        ([], [], "0 tokens are too few for a correlation."),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], "There is no correlation: the first measure is the same for all tokens."),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], "There is no correlation: the second measure is the same for all tokens."),
        ([1.0, 2.0, 3.0, np.nan], [1.0, np.nan, 3.0, 4.0], "2 tokens are too few for a correlation."),
    ],
)
def test_where_there_is_no_correlation_it_says_why(one: list[float], other: list[float], why_not: str) -> None:
    found = agreement(one, other)
    assert (found.pearson, found.spearman, found.why_not) == (None, None, why_not)
    assert summary(found) == why_not
    if found.count:
        check_drawing(agreement_figure(found, (one, other), [" t"] * len(one), NAMES))


def test_only_kept_tokens_count() -> None:
    one, other = [9.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0]
    found = agreement(one, other, keep=[False, True, True, True])
    assert found.pearson == pytest.approx(1.0)
    assert list(found.places) == [1, 2, 3]
    with pytest.raises(OptionError, match="do not belong together"):
        agreement(one, other[:3])


def test_tokens_at_odds_are_named_with_both_ranks() -> None:
    one, other = [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 4.0, 3.5, 2.0, 5.0]
    found = agreement(one, other)
    assert list(found.at_odds[:2]) == [0, 4]
    told = odds(found, [" a", " b", " c", " d", " e"], NAMES)
    assert told == "Most at odds, by rank of score and of attention: “ a” (1 and 5), “ e” (5 and 1)."
    same = agreement(one, one)
    assert odds(same, [" a"] * 5, NAMES) == "No token’s rank differs by two places or more."


def test_points_say_their_numbers_and_those_at_odds_are_squares() -> None:
    values = ([5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 4.0, 3.5, 2.0, 5.0])
    figure = agreement_figure(agreement(*values), values, [" a", " b", " c", " d", " e"], NAMES, selected=1)
    assert figure[1]["aria-label"] == "Pearson r −0.59, Spearman ρ −0.60, over 5 tokens"
    assert [square[1]["data-index"] for square in nodes(figure, "rect")] == [0, 4]
    assert [dot[1]["data-index"] for dot in nodes(figure, "circle", "tk-picked")] == [1]
    assert "“ a”: 5 and 1, ranks 1 and 5" in titles(figure)
    assert {"score", "attention"} <= set(texts(figure, "tk-small"))


def test_drawings_hold(golden: Callable[[str, str], None]) -> None:
    values = (np.arange(9.0), np.arange(9.0)[::-1] ** 2)
    found = agreement(*values)
    payload = agreement_payload(found, values, HOSTILE, NAMES)
    json.dumps(payload, allow_nan=False)
    assert payload["sentences"][0] == "Pearson r −0.96, Spearman ρ −1.00, over 9 tokens"
    check_drawing(payload["tree"])
    golden("agreement.html", markup(payload["tree"]))
