"""Weights of coalitions against the definition; drawn pairs against their chances."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from tests.games import NAMES, games, one_by_one
from tokimp.methods.coalitions import pairs_of
from tokimp.methods.permutations import coalitions_of, marginals, orders_of
from tokimp.methods.probabilistic import BANZHAF, SHAPLEY, every_coalition
from tokimp.methods.regression import kernel_sizes, leverage_sizes


@pytest.mark.parametrize("name", NAMES)
def test_shapley_values_by_enumeration(name: str) -> None:
    game = games(5)[name]
    np.testing.assert_allclose(SHAPLEY.exact(game(every_coalition(5)), 5), one_by_one(game, 5), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_banzhaf_values_by_enumeration(name: str) -> None:
    game = games(5)[name]
    every = every_coalition(5)
    for player, value in enumerate(BANZHAF.exact(game(every), 5)):
        joined = every.copy()
        joined[:, player] = True
        left = joined.copy()
        left[:, player] = False
        assert value == pytest.approx((game(joined) - game(left)).mean(), abs=1e-12)


@pytest.mark.parametrize("value", [SHAPLEY, BANZHAF])
@pytest.mark.parametrize("players", [1, 2, 5, 8])
def test_a_mixture_of_independent_joining_weighs_the_same(value: object, players: int) -> None:
    """Σ weight · node^k (1 − node)^(n − 1 − k) is the chance of one coalition of k others."""
    assert value is SHAPLEY or value is BANZHAF
    nodes, weights = value.mixture(players)
    for others in range(players):
        mixed = (weights * nodes**others * (1 - nodes) ** (players - 1 - others)).sum()
        assert np.log(mixed) == pytest.approx(value.log_chance(players, others), abs=1e-12)


@pytest.mark.parametrize("sizes", [SHAPLEY.sizes, BANZHAF.sizes, kernel_sizes, leverage_sizes])
def test_sizes_are_chances(sizes: object) -> None:
    assert callable(sizes)
    for players in (2, 7, 60):
        chances = sizes(players)
        assert chances.shape == (players - 1,)
        assert chances.sum() == pytest.approx(1)
        np.testing.assert_allclose(chances, chances[::-1])


@pytest.mark.parametrize(("players", "most"), [(2, 7), (7, 20), (10, 100), (13, 127), (60, 31), (60, 500)])
def test_pairs_are_distinct_and_no_more_than_asked(players: int, most: int) -> None:
    pairs = pairs_of(players, most, SHAPLEY.sizes(players), np.random.default_rng(0))
    both = {row.tobytes() for row in pairs.coalitions} | {row.tobytes() for row in ~pairs.coalitions}
    assert len(both) == 2 * len(pairs)
    assert 0 < len(pairs) <= most
    assert (pairs.draws[pairs.drawn] > 0).all()
    sizes, counts = np.unique(pairs.coalitions[: pairs.listed].sum(1), return_counts=True)
    assert counts.tolist() == [comb(players, int(size)) // (2 if 2 * size == players else 1) for size in sizes]


@pytest.mark.parametrize("players", [0, 1, 2, 3, 6, 8])
def test_all_pairs_where_there_are_no_more(players: int) -> None:
    pairs = pairs_of(players, 127, SHAPLEY.sizes(players), np.random.default_rng(0))
    assert pairs.complete
    assert len(pairs) == max(2 ** (players - 1) - 1, 0)


def test_one_pair_less_is_not_all() -> None:
    pairs = pairs_of(6, 30, SHAPLEY.sizes(6), np.random.default_rng(0))
    assert not pairs.complete
    assert len(pairs) == 30


def test_draws_follow_their_chances() -> None:
    """Each drawn pair comes as often as its chance says, over many draws; chances of all that may be drawn sum to 1."""
    rng = np.random.default_rng(0)
    often: dict[bytes, float] = {}
    chance: dict[bytes, float] = {}
    for _ in range(400):
        pairs = pairs_of(6, 12, SHAPLEY.sizes(6), rng)
        for row, times, each in zip(pairs.coalitions, pairs.draws, pairs.chances, strict=True):
            if times:
                key = row.tobytes()
                often[key] = often.get(key, 0) + times / pairs.draws.sum() / 400
                chance[key] = each
    assert sum(chance.values()) == pytest.approx(1)
    for key, each in chance.items():
        assert often[key] == pytest.approx(each, rel=0.3)


def test_orders_come_with_their_reverse() -> None:
    orders = orders_of(6, 40, np.random.default_rng(0))
    assert orders.shape == (8, 6)
    np.testing.assert_array_equal(orders[::2], orders[1::2, ::-1])
    np.testing.assert_array_equal(np.sort(orders, axis=1), [range(6)] * 8)
    way = coalitions_of(orders).reshape(8, 5, 6)
    np.testing.assert_array_equal(way.sum(2), [range(1, 6)] * 8)
    for order, coalitions in zip(orders, way, strict=True):
        for size, coalition in enumerate(coalitions, start=1):
            assert set(np.flatnonzero(coalition)) == set(order[:size])


def test_marginals_of_all_orders_are_shapley_values() -> None:
    from itertools import permutations

    game = games(4)["interactions"]
    orders = np.array([row for row in permutations(range(4)) if row < row[::-1]])
    orders = np.stack([orders, orders[:, ::-1]], axis=1).reshape(-1, 4)
    ends = game(every_coalition(4)[[0, -1]])
    found = marginals(orders, game(coalitions_of(orders)), *ends)
    np.testing.assert_allclose(found.mean(0), one_by_one(game, 4), atol=1e-12)
    np.testing.assert_allclose(found.sum(1), ends[1] - ends[0], atol=1e-12)
