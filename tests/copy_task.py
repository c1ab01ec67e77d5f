"""A decoder whose answer is known: it repeats the one name in the text, and nothing else matters.

One layer of GPT-2 with its weights set by hand. Every token looks for a name and copies it.
"""

from __future__ import annotations

from functools import cache

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tests.tiny_tokenizers import WORDS, byte_pairs
from tokimp.models.text_model import TextModel

NAMES = (" paris", " girl")
LOOK = 8.0  # by how much a name's logit of attention stands out
COPIED = 4.0  # how strongly what was found counts, beside 1 for the token's own word
SURE = 3.0  # logit for one unit of a word

SIZE = 2 * len(WORDS) + 4
NAME, ALWAYS = SIZE - 4, SIZE - 2  # first dimensions of what marks a name, and what every token has


@cache
def copier() -> TextModel:
    """The model: of a text with one name in it, the next token is that name."""
    tokenizer = byte_pairs()
    huge = 1e8  # a norm whose epsilon outweighs everything divides by a constant: it only takes the mean off
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=SIZE,
        n_layer=1,
        n_head=1,
        n_positions=32,
        n_inner=1,
        layer_norm_epsilon=huge,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    network = GPT2LMHeadModel(config)
    for parameter in network.parameters():
        parameter.data.zero_()
    body, layer = network.transformer, network.transformer.h[0]
    for norm in (layer.ln_1, body.ln_f):
        norm.weight.data.fill_(huge**0.5)
    body.wte.weight.data[:, ALWAYS] = 1
    for i, word in enumerate(WORDS):
        row = tokenizer.convert_tokens_to_ids("Ġ" + word)
        body.wte.weight.data[row, 2 * i] = 1
        body.wte.weight.data[row, NAME] = float(f" {word}" in NAMES)
        network.lm_head.weight.data[row] = SURE * _contrast(2 * i)
    # Opposite pairs of dimensions have no mean, so that the norm leaves them as they are.
    body.wte.weight.data[:, 1::2] = -body.wte.weight.data[:, 0::2]
    query, key, value = layer.attn.c_attn.weight.data.split(SIZE, dim=1)
    query[:, 0] = _contrast(ALWAYS)
    key[:, 0] = LOOK * SIZE**0.5 * _contrast(NAME)
    value[:NAME, :NAME] = torch.eye(NAME)
    layer.attn.c_proj.weight.data[:NAME, :NAME] = COPIED * torch.eye(NAME)
    return TextModel(network, tokenizer, task="next-token", key="copier", revision="by-hand")


def _contrast(first: int) -> torch.Tensor:
    """Reads a pair of opposite dimensions (SIZE,): 1 of it gives 1."""
    read = torch.zeros(SIZE)
    read[first], read[first + 1] = 0.5, -0.5
    return read
