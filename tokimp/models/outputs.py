"""From the network's output to the one number that is explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tokimp.models.text_model import Link, TextModel
from tokimp.types import Output, Target

Ids = tuple[int, ...]


class _Term(NamedTuple):
    """One summand of a target's value: the word `ids`, read behind `suffix`."""

    target: int
    ids: Ids
    sign: float
    suffix: Ids


def target_values(model: TextModel, embeds: Tensor, targets: Sequence[Target], positions: Sequence[int]) -> Tensor:
    """Values (batch, target) of several targets on the same copies, in each target's unit.

    embeds (batch, token, hidden); positions (batch,) say where each copy's target is read.
    Differentiable in `embeds`. Cost: one forward pass a copy, shared by all targets, and one more
    for each continued word of a next-token target.
    """
    terms = [term for i, target in enumerate(targets) for term in _terms(model, i, target)]
    values = [torch.zeros(len(embeds), device=embeds.device) for _ in targets]
    for suffix in dict.fromkeys(term.suffix for term in terms):
        shared = [term for term in terms if term.suffix == suffix]
        logits = _read(model, embeds, suffix, positions, max(len(term.ids) for term in shared))
        for term in shared:
            value = word_value(logits, term.ids, targets[term.target].output, model.link)
            values[term.target] = values[term.target] + term.sign * value
    return torch.stack(values, dim=-1)


def forward_passes(model: TextModel, targets: Sequence[Target]) -> int:
    """How many forward passes `target_values` makes for each copy."""
    return len({term.suffix for i, target in enumerate(targets) for term in _terms(model, i, target)})


def word_value(logits: Tensor, ids: Ids, output: Output, link: Link) -> Tensor:
    """Value (batch,) of one class or word from logits (batch, kept, vocabulary or class).

    A word of several ids has the sum of its log-probabilities, or its probability. A model with one
    output has no probability: its value is its value.
    """
    if link == "identity" or (output == "logit" and len(ids) == 1):
        return logits[:, 0, ids[0]]
    log_probs = [log_probability(logits[:, step], link)[:, id_] for step, id_ in enumerate(ids)]
    total = torch.stack(log_probs).sum(0)
    return total.exp() if output == "prob" else total


def log_probability(logits: Tensor, link: Link) -> Tensor:
    """Log-probabilities (…, vocabulary or class); a model with one output has none and keeps its value."""
    if link == "softmax":
        return logits.log_softmax(-1)
    return torch.nn.functional.logsigmoid(logits) if link == "sigmoid" else logits


def _terms(model: TextModel, index: int, target: Target) -> list[_Term]:
    def suffix(ids: Ids) -> Ids:
        return ids[:-1] if model.task == "next-token" else ()

    terms = [_Term(index, target.ids, 1.0, suffix(target.ids))]
    if target.contrast_ids:
        terms.append(_Term(index, target.contrast_ids, -1.0, suffix(target.contrast_ids)))
    return terms


def _read(model: TextModel, embeds: Tensor, suffix: Ids, positions: Sequence[int], kept: int) -> Tensor:
    """Logits (batch, kept, vocabulary or class), with a continuation's ids behind each copy."""
    if model.task == "classification":
        return model.logits(embeds, None)[:, None]
    if suffix:
        behind = model.embed(torch.tensor(suffix).numpy()).expand(len(embeds), -1, -1)
        embeds = torch.cat([embeds, behind], dim=1)
    first = torch.tensor(positions, device=embeds.device)[:, None]  # (batch, 1)
    return model.logits(embeds, first + torch.arange(kept, device=embeds.device))
