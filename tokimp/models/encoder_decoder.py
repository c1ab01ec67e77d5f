"""What a network of an encoder and a decoder has that others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tokimp.errors import UnsupportedModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def decoder_start(network: PreTrainedModel) -> int:
    """The id that the decoder begins with.

    Raises:
        UnsupportedModelError: the config names none, or the decoder looks its words up in a table of its own.
    """
    encoder, decoder = (side.get_input_embeddings().weight for side in (network.get_encoder(), network.get_decoder()))
    if encoder is not decoder and not torch.equal(encoder, decoder):
        raise UnsupportedModelError(
            "This model's encoder and decoder look tokens up in different tables, so that these have no common ids.",
            "Choose a model whose encoder and decoder share one.",
        )
    for config in (network.config, network.generation_config):
        found = getattr(config, "decoder_start_token_id", None)
        if found is not None:
            return int(found)
    raise UnsupportedModelError("The config does not say what the decoder begins with.", "Set decoder_start_token_id.")


def raw_scale(network: PreTrainedModel) -> float:
    """By what an encoder multiplies words that it looks up, but not embeddings that it is given (Marian)."""
    if hasattr(network.get_input_embeddings(), "embed_scale"):
        return 1.0
    return float(getattr(network.get_encoder(), "embed_scale", 1.0))
