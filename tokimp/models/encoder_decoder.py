"""What a network of an encoder and a decoder has that others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from tokimp.errors import UnsupportedModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from transformers.cache_utils import Cache


class Source(NamedTuple):
    """What an encoder made of the text, for a decoder that goes on behind it.

    encoded (copy, token, hidden), of one copy where all read the same text; past: keys and values of what the
    decoder has read, and of the text (None: none are kept).
    """

    encoded: Tensor
    past: Cache | None = None

    def get_seq_length(self) -> int:
        """How many of the decoder's tokens stand before those to come."""
        return 0 if self.past is None else int(self.past.get_seq_length())

    def inputs(self, copies: int) -> dict[str, Any]:
        """What a network takes in place of the text, for so many copies."""
        from transformers.modeling_outputs import BaseModelOutput

        encoded = self.encoded.expand(copies, -1, -1)
        seen = torch.ones(encoded.shape[:2], dtype=torch.long, device=encoded.device)
        known = {"encoder_outputs": BaseModelOutput(last_hidden_state=encoded), "attention_mask": seen}
        return {**known, "past_key_values": self.past, "use_cache": self.past is not None}


def decoder_start(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The ids that the decoder begins with: its start, and what is forced behind it, whatever the text says.

    Forced is what the configs name, else the language that the tokenizer writes in where that is another than it
    reads and does not stand at the start already (mBART).

    Raises:
        UnsupportedModelError: the config names none, or the decoder looks its words up in a table of its own.
    """
    encoder, decoder = (side.get_input_embeddings().weight for side in (network.get_encoder(), network.get_decoder()))
    if encoder is not decoder and not torch.equal(encoder, decoder):
        raise UnsupportedModelError(
            "This model's encoder and decoder look tokens up in different tables, so that these have no common ids.",
            "Choose a model whose encoder and decoder share one.",
        )
    start = _configured(network, "decoder_start_token_id")
    if start is None:
        raise UnsupportedModelError(
            "The config does not say what the decoder begins with.", "Set decoder_start_token_id."
        )
    forced = _configured(network, "forced_bos_token_id")
    if forced is None:
        forced = _language(tokenizer, start)
    return (start,) if forced is None else (start, forced)


def raw_scale(network: PreTrainedModel) -> float:
    """By what an encoder multiplies words that it looks up, but not embeddings that it is given (Marian)."""
    if hasattr(network.get_input_embeddings(), "embed_scale"):
        return 1.0
    return float(getattr(network.get_encoder(), "embed_scale", 1.0))


def _configured(network: PreTrainedModel, name: str) -> int | None:
    """An id as transformers' own writing takes it, else from the network's config."""
    for config in (network.generation_config, network.config):
        found = getattr(config, name, None)
        if found is not None:
            return int(found)
    return None


def _language(tokenizer: PreTrainedTokenizerBase, start: int) -> int | None:
    codes = getattr(tokenizer, "lang_code_to_id", {})
    read, written = (getattr(tokenizer, name, None) for name in ("src_lang", "tgt_lang"))
    if written not in codes or written == read or start in codes.values():
        return None
    return int(codes[written])
