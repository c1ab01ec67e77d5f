"""The look at attention: all heads at a glance, one map at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.internals.attention_maps import HABITS, MEASURES, Measure, attention_map, every_map, survey
from tokimp.internals.looks.base import (
    Aim,
    Findings,
    LookInfo,
    attending_layer_option,
    checked_layer,
    head_option,
    register,
    token_option,
)
from tokimp.methods.base import option
from tokimp.types import Floats

KEPT_BYTES = 2**25
"""Maps of all heads that take no more are kept, so that each further head is there at once."""


@register
@dataclass(frozen=True)
class AttentionLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="attention",
        title="Attention",
        tells="Where each head looks: all heads as small pictures, one of them (or a mean) as tokens × tokens.",
        paper="Vaswani et al. 2017; Kobayashi et al. 2020 on value norms",
        url="https://arxiv.org/abs/2004.10102",
        cost="1 or 2 evaluations",
        marks=("token",),
        needs=frozenset({"attention"}),
    )
    measure: str = option(
        "weights",
        "Measure",
        "weights: where it looks; norms: how much it takes from there, ‖α f(x)‖.",
        choices=MEASURES,
    )
    layer: int | None = attending_layer_option()
    head: int | None = head_option()
    token: int | None = token_option()

    def see(self, aim: Aim) -> Findings:
        """Arrays: pictures (layer, head, cell, cell), habits (layer, head, habit), map (query, key).

        Raises:
            OptionError: a layer or head that the model does not have.
        """
        inside, watch = aim.inside, aim.watch
        measure: Measure = "norms" if self.measure == "norms" else "weights"
        watch(0.0)

        def look() -> tuple[np.ndarray, np.ndarray]:
            watch.count(1)
            found = survey(inside.model, inside.inputs, measure)
            return found.pictures, found.habits

        checked_layer(self.layer, inside.model.size.layers + 1)
        pictures, habits = inside.kept(f"survey of {measure}", look)
        watch(0.5)
        arrays = {"pictures": pictures, "habits": habits, "map": one_map(aim, self.layer, self.head, measure)}
        return Findings(arrays, {"habits": list(HABITS), "measure": measure})


def one_map(aim: Aim, layer: int | None, head: int | None, measure: Measure) -> Floats:
    """Attention (query, key) of a layer from 1 and a head from 0; None is the mean.

    Of the maps of all heads where there is room to keep them, in half precision; else asked for alone.
    """
    inside, watch = aim.inside, aim.watch
    block = None if layer is None else layer - 1

    def every() -> np.ndarray:
        watch.count(1)
        return every_map(inside.model, inside.inputs, measure)

    size = inside.model.size
    if 2 * size.layers * size.heads * len(inside.inputs) ** 2 <= KEPT_BYTES:
        maps = inside.kept(f"maps of {measure}", every)
        if head is None or head < maps.shape[1]:
            layers = maps if block is None else maps[block : block + 1]
            chosen = layers if head is None else layers[:, head : head + 1]
            mean: Floats = chosen.mean(axis=(0, 1), dtype=np.float64)
            return mean.astype(np.float16)
    watch.count(1)
    return attention_map(inside.model, inside.inputs, block, head, measure).astype(np.float16)
