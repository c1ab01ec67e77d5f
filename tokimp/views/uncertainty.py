"""Which sampled scores cannot be told from nothing, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tokimp.types import Explanation

STANDARD_ERRORS = 2
"""A score closer to 0 than this many standard errors may be 0."""

MAY_BE_NOTHING = "not distinguishable from 0"
EXPLAINED = f"not distinguishable from 0: less than {STANDARD_ERRORS} standard errors away from it"

_SHARED_BY = ("words", "sentences")


def may_be_nothing(explanation: Explanation, score: float, error: float | None) -> bool:
    """A score with its standard error. One without an error, or that only says how much, is taken as it stands."""
    return error is not None and explanation.attribution.signed and abs(score) < STANDARD_ERRORS * error


def joint_error(explanation: Explanation, group: Sequence[int]) -> float | None:
    """Standard error of the sum of some tokens' scores; None where there is none.

    Tokens that share one player's score (`players`) err together, so their errors add up; those of
    other tokens are taken as independent and combined in quadrature.
    """
    if explanation.stderr is None:
        return None
    errors = explanation.stderr[list(group)]
    if explanation.request.options.get("players") in _SHARED_BY:
        return float(errors.sum())
    return float(np.sqrt(np.square(errors).sum()))
