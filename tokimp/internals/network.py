"""The token network: how much each token of one layer gives to each token of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokimp.methods.attention import mean_attention
from tokimp.methods.attention_rollout import rolled_out
from tokimp.methods.base import check_available
from tokimp.methods.value_zeroing import value_zeroing_mixing
from tokimp.models.targets import reading_position
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats
from tokimp.watch import Watch

Influence = Literal["attention", "value_zeroing"]
INFLUENCES: tuple[Influence, ...] = ("attention", "value_zeroing")
RESIDUAL = 0.5


@dataclass(frozen=True, eq=False)
class TokenNetwork:
    """Nodes are tokens before and behind each layer; edges go from a layer's input to its output.

    edges (layer, query, key): the share of the query's output that comes from the key; rows sum to 1. A token
    that a layer does not read is made of itself there.
    direct (query, key): the same from the text to what the last layer hands on, along all paths.
    position: where the model's answer is read. encoder_layers: how many of the layers are an encoder's.
    """

    edges: Floats
    direct: Floats
    position: int
    influence: Influence
    encoder_layers: int = 0


def token_network(
    model: TextModel,
    inputs: Encoded,
    influence: Influence = "attention",
    position: int | None = None,
    watch: Watch | None = None,
) -> TokenNetwork:
    """Influence between tokens, layer by layer and rolled out.

    "attention": heads averaged, half for the residual connection (Abnar & Zuidema 2020); a decoder layer behind
    an encoder has two attentions, one after the other.
    "value_zeroing": cosine distance by which a token's output moves without the other's value, rows
    normalised (Mohebbi et al. 2023).

    Cost: one evaluation; for value zeroing one more for each token.
    """
    watch = watch or Watch()
    read = reading_position(model, inputs) if position is None else position
    if influence == "attention":
        attention = np.stack(list(mean_attention(model, inputs, watch)))
        edges = (1 - RESIDUAL) * attention + RESIDUAL * np.eye(len(inputs))
        if inputs.source:
            first = model.encoder_layers
            edges = np.concatenate([edges[:first], edges[first + 1 :: 2] @ edges[first::2]])
    else:
        check_available(model, "value_zeroing")
        edges = value_zeroing_mixing(model, inputs, read, watch)
    direct = np.stack([rolled_out(edges, query)[-1] for query in range(len(inputs))])
    return TokenNetwork(edges, direct, read, influence, model.encoder_layers)
