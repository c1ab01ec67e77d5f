"""From the network's output to the one number that is explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tokimp.models.encoder_decoder import Source
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Ids as IdRows
from tokimp.models.traits import Link
from tokimp.types import Output, Target

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

Ids = tuple[int, ...]

ROWS_OF_HEAD = 4
"""Gradients through fewer rows of the head are summed over the vocabulary one by one, which costs them two digits."""


class Term(NamedTuple):
    """One summand of a target's value: the word `ids`, read so many places behind the first that is kept."""

    target: int
    ids: Ids
    sign: float
    offset: int = 0


class Reading(NamedTuple):
    """One forward pass: outputs at `kept` positions with the ids `suffix` behind the input, and what they are for."""

    suffix: Ids
    kept: int
    terms: tuple[Term, ...]


def readings(model: TextModel, targets: Sequence[Target]) -> list[Reading]:
    """The forward passes that targets need: one for all, and one more for each continued next-token word."""
    by_suffix: dict[Ids, list[Term]] = {}
    for i, target in enumerate(targets):
        for ids, sign in ((target.ids, 1.0), (target.contrast_ids, -1.0)):
            if ids:
                suffix = ids[:-1] if model.architecture.writes else ()
                by_suffix.setdefault(suffix, []).append(Term(i, ids, sign))
    return [Reading(suffix, max(len(term.ids) for term in terms), tuple(terms)) for suffix, terms in by_suffix.items()]


def row_reading(targets: Sequence[Target]) -> Reading:
    """The one forward pass for the tokens of an answer: each is read behind those before it."""
    terms = tuple(Term(i, target.ids, 1.0, target.position - targets[0].position) for i, target in enumerate(targets))
    between = tuple(target.index for target in targets[:-1])
    return Reading(between, len(targets), terms)


def forward_passes(model: TextModel, targets: Sequence[Target]) -> int:
    """How many forward passes the targets' values take for each copy."""
    return len(readings(model, targets))


def read_values(
    model: TextModel, targets: Sequence[Target], passes: Sequence[Reading], run: Callable[[Reading], Tensor]
) -> Tensor:
    """Values (batch, target) of several targets, in each target's unit, from the passes' outputs.

    `run` gives a pass's logits (batch, kept, vocabulary or class).
    """
    values: dict[int, Tensor] = {}
    for reading in passes:
        logits = run(reading)
        for term in reading.terms:
            value = term.sign * word_value(logits[:, term.offset :], term.ids, targets[term.target].output, model.link)
            values[term.target] = values[term.target] + value if term.target in values else value
    return torch.stack([values[i] for i in range(len(targets))], dim=-1)


def target_values(model: TextModel, embeds: Tensor, targets: Sequence[Target], positions: Sequence[int]) -> Tensor:
    """Values (batch, target) of several targets on the same copies, in each target's unit.

    embeds (batch, token, hidden); positions (batch,) say where each copy's target is read.
    Differentiable in `embeds`. Cost: one forward pass a copy, shared by all targets, and one more
    for each continued word of a next-token target.
    """

    def run(reading: Reading) -> Tensor:
        behind = model.embed(np.array(reading.suffix, dtype=np.int64)).expand(len(embeds), -1, -1)
        return logits_at(model, torch.cat([embeds, behind], dim=1), positions, reading.kept, targets[0].source)

    return read_values(model, targets, readings(model, targets), run)


def answer_values(model: TextModel, embeds: Tensor, targets: Sequence[Target]) -> Tensor:
    """Values (batch, target) of an answer's targets, which read embeds (batch, token, hidden) with the answer in them.

    Differentiable in `embeds`. Cost: one forward pass a copy, shared by all targets.
    """
    reading = Reading((), len(targets), row_reading(targets).terms)
    first = [targets[0].position] * len(embeds)
    return read_values(
        model, targets, [reading], lambda _: logits_at(model, embeds, first, len(targets), targets[0].source)
    )


def logits_at(model: TextModel, embeds: Tensor, positions: Sequence[int], kept: int, source: int = 0) -> Tensor:
    """Logits (batch, kept, vocabulary or class) from positions (batch,) of embeds on."""
    places = _kept(model, positions, kept)
    if places is None:
        return model.logits(embeds, None, None, source)[:, None]
    if torch.is_grad_enabled() and places.numel() < ROWS_OF_HEAD:
        again = places[:, -1:].expand(-1, -(-ROWS_OF_HEAD // len(places)) - kept)
        return model.logits(embeds, torch.cat([places, again], dim=1), None, source)[:, :kept]
    return model.logits(embeds, places, None, source)


def answers_at(
    model: TextModel,
    ids: IdRows,
    positions: Sequence[int],
    kept: int,
    past: Cache | Source | None = None,
    source: int = 0,
) -> Tensor:
    """Logits (batch, kept, vocabulary or class) of ids (batch, token) from positions (batch,) on."""
    logits = model.answers(ids, _kept(model, positions, kept), past, source)
    return logits[:, None] if model.task == "classification" else logits


def _kept(model: TextModel, positions: Sequence[int], kept: int) -> Tensor | None:
    """Where the head is needed (batch, kept); None for a class, which is read once."""
    if model.task == "classification":
        return None
    first = torch.tensor(positions, device=model.device)[:, None]  # (batch, 1)
    return first + torch.arange(kept, device=model.device)


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
