"""A Gaussian process over coalitions, whose Shapley and Banzhaf values have closed form.

Only the odd part of a game matters to these values: v(S) and its complement's v(N∖S) enter with
opposite weights. So the process is odd, and one pair of evaluations is one observation of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

from tokimp.methods.probabilistic import ProbabilisticValue
from tokimp.types import Floats

MOST_OBSERVATIONS = 150  # to learn a kernel from: more cost time and change little
STEPS = 25
LARGEST_REACH = 0.97
# Where learning starts, and how far it may stray (standard deviations of normal priors).
COMMON, COMMON_SPREAD = -2.5, 1.5
OWN_SPREAD = 1.5
LINEAR, LINEAR_SPREAD = 1.0, 3.0
NOISE, NOISE_SPREAD = -7.0, 3.0
BOUNDS = ((-6.0, 2.0), (-6.0, 5.0), (-11.0, 1.0))  # beyond, covariances could not be inverted to many digits


@dataclass(frozen=True)
class Kernel:
    """Covariance of an odd game's values at coalitions written as signs (coalition, player), 1 in and −1 out.

    linear · z·z′ / players + odd part of Π (1 + reachᵢ zᵢ zᵢ′) / (1 + reachᵢ): a group of players
    interacts the more, the greater the product of their `reach` (player,). `noise` is variance
    that no kernel explains, in the same unit.
    """

    reach: Floats
    linear: float
    noise: float

    def __call__(self, signs: Floats, others: Floats) -> Floats:
        """Covariances (coalition, other), without the noise."""
        product, _ = _odd_and_even(self.reach, signs, others)
        found: Floats = product + self.linear * signs @ others.T / len(self.reach)
        return found

    def shares(self, signs: Floats, value: ProbabilisticValue) -> Floats:
        """Values (coalition, player) of the games `S ↦ kernel(S, coalition)`.

        The product is multilinear, so a mixture of independent joining gives its value exactly;
        the even part has none.
        """
        joined = (1 + self.reach * signs) / (1 + self.reach)
        left = (1 - self.reach * signs) / (1 + self.reach)
        found = 2 * self.linear * signs / len(self.reach)
        for node, weight in zip(*value.mixture(len(self.reach)), strict=True):
            each = left + node * (joined - left)  # (coalition, player), above 0 as reach is below 1
            found += weight * (joined - left) * each.prod(1)[:, None] / each
        return found


def learned(signs: Floats, values: Floats) -> Kernel:
    """The kernel under which odd values (coalition,) are likeliest, up to their scale.

    Marginal likelihood (Rasmussen & Williams 2006, eq. 5.8), with the scale at its best and weak
    priors. The same for −values, and for values in another unit.
    """
    signs, values = signs[:MOST_OBSERVATIONS], values[:MOST_OBSERVATIONS]
    players = signs.shape[1]
    start = np.array([*[0.0] * players, COMMON, LINEAR, NOISE])
    if not np.any(values):
        return _kernel(start)
    values = values / np.abs(values).max()
    bounds = [(-6.0, 6.0)] * players + list(BOUNDS)
    steps = {"maxiter": STEPS}
    found = minimize(_surprise, start, (signs, values), "L-BFGS-B", jac=True, bounds=bounds, options=steps)
    return _kernel(found.x)


def _kernel(setting: Floats) -> Kernel:
    own, (common, linear, noise) = setting[:-3], setting[-3:]
    return Kernel(LARGEST_REACH / (1 + np.exp(-(own + common))), float(np.exp(linear)), float(np.exp(noise)))


def _surprise(setting: Floats, signs: Floats, values: Floats) -> tuple[float, Floats]:
    """Minus the log likelihood and log prior, and its gradient, at [own (player,), common, linear, noise]."""
    kernel = _kernel(setting)
    players, count = len(kernel.reach), len(values)
    odd, even = _odd_and_even(kernel.reach, signs, signs)
    linear = kernel.linear * signs @ signs.T / players
    covariance = odd + linear + kernel.noise * np.eye(count)
    inverse, log_determinant = _inverse(covariance)
    solved = inverse @ values
    scale = float(values @ solved) / count
    surprise = 0.5 * (count * np.log(scale) + log_determinant)

    slope = 0.5 * (inverse - np.outer(solved, solved) / scale)  # of the surprise by the covariance
    reach = kernel.reach
    by_tilt = ((slope * even) @ signs * signs).sum(0)  # by artanh(reach)
    by_scale = -(slope * odd).sum() / (1 - reach**2)  # by the product's normalisation: −(ρ/(1−ρ²) + 1/(1+ρ))
    by_reach = (by_tilt / (1 - reach**2) + by_scale) * reach * (1 - reach / LARGEST_REACH)
    gradient = np.array([*by_reach, by_reach.sum(), (slope * linear).sum(), kernel.noise * np.trace(slope)])

    centre = np.array([*[0.0] * players, COMMON, LINEAR, NOISE])
    spread = np.array([*[OWN_SPREAD] * players, COMMON_SPREAD, LINEAR_SPREAD, NOISE_SPREAD])
    away = (setting - centre) / spread
    return float(surprise + 0.5 * away @ away), gradient + away / spread


def _inverse(covariance: Floats) -> tuple[Floats, float]:
    """The inverse and the log determinant, by Cholesky: a third of the cost of doing both by themselves."""
    root, _ = lapack.dpotrf(covariance, lower=1)
    lower, _ = lapack.dpotri(root, lower=1)
    return lower + np.tril(lower, -1).T, 2 * float(np.log(np.diag(root)).sum())


def _odd_and_even(reach: Floats, signs: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Both parts of Π (1 + ρ z z′) / (1 + ρ) (coalition, other).

    1 + ρ z z′ = √(1 − ρ²) exp(artanh(ρ) z z′), so the product is an exponential of a sum.
    """
    tilt = (signs * np.arctanh(reach)) @ others.T
    scale = 0.5 * np.log1p(-(reach**2)).sum() - np.log1p(reach).sum()
    up, down = np.exp(tilt + scale), np.exp(scale - tilt)
    return (up - down) / 2, (up + down) / 2
