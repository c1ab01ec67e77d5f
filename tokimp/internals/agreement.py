"""How far two measures of the same tokens agree: what explains from outside, and what attention says inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.types import Floats

FEWEST = 3


@dataclass(frozen=True, eq=False)
class Agreement:
    """Correlations over the tokens that both measures tell of; None where `why_not` says why there is none.

    places (n,): positions of these tokens. first_rank, second_rank (n,): 1 for the largest, ties share
    their mean. at_odds: of these, the places in `places` from the largest difference of ranks down.
    """

    pearson: float | None
    spearman: float | None
    why_not: str
    places: npt.NDArray[np.int64]
    first_rank: Floats
    second_rank: Floats
    at_odds: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        return len(self.places)


def agreement(first: npt.ArrayLike, second: npt.ArrayLike, keep: npt.ArrayLike | None = None) -> Agreement:
    """Pearson's r, and Spearman's ρ as Pearson's of mean ranks, of two measures (token,).

    `keep` (token,) says which tokens count; those without a finite number in both never do. There is no
    p-value: tokens of one text are no independent sample.

    Raises:
        OptionError: measures of different lengths.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != other.shape:
        raise OptionError(f"Measures of {one.shape} and {other.shape} do not belong together.", "Give one text's.")
    kept = np.isfinite(one) & np.isfinite(other)
    if keep is not None:
        kept &= np.asarray(keep, dtype=bool)
    places = np.flatnonzero(kept)
    one, other = one[places], other[places]
    ranks = _ranks(one), _ranks(other)
    at_odds = np.argsort(-np.abs(ranks[0] - ranks[1]), kind="stable")
    why_not = _why_not(one, other)
    pearson, spearman = (None, None) if why_not else (_correlation(one, other), _correlation(*ranks))
    return Agreement(pearson, spearman, why_not, places, *ranks, at_odds)


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    ranks: Floats = rankdata(-values)
    return ranks


def _correlation(one: Floats, other: Floats) -> float:
    first, second = (_even(values) for values in (one, other))
    return float(np.clip(first @ second, -1.0, 1.0))


def _even(values: Floats) -> Floats:
    """Around 0 and of length 1, of values of any size."""
    around = values / np.abs(values).max()
    around = around - around.mean()
    even: Floats = around / np.linalg.norm(around)
    return even


def _why_not(one: Floats, other: Floats) -> str:
    if len(one) < FEWEST:
        return f"{len(one)} tokens are too few for a correlation." if len(one) != 1 else "One token has no correlation."
    for which, values in (("first", one), ("second", other)):
        if np.ptp(values) <= 1e-12 * np.abs(values).max():
            return f"There is no correlation: the {which} measure is the same for all tokens."
    return ""
