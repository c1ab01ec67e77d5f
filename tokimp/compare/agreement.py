"""Numbers of how far methods agree on the tokens of one text."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np

from tokimp.comparison import Agreement, Comparison, InsideOutside, Places
from tokimp.methods.base import METHODS
from tokimp.types import Explanation, Floats, Token

TOP = 3
"""Tokens of largest |score| whose overlap is told, unless another number is asked for."""

FEWEST = 3
_LEAST_APART = 2.0
_NAMED = 3


def compared(
    text: str,
    tokens: Sequence[Token],
    explanations: Sequence[Explanation],
    top_k: int = TOP,
    failed: dict[str, str] | None = None,
) -> Comparison:
    """What the explanations of one text and target have in common, over the text's own tokens."""
    places = np.array([place for place, token in enumerate(tokens) if not token.special], dtype=np.int64)
    sizes = np.array([np.abs(each.scores) for each in explanations]).reshape(len(explanations), len(tokens))
    among = np.zeros_like(sizes)
    among[:, places] = [mean_ranks(row[places]) for row in sizes] if len(sizes) else sizes[:, places]
    agreement = agreed(explanations, places, top_k)
    spread = among.std(axis=0) if len(among) else np.zeros(len(tokens))
    return Comparison(
        text=text,
        tokens=tuple(tokens),
        explanations=tuple(explanations),
        agreement=agreement,
        inside=inside_outside(agreement),
        places=places,
        ranks=among,
        consensus=_consensus(sizes, places),
        spread=spread,
        at_odds=_at_odds(among, spread, places, agreement.top_k),
        failed=dict(failed or {}),
    )


def agreed(explanations: Sequence[Explanation], places: Places, top_k: int = TOP) -> Agreement:
    """Matrices of agreement at these positions. Krishna et al. 2022, section 3 (feature and rank agreement)."""
    scores = [each.scores[places] for each in explanations]
    signed = [each.attribution.signed for each in explanations]
    count = len(explanations)
    spearman, kendall, overlap = (np.full((count, count), math.nan) for _ in range(3))
    top = min(top_k, len(places))
    for one in range(count):
        for other in range(one, count):
            pair = [scores[one], scores[other]]
            both = pair if signed[one] and signed[other] else [np.abs(each) for each in pair]
            at = ([one, other], [other, one])
            spearman[at] = rank_correlation(*both)
            kendall[at] = tau_b(*both)
            overlap[at] = top_overlap(pair[0], pair[1], top)
    names = tuple(each.request.method for each in explanations)
    return Agreement(names, tuple(signed), spearman, kendall, overlap, top, len(places))


def mean_ranks(sizes: Floats) -> Floats:
    """1 for the largest; ties share their mean."""
    from scipy.stats import rankdata

    ranks: Floats = rankdata(-sizes)
    return ranks


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's ρ; NaN of fewer than three tokens, and where either is the same at all tokens."""
    if not _vary(one, other):
        return math.nan
    return float(np.corrcoef(mean_ranks(one), mean_ranks(other))[0, 1].clip(-1, 1))


def tau_b(one: Floats, other: Floats) -> float:
    """Kendall's τ-b; NaN of fewer than three tokens, and where either is the same at all tokens."""
    if not _vary(one, other):
        return math.nan
    from scipy.stats import kendalltau

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of its p-value, which is not asked for
        return float(kendalltau(one, other, variant="b").statistic)


def top_overlap(one: Floats, other: Floats, top: int) -> float:
    """The share of the `top` tokens of largest |score| that both have; NaN where there is no token.

    Tokens of equal size that reach over the last place share what is left of the places: of three tokens
    for one place each counts a third. What both give a token is the smaller of the two.
    """
    if not top:
        return math.nan
    return float(np.minimum(_seats(np.abs(one), top), _seats(np.abs(other), top)).sum() / top)


def inside_outside(agreement: Agreement) -> InsideOutside:
    """Methods that read what happens inside, whatever is asked, against those that follow the answer."""
    inner = [place for place, key in enumerate(agreement.names) if not METHODS[key].info.targeted]
    outer = [place for place in range(len(agreement.names)) if place not in inner]
    return InsideOutside(
        internal=tuple(agreement.names[place] for place in inner),
        external=tuple(agreement.names[place] for place in outer),
        within_internal=_mean([agreement.spearman[one, other] for one in inner for other in inner if one < other]),
        within_external=_mean([agreement.spearman[one, other] for one in outer for other in outer if one < other]),
        between=_mean([agreement.spearman[one, other] for one in inner for other in outer]),
    )


def _seats(sizes: Floats, top: int) -> Floats:
    """How much of one of the `top` places each token has (token,): 1, 0, or a share at the last place."""
    last = np.sort(sizes)[-top]
    above, level = sizes > last, sizes == last
    seats: Floats = above + level * ((top - above.sum()) / level.sum())
    return seats


def _vary(one: Floats, other: Floats) -> bool:
    return len(one) >= FEWEST and all(np.ptp(each) > 1e-12 * np.abs(each).max() for each in (one, other))


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else None


def _consensus(sizes: Floats, places: Places) -> Floats:
    """The mean of each method's shares (token,); a method without any score has no say."""
    consensus = np.zeros(sizes.shape[1])
    totals = sizes[:, places].sum(axis=1)
    if (totals > 0).any():
        consensus[places] = (sizes[totals > 0][:, places] / totals[totals > 0, None]).mean(axis=0)
    return consensus


def _at_odds(ranks: Floats, spread: Floats, places: Places, top: int) -> tuple[int, ...]:
    """Up to three tokens that some method has among its `top`, and some other at least two places further down.

    The largest spread comes first. Tokens that no method gives much are left out: their ranks are chance.
    """
    if len(ranks) < 2:
        return ()
    lowest, highest = ranks.min(axis=0), ranks.max(axis=0)
    apart = [place for place in places if lowest[place] <= top and highest[place] - lowest[place] >= _LEAST_APART]
    return tuple(int(place) for place in sorted(apart, key=lambda place: -spread[place])[:_NAMED])
