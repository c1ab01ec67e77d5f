"""Attention of a model that reads one text with its encoder and writes another with its decoder."""

from __future__ import annotations

import numpy as np

from tokimp.errors import MethodUnavailableError
from tokimp.internals.attention_maps import every_map
from tokimp.models.attention_weights import attending
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats


def own_attention(model: TextModel, inputs: Encoded) -> Floats:
    """Attention weights (layer, head, query, key) within the source and within the answer, in half precision.

    The encoder's layers stand first. Rows sum to 1 for tokens that a layer reads, and are 0 for the others.
    Cost: one evaluation.
    """
    maps = model.attentions(inputs.ids, inputs.source)
    heads = max(len(each) for each in maps)
    shape = (len(model.blocks), heads, len(inputs), len(inputs))
    found: Floats = np.zeros(shape, dtype=np.float16)
    for part, weights in zip(attending(model, inputs.source), maps, strict=True):
        if part.queries == part.keys:
            found[part.layer, : len(weights), part.queries, part.keys] = weights.cpu().numpy()
    return found


def cross_attention(model: TextModel, inputs: Encoded) -> Floats:
    """Attention weights (layer, head, query, key) that each decoder layer pays to the source, in half precision.

    Queries are the decoder's tokens, its start first; keys are the source's. Rows sum to 1. Cost: one evaluation.

    Raises:
        MethodUnavailableError: the model has no encoder.
    """
    if not inputs.source:
        raise MethodUnavailableError(
            f"{model.key} reads what it answers in one line: it has no cross-attention.", "Look at its attentions."
        )
    return every_map(model, inputs, "weights", "cross")


def check_in_one_line(inputs: Encoded) -> None:
    """Raises MethodUnavailableError for what is only known of a text that one network reads."""
    if inputs.source:
        raise MethodUnavailableError(
            "This is shown of one text that one network reads; this model reads one and writes another.",
            "Look at its attention, its token probabilities and its network.",
        )
