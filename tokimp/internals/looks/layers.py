"""The look at scores layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tokimp.internals.layer_scores import KINDS, Kind, layer_scores
from tokimp.internals.looks.base import Aim, Findings, LookInfo, layer_option, register, token_option
from tokimp.methods.base import option


@register
@dataclass(frozen=True)
class LayersLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="layers",
        title="Layer by layer",
        tells="At which layer which token pushes: scores of the hidden states between layers, for one output.",
        paper="Shrikumar et al. 2017 on gradient × activation; Achtibat et al. 2024 on relevance",
        url="https://arxiv.org/abs/2402.05602",
        cost="1 forward and backward pass",
        targeted=True,
        marks=("layer", "token"),
        needs=frozenset({"gradient", "layers"}),
    )
    kind: str = option("gradient", "Scores", "gradient × activation, or relevance by AttnLRP’s rules.", choices=KINDS)
    layer: int | None = layer_option()
    token: int | None = token_option()

    def see(self, aim: Aim) -> Findings:
        """Arrays: scores (layer, token), signed, in the target's unit; layer 0 is the input."""
        watch = aim.watch
        watch(0.0)
        longer, target = aim.target()
        kind: Kind = "relevance" if self.kind == "relevance" else "gradient"
        scores = layer_scores(longer.model, longer.inputs, target, kind, watch)
        facts = {"target": target.label, "contrast": target.contrast_label, "output": target.output}
        return Findings({"scores": scores}, facts)
