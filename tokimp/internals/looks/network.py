"""The look at the token network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.internals.looks.base import IN_ONE_LINE, Aim, Findings, LookInfo, layer_option, register, token_option
from tokimp.internals.network import INFLUENCES, Influence, TokenNetwork, token_network
from tokimp.methods.base import option
from tokimp.types import TASKS

EDGE_BYTES = 2**22
WAYS = ("layers", "direct")


@register
@dataclass(frozen=True)
class NetworkLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="network",
        title="Token network",
        tells="Which token gives how much to which, layer by layer, and along all paths to where the answer is read.",
        paper="Abnar & Zuidema 2020; Mohebbi et al. 2023 on value zeroing",
        url="https://arxiv.org/abs/2005.00928",
        cost="1 evaluation; by value zeroing one more a token",
        marks=("layer", "token", "way", "first"),
        needs=frozenset({"attention"}),
        tasks=TASKS,
        only={"first": IN_ONE_LINE},
    )
    influence: str = option(
        "attention",
        "Influence",
        "attention: heads averaged, half of each layer past it; value_zeroing: what changes without a token’s value.",
        choices=INFLUENCES,
    )
    way: str = option("layers", "Way", "layers: one after another; direct: from input to output.", choices=WAYS)
    first: str = option(
        "leave out",
        "First token",
        "Decoders rest attention on it that they need nowhere: left out of them, the rest is shared out anew.",
        choices=("leave out", "show"),
    )
    layer: int | None = layer_option()
    token: int | None = token_option()

    def see(self, aim: Aim) -> Findings:
        """Arrays: direct (query, key), shares along all paths, rows summing to 1; edges (layer, query, key), of
        texts that are not too long for it. Facts: position, where the answer is read; encoder_layers, how many
        layers stand before a decoder’s.
        """
        inside, watch = aim.inside, aim.watch
        influence: Influence = "value_zeroing" if self.influence == "value_zeroing" else "attention"
        position = read_at(aim)
        watch(0.0)

        def find() -> TokenNetwork:
            return token_network(inside.model, inside.inputs, influence, position, watch)

        found = inside.kept(f"network by {influence}", find)
        arrays: dict[str, np.ndarray] = {"direct": found.direct}
        notes: tuple[str, ...] = ()
        if 2 * found.edges.size <= EDGE_BYTES:
            arrays["edges"] = found.edges.astype(np.float16)
        else:
            notes = (f"{len(inside.tokens)} tokens are too many to follow layer by layer: this is the whole way.",)
        facts = {"position": position, "influence": influence, "encoder_layers": found.encoder_layers}
        return Findings(arrays, facts, notes)


def read_at(aim: Aim) -> int:
    """Where the answer is read; of a fill-mask text without a mask, its first token."""
    inside = aim.inside
    return 0 if inside.model.task == "masked-lm" and not inside.inputs.masks else aim.position
