"""How near estimators of Shapley values come with how many evaluations: writes `estimators.md` beside this file.

    python benchmarks/estimators.py

Every coalition of two texts is scored once (kept in `.cache/`); the estimators, ours and the peers', then
read values from that table. Error: root mean square over seeds of |estimate − exact| / |exact|.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tokimp.api import ask
from tokimp.methods.adjusted import adjusted
from tokimp.methods.coalitions import Pairs, pairs_of
from tokimp.methods.permutations import coalitions_of, marginals, orders_of, permuted
from tokimp.methods.probabilistic import SHAPLEY, Values, every_coalition
from tokimp.methods.regression import additive_fit, kernel_regression, kernel_sizes, kernel_weights, leverage_sizes
from tokimp.models.loading import load
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.types import Floats
from tokimp.watch import Watch

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {
    "minilm-sentiment": "The film was not very good, but the actors were brilliant.",
    "smollm2-135m": "Once upon a time there was a king who had three beautiful",
}
BUDGETS = (64, 256, 1024)
SEEDS = 12
Estimator = Callable[[Values, int, int, int], Floats]  # game, players, budget, seed → values (player,)


def table_of(key: str, text: str) -> tuple[Floats, int]:
    """Values of all coalitions of the text's tokens, and how many tokens play."""
    question = ask(load(key), text)
    players = len(question.inputs.free)
    kept = ROOT / ".cache" / f"estimators-{key}-{players}.npy"
    if not kept.exists():
        keep = np.zeros((2**players, len(question.inputs)), dtype=bool)
        keep[:, question.inputs.free] = every_coalition(players)
        edit = masking(question.model, question.inputs, question.target)
        kept.parent.mkdir(exist_ok=True)
        np.save(kept, Scorer(question.model, [question.target], Watch())(edit.copies(keep)))
    return np.load(kept), players


def ends(game: Values, players: int) -> tuple[float, float]:
    empty, full = game(np.array([[False], [True]]).repeat(players, axis=1))
    return float(empty), float(full)


def paired(game: Values, pairs: Pairs) -> Floats:
    return game(pairs.coalitions) - game(~pairs.coalitions)


