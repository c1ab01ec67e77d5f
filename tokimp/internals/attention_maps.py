"""Attention of all heads: small pictures of each, whole maps on demand, and what the heads do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import MethodUnavailableError, OptionError
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.value_norms import See, value_norms
from tokimp.types import Floats

Measure = Literal["weights", "norms"]
MEASURES: tuple[Measure, ...] = ("weights", "norms")

# What a head may do, each a share of its attention (or, for "broad", of the widest there can be).
HABITS = ("previous", "next", "self", "first", "separator", "broad")
SIDE = 32  # cells along the edge of a small picture


@dataclass(frozen=True, eq=False)
class Survey:
    """All heads at a glance, by one measure.

    pictures (layer, head, cell, cell) are means over blocks of queries × keys; of at most `SIDE` tokens
    they are the maps themselves. habits (layer, head, habit) in the order of `HABITS`, each from 0 to 1.
    """

    pictures: Floats
    habits: Floats
    measure: Measure

    def habit(self, layer: int, head: int) -> tuple[str, float]:
        """What a head does most, and how much of its attention that is."""
        best = int(self.habits[layer, head].argmax())
        return HABITS[best], float(self.habits[layer, head, best])

    def sorted_by(self, habit: str) -> list[tuple[int, int]]:
        """(layer, head) of all heads, those that do this most first."""
        column = self.habits[..., HABITS.index(habit)]
        order = np.argsort(-column, axis=None, kind="stable")
        return [(int(i) // column.shape[1], int(i) % column.shape[1]) for i in order]


def survey(model: TextModel, inputs: Encoded, measure: Measure = "weights") -> Survey:
    """Small pictures and habits of all heads; of no more than one layer is the whole map ever held.

    Cost: one evaluation.
    """
    special = np.array([token.special for token in inputs.tokens])
    pictures: list[Floats] = []
    habits: list[Floats] = []

    def see(_layer: int, weights: Tensor, norms: Tensor) -> None:
        maps = _measured(weights[0], norms[0], measure).double().cpu().numpy()  # (head, query, key)
        pictures.append(_small(maps).astype(np.float16))
        habits.append(habits_of(maps, special, causal=model.architecture.decoder))

    _run(model, inputs, see, measure)
    return Survey(np.stack(pictures), np.stack(habits), measure)


def attention_map(
    model: TextModel, inputs: Encoded, layer: int | None = None, head: int | None = None, measure: Measure = "weights"
) -> Floats:
    """Attention (query, key) of one head; None means over layers or heads.

    "weights": the attention weights, rows summing to 1. "norms": ‖α f(x)‖ of Kobayashi et al. 2020,
    the length of what each key gives to each query. Cost: one evaluation.

    Raises:
        OptionError: a layer or head that the model does not have.
    """
    total = np.zeros((len(inputs), len(inputs)))
    seen = 0

    def see(at: int, weights: Tensor, norms: Tensor) -> None:
        nonlocal seen
        if layer not in (None, at):
            return
        maps = _measured(weights[0], norms[0], measure)
        if head is not None and head >= len(maps):
            raise OptionError(f"There is no head {head}.", f"Layer {at} has heads 0 to {len(maps) - 1}.")
        chosen = maps.double().mean(0) if head is None else maps[head].double()
        total[:] += chosen.cpu().numpy()
        seen += 1

    layers = model.size.layers
    if layer is not None and not 0 <= layer < layers:
        raise OptionError(f"There is no layer {layer}.", f"The model has layers 0 to {layers - 1}.")
    _run(model, inputs, see, measure)
    return total / seen


def every_map(model: TextModel, inputs: Encoded, measure: Measure = "weights") -> Floats:
    """All maps (layer, head, query, key), in half precision: four digits. Cost: one evaluation."""
    maps: list[Floats] = []

    def see(_layer: int, weights: Tensor, norms: Tensor) -> None:
        maps.append(_measured(weights[0], norms[0], measure).half().cpu().numpy())

    _run(model, inputs, see, measure)
    return np.stack(maps)


def habits_of(maps: Floats, special: np.ndarray, causal: bool) -> Floats:
    """Habits (head, habit) of maps (head, query, key); `special` (token,) marks tokens of no text.

    Shares of each head's attention, averaged over queries: to the token before, behind and itself; to
    the first token; to special tokens behind it, from queries that are none; and the entropy of its
    rows by the largest that there could be. The first query, which in a decoder sees only itself,
    does not count.
    """
    length = maps.shape[-1]
    rows = maps / np.maximum(maps.sum(-1, keepdims=True), np.finfo(np.float64).tiny)
    queries = np.arange(1, length) if length > 1 else np.arange(length)
    found = np.zeros((len(maps), len(HABITS)))
    if length == 1:
        return found
    found[:, 0] = rows[:, queries, queries - 1].mean(-1)
    found[:, 1] = rows[:, queries[:-1], queries[:-1] + 1].mean(-1) if length > 2 else 0.0
    found[:, 2] = rows[:, queries, queries].mean(-1)
    found[:, 3] = rows[:, queries, 0].mean(-1)
    separators = np.flatnonzero(special[1:]) + 1
    others = np.setdiff1d(queries, separators)
    if len(separators) and len(others):
        found[:, 4] = rows[:, others][:, :, separators].sum(-1).mean(-1)
    logs = np.log(np.where(rows > 0, rows, 1.0))
    entropy = -(rows * logs).sum(-1)[:, queries]
    visible = queries + 1 if causal else np.full(len(queries), length)
    found[:, 5] = (entropy / np.log(visible)).mean(-1)
    return found


def _measured(weights: Tensor, norms: Tensor, measure: Measure) -> Tensor:
    return weights if measure == "weights" else weights * norms[:, None]


def _small(maps: Floats) -> Floats:
    """Means over at most `SIDE` × `SIDE` blocks (head, cell, cell)."""
    length = maps.shape[-1]
    cells = min(SIDE, length)
    edges = np.arange(cells) * length // cells
    sizes = np.diff([*edges, length]).astype(np.float64)
    sums = np.add.reduceat(np.add.reduceat(maps, edges, axis=1), edges, axis=2)
    means: Floats = sums / (sizes[:, None] * sizes)
    return means


def _run(model: TextModel, inputs: Encoded, see: See, measure: Measure) -> None:
    if "layers" not in model.offers:
        if measure == "norms":
            raise MethodUnavailableError(f"{model.key} does not show what its attention carries.", "Look at weights.")
        for layer, weights in enumerate(model.attentions(inputs.ids)):
            see(layer, weights[None], weights[None, :, 0])
        return
    where = None if model.task == "classification" else torch.zeros(1, 1, dtype=torch.long, device=model.device)
    with torch.inference_mode(), value_norms(model, see):
        model.logits(model.embed(inputs.ids)[None], where)
