"""Sampled values with their standard error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from tokimp.types import Floats

THREE = 0.99865  # share of a normal distribution below three standard deviations


class Estimate(NamedTuple):
    """Values (player,) and their standard errors (player,).

    A standard error is how far the value would vary if the coalitions were drawn anew. It is
    widened where draws are few, so that three of them hold what they hold for many: 99.7 %.
    """

    values: Floats
    stderr: Floats


def estimate(values: Floats, variances: Floats, freedom: float) -> Estimate:
    """With the sampling variances (player,), which themselves are known to so many degrees of freedom.

    Players share the same draws, and hence nearly the same error; one whose own draws happen to look
    calm gets the players' mean variance.
    """
    return Estimate(values, np.sqrt(np.maximum(variances, variances.mean())) * widening(freedom))


def widening(freedom: float) -> float:
    """By what a standard error known to so many degrees of freedom must grow to keep that promise (Student's t)."""
    return float(stdtrit(max(freedom, 2.0), THREE)) / 3