def surrogate(game: Values, players: int, budget: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    pairs = pairs_of(players, budget // 2 - 1, SHAPLEY.sizes(players), rng)
    empty, full = ends(game, players)
    return adjusted(SHAPLEY, pairs, paired(game, pairs), full - empty, rng).values


def regression(sizes: Callable[[int], Floats]) -> Estimator:
    def run(game: Values, players: int, budget: int, seed: int) -> Floats:
        pairs = pairs_of(players, budget // 2 - 1, sizes(players), np.random.default_rng(seed))
        empty, full = ends(game, players)
        return kernel_regression(pairs, paired(game, pairs), full - empty).values

    return run


def boosted_trees(game: Values, players: int, budget: int, seed: int) -> Floats:
    """150 trees of depth 4, their exact values, and paired leverage regression on what they miss."""
    import shap
    from sklearn.ensemble import GradientBoostingRegressor

    pairs = pairs_of(players, budget // 2 - 1, leverage_sizes(players), np.random.default_rng(seed))
    none = np.zeros((1, players), dtype=bool)
    seen = np.concatenate([pairs.coalitions, ~pairs.coalitions, none, ~none])
    trees = GradientBoostingRegressor(n_estimators=150, max_depth=4, random_state=seed).fit(seen, game(seen))
    explainer = shap.TreeExplainer(trees, none.astype(float), feature_perturbation="interventional")
    shares: Floats = explainer.shap_values((~none).astype(float), check_additivity=False)[0]

    def missed(coalitions: np.ndarray) -> Floats:
        return np.asarray(game(coalitions) - trees.predict(coalitions))

    empty, full = ends(missed, players)
    rest, _ = additive_fit(pairs.coalitions, kernel_weights(pairs), paired(missed, pairs), full - empty)
    return shares + rest


def antithetic(game: Values, players: int, budget: int, seed: int) -> Floats:
    orders = orders_of(players, budget - 2, np.random.default_rng(seed))
    return permuted(marginals(orders, game(coalitions_of(orders)), *ends(game, players))).values


def captum_permutations(game: Values, players: int, budget: int, seed: int) -> Floats:
    from captum.attr import ShapleyValueSampling

    torch.manual_seed(seed)
    sampler = ShapleyValueSampling(lambda rows: torch.as_tensor(game(rows.numpy() > 0.5)))
    ones = torch.ones(1, players, dtype=torch.float64)
    found = sampler.attribute(ones, n_samples=max(budget // players, 1), perturbations_per_eval=1)
    return np.asarray(found[0].numpy())


def shap_permutations(game: Values, players: int, budget: int, seed: int) -> Floats:
    import shap

    none = np.zeros((1, players))
    explainer = shap.PermutationExplainer(lambda rows: game(rows > 0.5), none, seed=seed)
    return np.asarray(explainer(none + 1, max_evals=max(budget, 2 * players + 1), silent=True).values[0])


def shap_kernel(game: Values, players: int, budget: int, seed: int) -> Floats:
    import shap

    np.random.seed(seed)  # the explainer draws from the global generator
    none = np.zeros((1, players))
    explainer = shap.KernelExplainer(lambda rows: game(rows > 0.5), none)
    return np.ravel(explainer.shap_values(none + 1, nsamples=budget, l1_reg=False, silent=True))


ESTIMATORS: dict[str, Estimator] = {
    "captum ShapleyValueSampling": captum_permutations,
    "shap PermutationExplainer": shap_permutations,
    "shap KernelExplainer": shap_kernel,
    "boosted trees + paired leverage": boosted_trees,
    "ours: `permutations`, with reverses": antithetic,
    "ours: `kernel_shap`, paired": regression(kernel_sizes),
    "ours: `leverage`, paired": regression(leverage_sizes),
    "ours: `surrogate` (default)": surrogate,
}
BEST = "ours: `surrogate` (default)"


def errors(run: Estimator, table: Floats, players: int, budget: int) -> tuple[float, float]:
    """The error, and seconds an estimate takes without the model."""
    places = 2 ** np.arange(players)
    exact = SHAPLEY.exact(table, players)
    begin = time.perf_counter()
    found = [run(lambda rows: table[rows @ places], players, budget, seed) for seed in range(SEEDS)]
    seconds = (time.perf_counter() - begin) / SEEDS
    off = np.linalg.norm(np.array(found) - exact, axis=1) / np.linalg.norm(exact)
    return float(np.sqrt((off**2).mean())), seconds


def needed(curve: dict[int, float], error: float) -> float:
    """Evaluations to reach an error: read off the curve, and beyond its last point by the square root law."""
    budgets = list(curve)
    for low, high in pairwise(budgets):
        if curve[high] <= error:
            slope = np.log(curve[high] / curve[low]) / np.log(high / low)
            return float(low * (error / curve[low]) ** (1 / slope))
    return float(budgets[-1] * (curve[budgets[-1]] / error) ** 2)


def section(key: str, text: str) -> list[str]:
    """One text's table."""
    table, players = table_of(key, text)
    lines = [f"## {key}: “{text}”, {players} players", ""]
    heads = [f"error, {budget}" for budget in BUDGETS]
    lines += [
        f"| estimator | {' | '.join(heads)} | evaluations for the default's error at 256 | seconds at 256 |",
        "|---|" + "---|" * (len(BUDGETS) + 2),
    ]
    found = {
        name: {budget: errors(run, table, players, budget) for budget in BUDGETS} for name, run in ESTIMATORS.items()
    }
    goal = found[BEST][256][0]
    for name, row in found.items():
        count = needed({budget: error for budget, (error, _) in row.items()}, goal)
        shown = " | ".join(f"{error:.3f}" for error, _ in row.values())
        lines.append(f"| {name} | {shown} | {count:,.0f} ({count / 256:.1f}×) | {row[256][1]:.2f} |")
    return [*lines, ""]


def main() -> None:
    """Runs everything and writes the tables."""
    lines = [
        "# Estimators of Shapley values",
        "",
        f"Written by `python benchmarks/estimators.py`: {SEEDS} seeds, relative error against all coalitions.",
        "Evaluations beyond 1,024 are extrapolated by the square root law. Seconds are the estimator's own.",
        "",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers
        for key, text in TEXTS.items():
            lines += section(key, text)
    report = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
