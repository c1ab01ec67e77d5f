"""Attention followed through the layers, back to the tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tokimp.methods.attention import bytes_of_means, mean_attention_backwards
from tokimp.methods.base import MethodInfo, option, register
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

Mixing = npt.NDArray[np.floating[Any]]

AT_ONCE = 256  # queries whose weights are taken to double precision together


@register
@dataclass(frozen=True)
class AttentionRollout:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="attention_rollout",
        title="Attention rollout",
        family="attention",
        tells="Where the model looks when it answers, followed back through what each layer looked at before.",
        paper="Abnar & Zuidema 2020",
        url="https://arxiv.org/abs/2005.00928",
        cost="1 forward pass",
        signed=False,
        targeted=False,
        needs=frozenset({"attention"}),
    )
    residual: float = option(
        0.5,
        "Residual",
        "Share of each layer's output that a token keeps of itself, past the attention.",
        kind=float,
        low=0,
        high=1,
    )

    def held(self, model: TextModel, inputs: Encoded) -> int:
        return bytes_of_means(model, inputs)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Product over layers of (1 − residual) · attention + residual · identity, heads averaged.

        Abnar & Zuidema 2020, who take 0.5 for the residual connection. A decoder layer behind an encoder has
        two attentions, each with a residual connection of its own: to its own words, then to the source,
        which the encoder has mixed before. So all paths end at tokens.

        Returns:
            scores (token,): the predicting position's row, ≥ 0 and summing to 1; layers (layer, token):
            the same row, rolled out from each layer. The same for every target read at this position.
        """
        backwards = mean_attention_backwards(model, inputs, watch)  # (query, key), or two for each decoder layer
        rows = rolled_back(backwards, len(inputs), target.position, self.residual)
        if inputs.source:
            rows = rows[model.encoder_layers + 1 :: 2]  # behind each decoder layer
        watch(1.0, rows[-1])
        return Attribution(rows[-1], layers=rows, signed=False)


def rolled_out(mixing: Sequence[Floats] | Floats, position: int) -> Floats:
    """Rows (layer, token): how the position mixes the tokens from each layer down to the first.

    mixing [layer] (query, key): how each layer mixes its inputs; rows sum to 1.
    """
    return rolled_back(reversed(mixing), len(mixing[0]), position)


def rolled_back(backwards: Iterable[Mixing], length: int, position: int, residual: float = 0) -> Floats:
    """The same of layers that come from the last to the first; `residual` is what each keeps of itself.

    One vector for each layer goes through all layers below it, so that no two matrices are ever multiplied.
    """
    rows = np.empty((0, length))
    for layer in backwards:
        rows = np.concatenate([rows, np.eye(1, length, position)])
        parts = (slice(start, start + AT_ONCE) for start in range(0, length, AT_ONCE))
        mixed = sum(rows[:, part] @ layer[part].astype(np.float64) for part in parts)
        rows = (1 - residual) * mixed + residual * rows
    return rows[::-1]
