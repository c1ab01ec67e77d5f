"""The look at attention: all heads at a glance, one map at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tokimp.internals.attention_maps import MEASURES, Measure, Survey, attention_map, every_map, survey
from tokimp.internals.looks.base import (
    NOTHING_WRITTEN,
    Aim,
    Findings,
    LookInfo,
    attending_layer_option,
    checked_layer,
    head_option,
    register,
    token_option,
)
from tokimp.internals.parts import PARTS, Attended, Part, attended
from tokimp.methods.base import option
from tokimp.types import TASKS, Floats

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
        tasks=TASKS,
        only={"part": ("seq2seq",)},
    )
    part: str = option(
        "cross",
        "Whose",
        "cross: the answer’s, to the text; encoder: within the text; decoder: within the answer.",
        choices=PARTS,
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
        """Arrays: pictures (layer, head, row, column), habits (layer, head, habit), map (query, key).

        Facts: queries and keys, places [first, end) of the tokens that look and that are looked at; part (None
        without an encoder); how many layers the model has, and its encoder of them; how many stand before the first
        that has pictures; layer from 1 and head from 0 of the map, None for a mean, which is shown, too, where the
        layer is of another part.

        Raises:
            OptionError: a layer or head that the model does not have.
        """
        inside, watch = aim.inside, aim.watch
        measure: Measure = "norms" if self.measure == "norms" else "weights"
        part = next(each for each in PARTS if each == self.part) if inside.inputs.source else None
        watch(0.0)

        def look() -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
            watch.count(1)
            found: Survey = survey(inside.model, inside.inputs, measure, part)
            return found.pictures, found.habits, found.names

        layers = inside.model.size.layers
        checked_layer(self.layer, layers + 1)
        at = attended(inside.model, inside.inputs, part)
        layer, head, notes = self._of_the_part(at)
        pictures, habits, names = inside.kept(f"survey of {measure}, {part}", look)
        watch(0.5)
        arrays = {"pictures": pictures, "habits": habits, "map": one_map(aim, layer, head, measure, part)}
        facts: dict[str, Any] = {
            "habits": list(names),
            "measure": measure,
            "part": part,
            "layers": layers,
            "encoder_layers": inside.model.encoder_layers,
            "first": at.first,
        }
        facts |= {"queries": [at.queries.start, at.queries.stop], "keys": [at.keys.start, at.keys.stop]}
        if part in ("cross", "decoder") and not inside.answer:
            notes = (*notes, NOTHING_WRITTEN)
        return Findings(arrays, facts | {"layer": layer, "head": head}, notes)

    def _of_the_part(self, at: Attended) -> tuple[int | None, int | None, tuple[str, ...]]:
        """The layer and head to show, and what is to be said where they are not those that were asked for."""
        if self.layer is None or self.layer - 1 in at.layers.values():
            return self.layer, self.head, ()
        whose, here = ("the decoder’s", "the encoder’s") if at.first == 0 else ("the encoder’s", "the decoder’s")
        return None, None, (f"Layer {self.layer} is {whose}; this is the mean over all of {here}.",)


def one_map(aim: Aim, layer: int | None, head: int | None, measure: Measure, part: Part | None = None) -> Floats:
    """Attention (query, key) of a layer from 1 and a head from 0; None is the mean.

    Of the maps of all heads where there is room to keep them, in half precision; else asked for alone.
    """
    inside, watch = aim.inside, aim.watch
    block = None if layer is None else layer - 1
    at = attended(inside.model, inside.inputs, part)

    def every() -> np.ndarray:
        watch.count(1)
        return every_map(inside.model, inside.inputs, measure, part)

    if 2 * at.count * inside.model.size.heads * len(at.queries) * len(at.keys) <= KEPT_BYTES:
        maps = inside.kept(f"maps of {measure}, {part}", every)
        if head is None or head < maps.shape[1]:
            layers = maps if block is None else maps[block - at.first : block - at.first + 1]
            chosen = layers if head is None else layers[:, head : head + 1]
            mean: Floats = chosen.mean(axis=(0, 1), dtype=np.float64)
            return mean.astype(np.float16)
    watch.count(1)
    return attention_map(inside.model, inside.inputs, block, head, measure, part).astype(np.float16)
