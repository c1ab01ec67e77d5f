"""The same numbers by other means: transformers alone, and enumeration of all coalitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

import tokimp
from tests import models
from tests.models import TEXTS
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Target, Task

CASES: list[tuple[str, Task]] = [
    ("bert", "classification"),
    ("roberta", "masked-lm"),
    ("gpt2", "next-token"),
    ("llama", "next-token"),
]
EVERY_CASE = pytest.mark.parametrize(("family", "task"), CASES)
EVERY_OUTPUT = pytest.mark.parametrize("output", ["logit", "log_prob", "prob"])
TARGETS = {"classification": ("neutral", "positive"), "masked-lm": (10, 20), "next-token": (10, 20)}


def question(family: str, task: Task, output: Output = "logit", contrast: bool = True) -> tokimp.api.Question:
    """A question with a set target and contrast, the same for every reference."""
    target, other = TARGETS[task]
    return tokimp.ask(
        models.shared(family, task), TEXTS[task], target=target, contrast=other if contrast else None, output=output
    )


def of_embeds(model: TextModel, target: Target) -> Callable[[Tensor], Tensor]:
    """Values (batch,) of the target at embeds (batch, token, hidden), by transformers alone."""
    return lambda embeds: _value(model, target, model.network(inputs_embeds=embeds).logits)


def of_ids(model: TextModel, target: Target) -> Callable[[Tensor], Tensor]:
    """Values (batch,) of the target at ids (batch, token), by transformers alone."""
    return lambda ids: _value(model, target, model.network(input_ids=ids).logits)


def _value(model: TextModel, target: Target, logits: Tensor) -> Tensor:
    rows = logits if model.task == "classification" else logits[:, target.position]
    rows = {"logit": rows, "log_prob": rows.log_softmax(-1), "prob": rows.softmax(-1)}[target.output]
    value = rows[:, target.index]
    return value if target.contrast is None else value - rows[:, target.contrast]


def filled(model: TextModel, ids: np.ndarray, fixed: np.ndarray, fill: int) -> Tensor:
    """Embeddings (1, token, hidden) with all that may be replaced replaced."""
    found: Tensor = model.network.get_input_embeddings()(torch.as_tensor(np.where(fixed, ids, fill)))[None].detach()
    return found


Game = Callable[[frozenset[int]], float]


def shapley(players: int, game: Game) -> np.ndarray:
    """Shapley values by enumeration of all coalitions."""
    values = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = 1 / (players * comb(players - 1, size))
            for coalition in map(frozenset, combinations(others, size)):
                values[player] += weight * (game(coalition | {player}) - game(coalition))
    return values


def owen(players: int, merges: np.ndarray, game: Game) -> np.ndarray:
    """Owen values of a binary hierarchy (merge, 2…): each sibling phrase on the way is there in half of the cases."""
    members: list[frozenset[int]] = [frozenset({player}) for player in range(players)]
    parents: dict[int, tuple[int, int]] = {}  # node → (parent, sibling)
    for row in merges:
        left, right = int(row[0]), int(row[1])
        parents |= {left: (len(members), right), right: (len(members), left)}
        members.append(members[left] | members[right])
    values = np.zeros(players)
    for player in range(players):
        siblings, node = [], player
        while node in parents:
            node, sibling = parents[node]
            siblings.append(members[sibling])
        contexts = [_union(chosen) for chosen in product(*[(frozenset(), each) for each in siblings])]
        values[player] = np.mean([game(context | {player}) - game(context) for context in contexts])
    return values


def _union(parts: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*parts)


def widened(draws: int) -> float:
    """By how much a standard error of few draws is widened, so that three of them hold 99.73 %."""
    return float(stats.t.ppf(0.99865, max(draws - 1, 2)) / 3)
