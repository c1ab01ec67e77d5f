"""Attention of all heads: small pictures of each, whole maps on demand, and what the heads do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import MethodUnavailableError, OptionError
from tokimp.internals.parts import Attended, Part, attended
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.value_norms import See, value_norms
from tokimp.types import Floats

Measure = Literal["weights", "norms"]
MEASURES: tuple[Measure, ...] = ("weights", "norms")

# What a head may do, each a share of its attention (or, for "broad", of the widest there can be).
HABITS = ("previous", "next", "self", "first", "separator", "broad")
CROSS_HABITS = ("in_step", "first", "separator", "broad")
SIDE = 32  # cells along the edge of a small picture


@dataclass(frozen=True, eq=False)
class Survey:
    """All heads at a glance, by one measure.

    pictures (layer, head, row, column) are means over blocks of queries × keys; of at most `SIDE` tokens
    they are the maps themselves. habits (layer, head, habit) in the order of `names`, each from 0 to 1.
    """

    pictures: Floats
    habits: Floats
    measure: Measure
    names: tuple[str, ...] = HABITS

    def habit(self, layer: int, head: int) -> tuple[str, float]:
        """What a head does most, and how much of its attention that is."""
        best = int(self.habits[layer, head].argmax())
        return self.names[best], float(self.habits[layer, head, best])

    def sorted_by(self, habit: str) -> list[tuple[int, int]]:
        """(layer, head) of all heads, those that do this most first."""
        column = self.habits[..., self.names.index(habit)]
        order = np.argsort(-column, axis=None, kind="stable")
        return [(int(i) // column.shape[1], int(i) % column.shape[1]) for i in order]


def survey(model: TextModel, inputs: Encoded, measure: Measure = "weights", part: Part | None = None) -> Survey:
    """Small pictures and habits of all heads; of no more than one layer is the whole map ever held.

    `part` as in `attended`. Cost: one evaluation.
    """
    at = attended(model, inputs, part)
    special = np.array([token.special for token in inputs.tokens])[at.keys]
    pictures: list[Floats] = []
    habits: list[Floats] = []

    def see(_layer: int, weights: Tensor, norms: Tensor) -> None:
        maps = _measured(weights[0], norms[0], measure).double().cpu().numpy()  # (head, query, key)
        pictures.append(_small(maps).astype(np.float16))
        habits.append(cross_habits(maps, special) if at.across else habits_of(maps, special, at.causal))

    _run(model, inputs, at, see, measure)
    return Survey(np.stack(pictures), np.stack(habits), measure, CROSS_HABITS if at.across else HABITS)


def attention_map(
    model: TextModel,
    inputs: Encoded,
    layer: int | None = None,
    head: int | None = None,
    measure: Measure = "weights",
    part: Part | None = None,
) -> Floats:
    """Attention (query, key) of one head; None means over layers or heads. `part` as in `attended`.

    Layers count from 0, an encoder's before its decoder's. "weights": the attention weights, rows summing to 1.
    "norms": ‖α f(x)‖ of Kobayashi et al. 2020, the length of what each key gives to each query. Cost: one
    evaluation.

    Raises:
        OptionError: a layer or head that the model, or this part of it, does not have.
    """
    at = attended(model, inputs, part)
    if layer is not None and layer not in at.layers.values():
        whose = "This part has" if inputs.source else "The model has"
        raise OptionError(f"There is no layer {layer}.", f"{whose} layers {at.first} to {at.first + at.count - 1}.")
    total = np.zeros((len(at.queries), len(at.keys)))
    seen = 0

    def see(here: int, weights: Tensor, norms: Tensor) -> None:
        nonlocal seen
        if layer not in (None, here):
            return
        maps = _measured(weights[0], norms[0], measure)
        if head is not None and head >= len(maps):
            raise OptionError(f"There is no head {head}.", f"Layer {here} has heads 0 to {len(maps) - 1}.")
        chosen = maps.double().mean(0) if head is None else maps[head].double()
        total[:] += chosen.cpu().numpy()
        seen += 1

    _run(model, inputs, at, see, measure)
    return total / seen


def every_map(model: TextModel, inputs: Encoded, measure: Measure = "weights", part: Part | None = None) -> Floats:
    """All maps (layer, head, query, key), in half precision: four digits. `part` as in `attended`.

    Cost: one evaluation.
    """
    maps: list[Floats] = []

    def see(_layer: int, weights: Tensor, norms: Tensor) -> None:
        maps.append(_measured(weights[0], norms[0], measure).half().cpu().numpy())

    _run(model, inputs, attended(model, inputs, part), see, measure)
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


def cross_habits(maps: Floats, special: np.ndarray) -> Floats:
    """Habits (head, habit) of maps (head, query, key) from an answer to its text; `special` (key,): what is no text.

    Shares of each head's attention, averaged over queries: to keys at most one token from the place that is as far
    into the text as the query is into the answer; to the first token; to special tokens behind it; and the entropy
    of its rows by the largest that there could be.
    """
    queries, keys = maps.shape[-2:]
    found = np.zeros((len(maps), len(CROSS_HABITS)))
    if keys == 1:
        return found
    rows = maps / np.maximum(maps.sum(-1, keepdims=True), np.finfo(np.float64).tiny)
    step = np.linspace(0, keys - 1, queries)
    near = np.abs(np.arange(keys) - np.rint(step)[:, None]) <= 1
    found[:, 0] = (rows * near).sum(-1).mean(-1)
    found[:, 1] = rows[..., 0].mean(-1)
    found[:, 2] = rows[..., 1:][..., special[1:]].sum(-1).mean(-1)
    logs = np.log(np.where(rows > 0, rows, 1.0))
    found[:, 3] = -(rows * logs).sum(-1).mean(-1) / np.log(keys)
    return found


def _measured(weights: Tensor, norms: Tensor, measure: Measure) -> Tensor:
    return weights if measure == "weights" else weights * norms[:, None]


def _small(maps: Floats) -> Floats:
    """Means over at most `SIDE` × `SIDE` blocks (head, row, column)."""
    for axis in (1, 2):
        length = maps.shape[axis]
        cells = min(SIDE, length)
        edges = np.arange(cells) * length // cells
        sizes = np.diff([*edges, length]).astype(np.float64)
        sums = np.add.reduceat(maps, edges, axis=axis)
        maps = sums / (sizes[:, None] if axis == 1 else sizes)
    return maps


def _run(model: TextModel, inputs: Encoded, at: Attended, see: See, measure: Measure) -> None:
    """`see(layer, weights, norms)` for each of these attentions."""

    def chosen(place: int, weights: Tensor, norms: Tensor) -> None:
        if place in at.layers:
            see(at.layers[place], weights, norms)

    if "layers" not in model.offers:
        if measure == "norms":
            raise MethodUnavailableError(f"{model.key} does not show what its attention carries.", "Look at weights.")
        for place, weights in enumerate(model.attentions(inputs.ids, inputs.source)):
            chosen(place, weights[None], weights[None, :, 0])
        return
    first = torch.full((1, 1), inputs.source, dtype=torch.long, device=model.device)
    where = None if model.task == "classification" else first
    with torch.inference_mode(), value_norms(model, chosen):
        model.logits(model.embed(inputs.ids)[None], where, None, inputs.source)
