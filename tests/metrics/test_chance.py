"""The band of single random scorings: it holds 95 % of them, however reverses resemble each other."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tokimp.metrics.chance import band, chance_of, order_pairs, ranked, tied_orders


@pytest.mark.parametrize("pairs", [4, 20])
@pytest.mark.parametrize("correlation", [-0.95, 0.0, 0.8])
def test_the_band_holds_nineteen_of_twenty(correlation: float, pairs: int) -> None:
    rng = np.random.default_rng(7)
    spread = np.array([[1, correlation], [correlation, 1]])
    drawn = rng.multivariate_normal([3, 3], spread, size=(pairs, 4000))  # (pair, trial, 2)
    found = band(np.moveaxis(drawn, -1, 1).reshape(2 * pairs, -1), 0.0)
    fresh = rng.normal(3, 1, size=4000)
    assert np.mean((found.low <= fresh) & (fresh <= found.high)) == pytest.approx(0.95, abs=0.02)
    assert np.sqrt(np.mean(found.error**2)) == pytest.approx(np.std(found.mean), rel=0.06)


def test_a_band_stays_within_the_range_and_is_never_narrower_than_rounding() -> None:
    found = chance_of([0.9, 0.1, 1.0, 0.0], 1.0, 0.0, 1.0)
    assert found is not None
    assert (found.low, found.mean, found.high) == (0.0, 0.5, 1.0)
    alike = chance_of([0.25] * 6, 1.0, 0.0, 1.0)
    assert alike is not None
    assert alike.low == pytest.approx(0.25 - 1e-6, abs=1e-12)
    assert alike.low <= 0.25 + 1e-9 <= alike.high


def test_too_few_make_no_band() -> None:
    assert chance_of([], 1.0, 0.0, 1.0) is None
    assert chance_of([0.1, 0.2], 1.0, 0.0, 1.0) is None


def test_pairs_are_an_order_and_its_reverse_and_more_of_them_begin_alike() -> None:
    free = np.array([1, 2, 4, 7])
    few, many = (list(islice(order_pairs(free, 3), count)) for count in (2, 5))
    for (one, other), (again, _) in zip(few, many, strict=False):
        assert sorted(one) == free.tolist()
        assert other.tolist() == one[::-1].tolist()
        assert one.tolist() == again.tolist()
    assert next(order_pairs(free, 4))[0].tolist() != few[0][0].tolist() or few[0][0].tolist() != few[1][0].tolist()


def test_equal_scores_change_places_and_nothing_else() -> None:
    scores, free = np.array([9.0, 1.0, 3.0, 1.0, 1.0, 0.0]), np.array([1, 2, 3, 4, 5])
    orders = tied_orders(scores, free, 2, seed=0)
    assert len(orders) == 4
    for order in orders:
        assert scores[order].tolist() == [3, 1, 1, 1, 0]
    assert orders[1].tolist() == [orders[0][0], *orders[0][1:4][::-1], orders[0][4]]
    assert len(tied_orders(np.arange(6.0), free, 2, seed=0)) == 1
    assert ranked(np.arange(6.0), free).tolist() == [5, 4, 3, 2, 1]
