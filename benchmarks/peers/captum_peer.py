"""captum: `LLMAttribution` on decoders, its plain attribution classes on classifiers and games."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from captum.attr import (
    FeatureAblation,
    LayerIntegratedGradients,
    LLMAttribution,
    LLMGradientAttribution,
    ShapleyValueSampling,
    TextTokenInput,
)
from cases import Case
from contest import Floats
from torch import Tensor


def leave_one_out(case: Case) -> Floats:
    """One copy at a time: its default path cannot batch."""
    return _llm(case, FeatureAblation(case.network))


def permutation(case: Case, seed: int) -> Floats:
    """Shapley values from one permutation: the first that torch draws after this seed."""
    torch.manual_seed(seed)
    return _llm(case, ShapleyValueSampling(case.network), n_samples=1)


def integrated_gradients(case: Case, steps: int) -> Floats:
    """Gauss–Legendre steps at the embedding layer, all in one batch."""
    method = LayerIntegratedGradients(case.network, case.network.get_input_embeddings())
    found = LLMGradientAttribution(method, case.tokenizer).attribute(
        _input(case), target=torch.tensor([case.target]), n_steps=steps
    )
    return _array(found.seq_attr)


def leave_one_out_of_classifier(case: Case, batch: int) -> Floats:
    """All scores (token,), 0 for special tokens, `batch` copies at a time."""
    players = case.players

    def forward(ids: Tensor) -> Tensor:
        full = case.ids.repeat(len(ids), 1)
        full[:, players] = ids
        logits: Tensor = case.network(input_ids=full).logits[:, case.target]
        return logits

    found = FeatureAblation(forward).attribute(
        case.ids[players][None], baselines=case.fill, perturbations_per_eval=batch
    )
    scores = torch.zeros(len(case.ids), dtype=torch.float64)
    scores[players] = found[0].double()
    return _array(scores)


def sampled(game: Callable[[Tensor], Tensor], players: int, permutations: int, seed: int, batch: int) -> Floats:
    """Shapley values (player,) of a game on coalitions (coalition, player)."""
    torch.manual_seed(seed)
    whole = torch.ones(1, players)
    found = ShapleyValueSampling(lambda rows: game(rows > 0.5)).attribute(
        whole, n_samples=permutations, perturbations_per_eval=batch
    )
    return _array(found[0])


def _llm(case: Case, method: Any, **options: int) -> Floats:
    found = LLMAttribution(method, case.tokenizer).attribute(
        _input(case), target=torch.tensor([case.target]), **options
    )
    return _array(found.seq_attr)


def _input(case: Case) -> Any:
    return TextTokenInput(case.text, case.tokenizer, baselines=case.fill)


def _array(values: Tensor) -> Floats:
    return values.detach().double().numpy().astype(np.float64)
