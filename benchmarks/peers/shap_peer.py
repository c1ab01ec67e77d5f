"""shap's own explainers on a game: values of coalitions (coalition, player)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shap
import torch
from contest import Floats
from torch import Tensor

Game = Callable[[Tensor], Tensor]
REQUEST = 32  # coalitions that the partition explainer asks for at once, as it does for us


def owen_values(game: Game, phrases: Floats, max_evals: int, seed: int) -> Floats:
    """Owen values (player,) by the partition explainer over a hierarchy of the players."""
    players = len(phrases) + 1

    class Coalitions(shap.maskers.Masker):  # type: ignore[misc]
        """Hands the coalition on."""

        shape = (1, players)
        clustering = phrases

        def __call__(self, mask: Any, *_args: Any) -> tuple[Any]:
            return (mask[None],)

        def mask_shapes(self, *_args: Any) -> list[tuple[int]]:
            return [(players,)]

    np.random.seed(seed)
    explainer = shap.explainers.PartitionExplainer(_of_arrays(game), Coalitions())
    found = explainer(np.ones((1, players)), max_evals=max_evals, batch_size=REQUEST, silent=True)
    return np.asarray(found.values[0], dtype=np.float64)


def permutations(game: Game, players: int, rounds: int, seed: int) -> Floats:
    """Shapley values (player,): each round goes through a permutation forth and back, 2 × players evaluations."""
    explainer = shap.PermutationExplainer(_of_arrays(game), np.zeros((1, players)), seed=seed)
    found = explainer(np.ones((1, players)), max_evals=rounds * (2 * players + 1), silent=True)
    return np.asarray(found.values[0], dtype=np.float64)


def kernel(game: Game, players: int, samples: int, seed: int) -> Floats:
    """Shapley values (player,) by weighted regression without selection of features."""
    np.random.seed(seed)
    explainer = shap.KernelExplainer(_of_arrays(game), np.zeros((1, players)), silent=True)
    found = explainer.shap_values(np.ones((1, players)), nsamples=samples, l1_reg=False, silent=True)
    return np.asarray(found[0], dtype=np.float64)


def _of_arrays(game: Game) -> Callable[[Any], Floats]:
    return lambda rows: game(torch.as_tensor(np.asarray(rows) > 0.5)).double().numpy()
