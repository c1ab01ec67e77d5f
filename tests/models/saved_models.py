"""Tiny models as files: folders with safetensors and a tokenizer, and a GGUF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from gguf import GGUFWriter
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

SPECIAL = {
    "unk_token": "[UNK]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
WORDS = ("the", "film", "was", "good", "bad", "not")
VOCABULARY = {word: index for index, word in enumerate((*SPECIAL.values(), *WORDS))}


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(WordLevel(VOCABULARY, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, VOCABULARY[name]) for name in ("[CLS]", "[SEP]")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=words, **SPECIAL)


def bert(kind: type[PreTrainedModel], **settings: object) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    return kind(BertConfig(vocab_size=len(VOCABULARY), max_position_embeddings=32, **sizes, **settings))


def gpt2() -> PreTrainedModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=len(VOCABULARY), n_positions=32, n_embd=16, n_layer=1, n_head=2))


NETWORKS = {
    "classification": lambda: bert(BertForSequenceClassification),
    "masked-lm": lambda: bert(BertForMaskedLM),
    "next-token": gpt2,
    "body": lambda: bert(BertModel),
}


def save(folder: Path, kind: str) -> PreTrainedModel:
    """Saves the tiny network of a kind with its tokenizer; returns it."""
    network = NETWORKS[kind]()
    network.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return network


def save_gguf(path: Path, hidden: int = 32, scale: float = 0.1) -> dict[str, np.ndarray]:
    """A Llama with one block and a byte-level vocabulary; returns its tensors."""
    letters = [chr(code) for code in range(97, 123)]
    vocabulary = ["<unk>", "<s>", "</s>", *letters, "Ġ", "Ġa", "th", "the"]
    writer = GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(hidden)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * hidden)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(hidden // 2)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([3] * 3 + [1] * (len(vocabulary) - 3))
    writer.add_token_merges(["Ġ a", "t h", "th e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    tensors = _llama(hidden, len(vocabulary), scale)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def _llama(hidden: int, vocabulary: int, scale: float) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {
        "token_embd": (vocabulary, hidden),
        "blk.0.attn_q": (hidden, hidden),
        "blk.0.attn_k": (hidden, hidden),
        "blk.0.attn_v": (hidden, hidden),
        "blk.0.attn_output": (hidden, hidden),
        "blk.0.ffn_gate": (2 * hidden, hidden),
        "blk.0.ffn_up": (2 * hidden, hidden),
        "blk.0.ffn_down": (hidden, 2 * hidden),
    }
    tensors = {f"{name}.weight": scale * random.standard_normal(shape) for name, shape in shapes.items()}
    tensors |= {f"{name}.weight": np.ones(hidden) for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")}
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
