"""Metrics of removal against values by hand, and at their ends on the additive toy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import tokimp
from tests.metrics.explained import WORDS, WORTH, given, number, sigmoid
from tests.toys import toy
from tokimp.metrics import METRICS
from tokimp.score import Score

QUARTERS = (0.25, 0.5, 0.75, 1.0)
REMOVAL = [key for key, metric in METRICS.items() if metric.info.probe == "removal"]
FERRET = json.loads((Path(__file__).parent / "data" / "ferret.json").read_text(encoding="utf-8"))


def scored(scores: Sequence[float], randoms: int = 0) -> dict[str, Score]:
    e = given(toy("additive"), WORDS, scores, target="yes")
    found = tokimp.evaluate(toy("additive"), e, fractions=QUARTERS, randoms=randoms)
    return {score.metric: score for score in found}


def test_values_by_hand() -> None:
    """Scores are the words' worth: good, film, not and bad go in this order."""
    found = scored(WORTH)
    whole, empty = sigmoid(2.5), 0.5
    without = [sigmoid(0.5), sigmoid(-0.5), sigmoid(-1), empty]
    only = [sigmoid(2), sigmoid(3), sigmoid(3.5), whole]
    assert found["comprehensiveness"].value == pytest.approx(whole - np.mean(without), abs=1e-6)
    assert found["sufficiency"].value == pytest.approx(whole - np.mean(only), abs=1e-6)
    assert found["log_odds"].value == pytest.approx(np.mean(np.log(without)) - np.log(whole), abs=1e-6)
    deletion = ((whole + empty) / 2 + sum(without[:3])) / 4
    insertion = ((whole + empty) / 2 + sum(only[:3])) / 4
    assert found["deletion"].value == pytest.approx(deletion, abs=1e-6)
    assert found["insertion"].value == pytest.approx(insertion, abs=1e-6)
    curve = found["deletion"].curve
    assert curve is not None
    assert curve.fractions == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert curve.values == pytest.approx((whole, *without), abs=1e-6)
    assert curve.low == ()
    assert found["comprehensiveness"].removal == "mask"
    assert found["log_odds"].unit == "nats"


def test_a_perfect_explanation_reaches_the_best_end_and_its_opposite_the_worst() -> None:
    every = [scored(order) for order in permutations(WORTH)]
    best, worst = scored(WORTH), scored(tuple(-worth for worth in WORTH))
    for key in REMOVAL:
        values = [number(found[key]) for found in every]
        ends = (max, min) if METRICS[key].info.higher_is_better else (min, max)
        assert number(best[key]) == pytest.approx(ends[0](values), abs=1e-7)
        assert number(worst[key]) == pytest.approx(ends[1](values), abs=1e-7)
        assert abs(number(best[key]) - number(worst[key])) > 0.1


def test_random_scores_have_no_advantage_on_average() -> None:
    """The mean over all orders is known exactly; chance's own mean is as near to it as its error says."""
    every = [scored(order) for order in permutations(WORTH)]
    few, many = scored(WORTH, randoms=20), scored(WORTH, randoms=600)
    for key in REMOVAL:
        exact = float(np.mean([number(found[key]) for found in every]))
        for found in (few[key], many[key]):
            assert found.chance is not None
            assert abs(found.chance.mean - exact) <= 4 * found.chance.error + 1e-6
        one, other = few[key].chance, many[key].chance
        assert one is not None
        assert other is not None
        assert other.error < one.error / 3
        assert other.randoms == 600


def test_reversed_orders_share_their_copies() -> None:
    e = given(toy("additive"), WORDS, WORTH, target="yes")
    model = toy("additive")
    alone = tokimp.evaluate(model, e, fractions=QUARTERS, randoms=0)[0].evaluations
    beside = tokimp.evaluate(model, e, fractions=QUARTERS, randoms=2)[0].evaluations
    assert alone == 8  # whole, empty, and three pairs of a part and its rest
    assert beside <= 14  # all 16 subsets are the most there are


def test_log_odds_survive_probabilities_that_round_to_nothing() -> None:
    steep = toy(lambda values: 200 * values.sum(1))
    found = tokimp.evaluate(steep, given(steep, "good film", (2.0, 1.0), target="no"), ["log_odds"], randoms=0)
    assert found[0].value == pytest.approx((((-200 + 600) + (600 - np.log(2))) / 2), rel=1e-5)


@pytest.mark.packs
@pytest.mark.parametrize("case", FERRET["cases"], ids=[str(i) for i in range(len(FERRET["cases"]))])
def test_ferret_has_the_same_numbers(case: dict[str, object]) -> None:
    """Its own evaluators, in the settings that stand beside the numbers; the same tokens are taken."""
    model = tokimp.load(FERRET["model"])
    scores = np.array(case["scores"])
    question = tokimp.ask(model, str(case["text"]), target=int(str(case["target"])))
    e = question.explanation(tokimp.Attribution(scores), "occlusion")
    taken = np.array(case["taken"])
    fractions = tuple(taken / len(question.inputs.free))
    keys = ["comprehensiveness", "sufficiency"]
    deleted = tokimp.evaluate(model, e, keys, removal="delete", fractions=fractions, randoms=0)
    masked = tokimp.evaluate(model, e, keys[:1], removal="mask", fractions=fractions, randoms=0)
    assert [score.value for score in deleted] == pytest.approx([case[key] for key in keys], abs=2e-5)
    assert masked[0].value == pytest.approx(case["comprehensiveness_masked"], abs=2e-5)
