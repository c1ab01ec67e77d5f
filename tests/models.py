"""Tiny random models, one for each architecture and task, with tokenizers built in memory.

A new row in `ARCHITECTURES` needs its sizes in `SIZES` and its tokenizer in `TOKENIZERS`, both here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from tests.tiny_tokenizers import (
    byte_pairs,
    byte_pairs_behind_start,
    byte_pairs_in_brackets,
    sentence_pieces,
    sentence_pieces_in_brackets,
    sentence_pieces_with_end,
    word_pieces,
)
from tokimp.models.architectures import ARCHITECTURES
from tokimp.models.text_model import TextModel
from tokimp.types import Task

LABELS = ("negative", "neutral", "positive")
LIMIT = 48  # tokens that each tiny model takes
TEXTS: dict[Task, str] = {
    "classification": "The film was not good",
    "masked-lm": "The film was [MASK] good",
    "next-token": "The film was not",
    "seq2seq": "The film was not good",
}

HEADS: dict[Task, type] = {
    "classification": AutoModelForSequenceClassification,
    "masked-lm": AutoModelForMaskedLM,
    "next-token": AutoModelForCausalLM,
    "seq2seq": AutoModelForSeq2SeqLM,
}


TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "bert": word_pieces,
    "distilbert": word_pieces,
    "electra": word_pieces,
    "roberta": byte_pairs_in_brackets,
    "xlm-roberta": byte_pairs_in_brackets,
    "albert": sentence_pieces_in_brackets,
    "deberta-v2": sentence_pieces_in_brackets,
    "gpt2": byte_pairs,
    "gpt_neo": byte_pairs,
    "gpt_neox": byte_pairs,
    "qwen2": byte_pairs,
    "qwen3": byte_pairs,
    "opt": byte_pairs_behind_start,
    "llama": sentence_pieces,
    "mistral": sentence_pieces,
    "gemma": sentence_pieces,
    "gemma2": sentence_pieces,
    "gemma3_text": sentence_pieces,
    "t5": sentence_pieces_with_end,
    "mt5": sentence_pieces_with_end,
    "bart": byte_pairs_in_brackets,
    "mbart": byte_pairs_in_brackets,
    "marian": sentence_pieces_with_end,
    "pegasus": sentence_pieces_with_end,
}

_BODY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": LIMIT,
}
_GROUPED = {**_BODY, "num_key_value_heads": 2, "head_dim": 8}
# As many encoder as decoder layers would hide that one is taken for the other.
_T5 = {
    "d_model": 32,
    "d_kv": 8,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "d_ff": 48,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16,
    "decoder_start_token_id": 0,
}
_BART = {
    "d_model": 32,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": LIMIT,
    "decoder_start_token_id": 2,
}
_MARIAN = {**_BART, "decoder_start_token_id": 0, "scale_embedding": True, "static_position_embeddings": True}

SIZES: dict[str, dict[str, object]] = {
    "bert": _BODY,
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": LIMIT},
    "roberta": {**_BODY, "max_position_embeddings": LIMIT + 2},
    "xlm-roberta": {**_BODY, "max_position_embeddings": LIMIT + 2},
    "albert": {**_BODY, "embedding_size": 16},
    "electra": {**_BODY, "embedding_size": 16},
    "deberta-v2": {
        **_BODY,
        "relative_attention": True,
        "position_buckets": 8,
        "pos_att_type": ["p2c", "c2p"],
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
    },
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": LIMIT},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 4,
        "max_position_embeddings": LIMIT,
    },
    "gpt_neox": _BODY,
    "opt": {
        "hidden_size": 32,
        "word_embed_proj_dim": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "ffn_dim": 48,
        "max_position_embeddings": LIMIT,
    },
    "llama": _GROUPED,
    "mistral": {**_GROUPED, "sliding_window": 4},
    "qwen2": _GROUPED,
    "qwen3": _GROUPED,
    "gemma": _GROUPED,
    "gemma2": {**_GROUPED, "sliding_window": 4, "query_pre_attn_scalar": 8},
    "gemma3_text": {**_GROUPED, "sliding_window": 4, "query_pre_attn_scalar": 8},
    "t5": _T5,
    "mt5": {**_T5, "feed_forward_proj": "gated-gelu"},
    "bart": _BART,
    "mbart": {**_BART, "scale_embedding": True},
    "marian": _MARIAN,
    "pegasus": _MARIAN,
}

EVERY_ROW: tuple[tuple[str, Task], ...] = tuple(
    (row.family, task) for row in ARCHITECTURES.values() for task in row.tasks
)
# One text in one line, read by one network; what is said of those alone (looks inside, reasons) runs over these.
ROWS = tuple(row for row in EVERY_ROW if row[1] != "seq2seq")
SEQ2SEQ = tuple(row for row in EVERY_ROW if row[1] == "seq2seq")


def tiny(family: str, task: Task, seed: int = 0, **config: object) -> TextModel:
    """A fresh random model; `config` overrides single facts of its configuration."""
    tokenizer = TOKENIZERS[family]()
    return TextModel(
        network(family, task, tokenizer, seed, config),
        tokenizer,
        task=task,
        key=f"tiny-{family}",
        revision=f"seed-{seed}",
    )


@cache
def shared(family: str, task: Task) -> TextModel:
    """The same object for all tests: for those that only ask it something."""
    return tiny(family, task)


def network(
    family: str, task: Task, tokenizer: PreTrainedTokenizerFast, seed: int, facts: dict[str, object]
) -> PreTrainedModel:
    """A fresh random network, whose vocabulary is the tokenizer's."""
    names = ("pad", "bos", "eos")
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in names}
    labels = {"id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)}}
    settings = {"vocab_size": len(tokenizer), **ids, **SIZES[family], **(labels if task == "classification" else {})}
    config = AutoConfig.for_model(family, **{**settings, **facts})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = HEADS[task].from_config(config)
        # Trained networks are far from linear; with the usual 0.02 a random one is close to it.
        for parameter in built.parameters():
            if parameter.requires_grad:  # Marian's waves of positions are never trained nor saved
                parameter.data += 0.1 * torch.randn_like(parameter)
    return built


def last(ids: np.ndarray) -> torch.Tensor:
    """The last position of one text, as `TextModel.logits` takes it: (1, 1)."""
    return torch.tensor([[len(ids) - 1]])
