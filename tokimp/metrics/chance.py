"""What random scores would get: pairs of an order and its reverse, and the band of single ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tokimp.models.tokens import Ids
from tokimp.score import Chance
from tokimp.types import Floats

FEWEST_PAIRS = 2
CONFIDENCE = 0.95
ROUNDING = 1e-6


class Band(NamedTuple):
    """Mean, ends and standard error of the mean, each of any shape."""

    low: Floats
    mean: Floats
    high: Floats
    error: Floats


def order_pairs(free: Ids, seed: int) -> Iterator[tuple[Ids, Ids]]:
    """Endless random orders (token,) of the positions `free`, each with its reverse."""
    rng = np.random.default_rng([seed, 0])
    while True:
        order = rng.permutation(free)
        yield order, order[::-1]


def ranked(scores: Floats, free: Ids) -> Ids:
    """The positions `free` from the largest score to the smallest; those of one score in the order of the text."""
    found: Ids = free[np.argsort(-scores[free], kind="stable")]
    return found


def tied_orders(scores: Floats, free: Ids, pairs: int, seed: int) -> list[Ids]:
    """Orders of `free` by falling score: one, or `pairs` and their opposites where equal scores leave a choice."""
    if len(np.unique(scores[free])) == len(free):
        return [ranked(scores, free)]
    rng = np.random.default_rng([seed, 1])
    found = []
    for _ in range(pairs):
        shuffled = rng.permutation(free)
        found += [ranked(scores, shuffled), ranked(scores, shuffled[::-1])]
    return found


def band(values: npt.ArrayLike, scale: float) -> Band:
    """The band that holds 95 % of single random scorings, from values (random, …): pairs, side by side.

    An order and its reverse are no independent draws. The variance of a single one is that of a
    pair's half difference, whose mean is 0, plus that of a pair's mean; its degrees of freedom are
    Welch's. `scale` is the size that rounding is relative to: a band is never narrower than that.
    """
    from scipy.stats import t

    pairs = np.asarray(values, dtype=np.float64)
    pairs = pairs.reshape(-1, 2, *pairs.shape[1:])  # (pair, 2, …)
    count, means = len(pairs), pairs.mean(1)
    mean = means.mean(0)
    within = ((pairs[:, 0] - pairs[:, 1]) ** 2 / 4).mean(0)
    between = means.var(0, ddof=1)
    variance = within + between
    freedom = variance**2 / np.maximum(within**2 / count + between**2 / (count - 1), 1e-300)
    wide = t.ppf((1 + CONFIDENCE) / 2, np.maximum(freedom, 1)) * np.sqrt(variance + between / count)
    reach = wide + ROUNDING * scale
    return Band(mean - reach, mean, mean + reach, np.sqrt(between / count))


def chance_of(values: npt.ArrayLike, scale: float, low: float, high: float) -> Chance | None:
    """The band of single numbers (random,), within the metric's range; None of fewer than two pairs."""
    numbers = np.asarray(values, dtype=np.float64)
    if len(numbers) < 2 * FEWEST_PAIRS:
        return None
    found = band(numbers, scale)
    mean = float(found.mean)
    return Chance(
        low=min(max(float(found.low), low), mean),
        mean=mean,
        high=max(min(float(found.high), high), mean),
        error=float(found.error),
        randoms=len(numbers),
    )
