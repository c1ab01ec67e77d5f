"""Our two models: the body of the MiniLM pack with a small trained difference folded in."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from tokimp.assets import asset
from tokimp.errors import ModelNotFoundError, UnsupportedModelError
from tokimp.models import deltas, folders, packs
from tokimp.models.quiet import quiet
from tokimp.types import Task


def shipped(key: str) -> bool:
    """Whether this installation has the model's delta."""
    try:
        asset(f"models/{key}/delta.safetensors")
    except FileNotFoundError:
        return False
    return True


def assemble(key: str, task: Task) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str]:
    """The network in fp32, its tokenizer, and its revision: the SHA-256 of the delta.

    Raises:
        ModelNotFoundError: the pack or the delta is not here.
        UnsafeWeightsError: the pack is not the one that was pinned.
        UnsupportedModelError: the delta belongs to another body, or is not whole.
    """
    body = packs.folder(packs.PACKS["minilm"])
    delta = _delta(key)
    _check_body(delta, packs.sha256(body / "model.safetensors"))
    weights = deltas.fold_delta(load_file(body / "model.safetensors"), load_file(delta))
    network = _build(delta.parent, task)
    found = network.load_state_dict(weights, strict=False)
    if missing := sorted(set(found.missing_keys) - set(network.all_tied_weights_keys)):
        raise UnsupportedModelError(f"The weights of {key} are not whole: {', '.join(missing[:3])} are missing.")
    network.tie_weights()
    return folders.placed(network), folders.load_tokenizer(body), f"sha256:{packs.sha256(delta)}"


def _delta(key: str) -> Path:
    try:
        return asset(f"models/{key}/delta.safetensors")
    except FileNotFoundError as error:
        raise ModelNotFoundError(
            f"The weights of {key} are not in this installation.", "Install tokimp again."
        ) from error


def _check_body(delta: Path, body: str) -> None:
    with safe_open(delta, framework="pt") as file:
        facts = file.metadata() or {}
    if facts.get("format") != deltas.FORMAT or facts.get("body_sha256") != body:
        raise UnsupportedModelError(
            f"{delta.parent.name} was not made for the {packs.PACKS['minilm'].requirement} of this version of tokimp.",
            "Install tokimp again.",
        )


def _build(folder: Path, task: Task) -> PreTrainedModel:
    with folders.BUILDING, quiet():
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        network = folders.HEADS[task].from_config(config, dtype=torch.float32, attn_implementation=folders.ATTENTION)
    assert isinstance(network, PreTrainedModel)
    return network
