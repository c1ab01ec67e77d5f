"""Our two models: the body of the MiniLM pack with a small trained difference folded in."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from tokimp.assets import asset
from tokimp.errors import ModelNotFoundError, UnsupportedModelError
from tokimp.models import folders, packs
from tokimp.models.deltas import fold_delta
from tokimp.models.device import placement
from tokimp.models.quiet import quiet
from tokimp.types import Task


def assemble(key: str, task: Task) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str]:
    """The network, its tokenizer, and its revision: the SHA-256 of the delta.

    Raises:
        ModelNotFoundError: the pack or the delta is not here.
        UnsafeWeightsError: the pack is not the one that was pinned.
        UnsupportedModelError: the delta was trained on another body, or is not whole.
    """
    body = packs.folder(packs.PACKS["minilm"])
    delta = _delta(key)
    with safe_open(delta, framework="pt") as file:
        trained_on = (file.metadata() or {}).get("body_sha256")
    if trained_on != packs.sha256(body / "model.safetensors"):
        raise UnsupportedModelError(
            f"{key} was trained on another body than the one installed.", packs.INSTALL
        )
    weights = fold_delta(load_file(body / "model.safetensors"), load_file(delta))
    network = _build(delta.parent, task)
    found = network.load_state_dict(weights, strict=False)
    if missing := sorted(set(found.missing_keys) - set(network.all_tied_weights_keys)):
        raise UnsupportedModelError(f"The delta of {key} is not whole: {', '.join(missing[:3])}.")
    network.tie_weights()
    return network.to(placement().device), folders.load_tokenizer(body), f"sha256:{packs.sha256(delta)}"


def _delta(key: str) -> Path:
    try:
        return asset(f"models/{key}/delta.safetensors")
    except FileNotFoundError as error:
        raise ModelNotFoundError(
            f"The weights of {key} are not in this installation.", "Install tokimp again."
        ) from error


def _build(folder: Path, task: Task) -> PreTrainedModel:
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    with folders.BUILDING, quiet():
        return folders.HEADS[task].from_config(
            config, dtype=torch.float32, attn_implementation=folders.ATTENTION
        )
