"""Interactions against formulas, and the Shapley interaction index against its definition."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from torch import Tensor

import tokimp
from tests import toys
from tokimp.watch import Watch
from tokimp.why.case import Case, case_of
from tokimp.why.interactions import interactions, second_differences, shapley_interaction

LONG = "not bad good film the was not good film"


def case(formula: Callable[[Tensor], Tensor] | str, text: str, token: int) -> Case:
    model = toys.toy(formula)
    return case_of(model, tokimp.explain(model, text, "occlusion", target="yes"), token, Watch())


def worths(text: str) -> np.ndarray:
    """Values (token,) of [CLS], the words and [SEP]."""
    return np.array([0.0, *(toys.VALUES.get(word, 0.0) for word in text.split()), 0.0])


def mixed(v: Tensor) -> Tensor:
    return v[:, 1] * v[:, 2] + v[:, 1] * v[:, 3] * v[:, 4] - 3 * v[:, 2] * v[:, 3] + v.sum(1)


def deep(v: Tensor) -> Tensor:
    return v[:, 1] * v[:, 3] * (1 + v[:, 4] * v[:, 9])


def by_definition(formula: Callable[[Tensor], Tensor], text: str, one: int, other: int) -> float:
    """Σ over all S of |S|! (n − |S| − 2)! / (n − 1)! · [f(S + both) − f(S + one) − f(S + other) + f(S)]."""
    import torch

    values = torch.tensor(worths(text))
    players = range(1, len(values) - 1)

    def f(present: set[int]) -> float:
        kept = torch.tensor([value if i in present else 0.0 for i, value in enumerate(values.tolist())])
        return float(formula(kept[None].double())[0])

    total, rest = 0.0, [i for i in players if i not in (one, other)]
    for size in range(len(rest) + 1):
        weight = factorial(size) * factorial(len(players) - size - 2) / factorial(len(players) - 1)
        for some in combinations(rest, size):
            s = set(some)
            total += weight * (f(s | {one, other}) - f(s | {one}) - f(s | {other}) + f(s))
    return total


def test_second_differences_of_a_product_are_the_product() -> None:
    assert second_differences(case("product", toys.TEXT, 1), [2]) == pytest.approx([2.0], abs=1e-6)


@pytest.mark.parametrize("token", [1, 2, 3, 4])
def test_second_differences_follow_the_formula(token: int) -> None:
    text = "not bad good film"
    found = second_differences(case(mixed, text, token), [i for i in range(1, 5) if i != token])
    _, a, b, c, d, _ = worths(text)
    pairs = {(1, 2): a * b, (1, 3): a * c * d, (1, 4): a * c * d, (2, 3): -3 * b * c, (2, 4): 0.0, (3, 4): a * c * d}
    expected = [pairs[tuple(sorted((token, i)))] for i in range(1, 5) if i != token]  # type: ignore[index]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("one", "other"), list(combinations(range(1, 5), 2)))
def test_the_index_of_few_tokens_is_that_of_the_definition(one: int, other: int) -> None:
    text = "not bad good film"
    value, error = shapley_interaction(case(mixed, text, one), other)
    assert error is None
    assert value == pytest.approx(by_definition(mixed, text, one, other), abs=1e-5)


def test_the_index_of_many_tokens_is_estimated_with_its_error() -> None:
    expected = by_definition(deep, LONG, 1, 3)
    found = []
    for seed in range(12):
        model = toys.toy(deep)
        explanation = tokimp.explain(model, LONG, "occlusion", target="yes", seed=seed)
        value, error = shapley_interaction(case_of(model, explanation, 1, Watch()), 3)
        assert error is not None
        assert abs(value - expected) <= 4 * error
        found.append(value)
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found, ddof=1) / np.sqrt(len(found)))


def test_an_interaction_that_hangs_on_nothing_else_has_no_error() -> None:
    value, error = shapley_interaction(case("product", LONG, 1), 2)
    assert value == pytest.approx(toys.VALUES["not"] * toys.VALUES["bad"], abs=1e-6)
    assert error == pytest.approx(0, abs=1e-6)


def test_the_strongest_partner_is_named_with_its_sign() -> None:
    found = interactions(case(mixed, "not bad good film", 2))
    assert found is not None
    assert "It works together with “good” most: together they push 6 logits more towards" in found.sentence
    names = [row.name for row in found.numbers]
    assert names[0] == "with “good” (token 3), Shapley interaction"
    assert "with “good” (token 3), second difference" in names


def test_without_interactions_the_token_works_alone() -> None:
    found = interactions(case("additive", "not bad good film", 2))
    assert found is not None
    assert "works alone" in found.sentence


def test_special_tokens_and_lonely_ones_have_none() -> None:
    assert interactions(case("additive", toys.TEXT, 0)) is None
    alone = interactions(case("additive", "good", 1))
    assert alone is not None
    assert "no other token" in alone.sentence
    assert alone.numbers == ()
