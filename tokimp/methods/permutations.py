"""Shapley values from orders in which the players join: the plain estimator that others are compared with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tokimp.methods.estimates import Estimate, estimate
from tokimp.methods.probabilistic import Coalitions
from tokimp.types import Floats

Orders = npt.NDArray[np.int64]  # (order, player): who joins first, second, …


def orders_of(players: int, most: int, rng: np.random.Generator) -> Orders:
    """Random orders, each followed by its reverse: one pair at least, and as many as have `most` coalitions."""
    count = max(most // (2 * (players - 1)), 1)
    forth = np.array([rng.permutation(players) for _ in range(count)])
    found: Orders = np.stack([forth, forth[:, ::-1]], axis=1).reshape(-1, players)
    return found


def coalitions_of(orders: Orders) -> Coalitions:
    """Coalitions (order · (players − 1), player) on the way from the empty one to the full one, without these."""
    ranks = np.argsort(orders, axis=1)  # (order, player)
    steps = np.arange(1, orders.shape[1])
    return np.asarray(ranks[:, None, :] < steps[:, None]).reshape(-1, orders.shape[1])


def marginals(orders: Orders, values: Floats, empty: float, full: float) -> Floats:
    """What each player adds when it joins, meant over an order and its reverse (pair of orders, player).

    `values` are those of `coalitions_of(orders)`; orders that they don't reach are left out.
    """
    players = orders.shape[1]
    known = len(values) // (2 * (players - 1)) * 2
    on_the_way = values[: known * (players - 1)].reshape(known, players - 1)
    ways = np.concatenate([np.full((known, 1), empty), on_the_way, np.full((known, 1), full)], axis=1)
    added = np.zeros((known, players))
    np.put_along_axis(added, orders[:known], np.diff(ways, axis=1), axis=1)
    found: Floats = added.reshape(-1, 2, players).mean(1)
    return found


def permuted(added: Floats) -> Estimate:
    """Mean and standard error over independent pairs of orders (pair, player); infinite from one or two.

    Castro, Gómez & Tejada 2009; Mitchell et al. 2022 for orders with their reverse. Unbiased.
    """
    count = len(added)
    if count < 3:
        return Estimate(added.mean(0), np.full(added.shape[1], np.inf))
    return estimate(added.mean(0), added.var(0, ddof=1) / count, count - 1)
