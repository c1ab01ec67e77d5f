"""A delta whose factors are trained on."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from tokimp.models.deltas import LEFT, RIGHT


def trainable(delta: Mapping[str, Tensor]) -> dict[str, torch.nn.Parameter]:
    return {name: torch.nn.Parameter(tensor.float()) for name, tensor in delta.items()}


def unfactored(body: Mapping[str, Tensor], parameters: Mapping[str, Tensor], prefix: str = "") -> dict[str, Tensor]:
    """As `fold_delta`, but differentiable in the factors, and only what the delta touches.

    Args:
        body: under the task network's names.
        prefix: put before every name that comes out.
    """
    weights = {}
    for key, tensor in parameters.items():
        if key.endswith(LEFT):
            name = key[: -len(LEFT)]
            weights[prefix + name] = torch.addmm(body[name], tensor, parameters[name + RIGHT])
        elif not key.endswith(RIGHT):
            weights[prefix + key] = tensor
    return weights


def rate_groups(parameters: Mapping[str, torch.nn.Parameter], factors: float, others: float) -> list[dict[str, object]]:
    """Parameter groups of an optimizer, each with its peak learning rate."""
    pairs = [weight for name, weight in parameters.items() if name.endswith((LEFT, RIGHT))]
    single = [weight for name, weight in parameters.items() if not name.endswith((LEFT, RIGHT))]
    return [{"params": pairs, "lr": factors}, {"params": single, "lr": others}]


def packed(parameters: Mapping[str, torch.nn.Parameter]) -> dict[str, Tensor]:
    return {name: weight.detach().half() for name, weight in parameters.items()}
