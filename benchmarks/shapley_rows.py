"""Shapley values in time: to the same error against enumeration, and to the same standard error where none is possible.

The peers get a batched function of their own: captum's own way to explain a decoder would run one
copy at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from statistics import median

import numpy as np
import torch
from cases import Case
from contest import Floats, Outcome, agreement, fastest, say, timed
from decoder_rows import marginals, one_permutation
from game_table import Table, error
from peers import captum_peer, plain, shap_peer

from tokimp.types import Explanation

SEEDS = 12
PAIRS = 8  # permutations, each with its reverse, from which a single one's spread is taken
ROUNDS = 6
BATCHES = (8, 16, 32)
Game = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Estimator:
    """A peer's estimator: `run(game, size, seed)` gives values (player,), `size` in its own unit; `start` is a size."""

    name: str
    run: Callable[[Game, int, int], Floats]
    start: int


def estimators(players: int, batch: int) -> list[Estimator]:
    """The peers'."""
    return [
        Estimator(
            "captum ShapleyValueSampling",
            lambda game, size, seed: captum_peer.sampled(game, players, size, seed, batch),
            16,
        ),
        Estimator(
            "shap PermutationExplainer",
            lambda game, size, seed: shap_peer.permutations(game, players, size, seed),
            8,
        ),
        Estimator(
            "shap KernelExplainer", lambda game, size, seed: shap_peer.kernel(game, players, size, seed), 20 * players
        ),
    ]


def same_error(case: Case, budget: int, repeats: int) -> list[Outcome]:
    """Time to the mean error that `shapley_sampling` has with `budget` evaluations, over seeds, against enumeration."""
    table = Table(case)
    exact = table.shapley()
    with table.in_place_of_the_network():
        reached = float(np.mean([error(_ours(case, budget, seed), exact) for seed in range(SEEDS)]))
        expected = _ours(case, budget, 0)
    work = f"Shapley values to {100 * reached:.1f} % error, {_named(case)}"
    seconds, found = _several(case, budget, repeats)
    agreement(work, "tokimp on the network", expected, found)
    batch = _best_batch(case)
    network = plain.batched(case, batch)
    outcomes = []
    for each in estimators(len(case.players), batch):
        size = size_for(partial(_mean_error, each, table, exact), each.start, reached)
        table.asked = 0
        wanted = each.run(table, size, 0)
        asked = table.asked
        spent, values = timed(partial(each.run, network, size, 0))
        say(f"{work}: tokimp {seconds:.2f} s, {budget} evaluations; {each.name} {spent:.2f} s, {asked} evaluations")
        difference = agreement(work, each.name, wanted, values)
        outcomes.append(Outcome(work, each.name, spent, seconds, difference, f"{asked} against {budget} evaluations"))
    return outcomes


def same_standard_error(case: Case, budget: int, repeats: int) -> list[Outcome]:
    """Time to the standard error that `shapley_sampling` reports, of peers that average permutations.

    Their error comes from the spread of single permutations, their time from running one.
    """
    work = f"Shapley values to the same standard error, {_named(case)}"
    seconds, _ = _several(case, budget, repeats)
    stderr = _explained(case, budget, 0).attribution.stderr
    goal = _length(np.asarray(stderr)[case.question.inputs.free])
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(case.players)) for _ in range(PAIRS)]
    both = np.array([[marginals(case, order), marginals(case, order[::-1])] for order in orders])
    single = _length(both.reshape(2 * PAIRS, -1).std(0, ddof=1))
    pair = _length(both.mean(1).std(0, ddof=1))
    batch = _best_batch(case)
    network = plain.batched(case, batch)
    captum, shap, _ = estimators(len(case.players), batch)
    one, values = timed(partial(captum.run, network, 1, 0))
    difference = agreement(work, captum.name, one_permutation(case, 0), values)
    two, _ = timed(partial(shap.run, network, 1, 0))
    say(f"{work}: {goal:.3g}; tokimp {seconds:.2f} s; one permutation {one:.2f} s, back and forth {two:.2f} s")
    outcomes = []
    for name, each, spread, same in ((captum.name, one, single, difference), (shap.name, two, pair, None)):
        count = max(1, ceil((spread / goal) ** 2))
        remark = f"{count} times {each:.2f} s, by the spread of single ones"
        outcomes.append(Outcome(work, name, count * each, seconds, same, remark))
    return outcomes


def size_for(mean_error: Callable[[int], float], start: int, goal: float) -> int:
    """The size of a sample with which the error is at most the goal, found as if it fell with the root of the size."""
    size, enough = start, 0
    for _ in range(ROUNDS):
        found = mean_error(size)
        if found <= goal:
            enough = min(enough, size) if enough else size
            if found >= 0.95 * goal:
                break
        size = max(1, ceil(size * (found / goal) ** 2 * 1.01))
        if size == enough:
            break
    return enough or size


def _mean_error(each: Estimator, table: Table, exact: Floats, size: int) -> float:
    return float(np.mean([error(each.run(table, size, seed), exact) for seed in range(SEEDS)]))


def _several(case: Case, budget: int, repeats: int) -> tuple[float, Floats]:
    """Median seconds of ours on the network, and the values."""
    runs = [timed(partial(_ours, case, budget, 0)) for _ in range(repeats)]
    return median(seconds for seconds, _ in runs), runs[0][1]


def _ours(case: Case, budget: int, seed: int) -> Floats:
    return _explained(case, budget, seed).scores[case.question.inputs.free]


def _explained(case: Case, budget: int, seed: int) -> Explanation:
    return case.question.explain("shapley_sampling", {"budget": budget, "replacement": case.fill}, seed)


def _best_batch(case: Case) -> int:
    keep = torch.rand(64, len(case.players), generator=torch.Generator().manual_seed(0)) > 0.5
    return fastest(BATCHES, lambda batch: plain.batched(case, batch)(keep).numpy())


def _length(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _named(case: Case) -> str:
    return f"{len(case.players)} players, {'classifier' if case.model.task == 'classification' else 'decoder'}"
