"""A folder with config, tokenizer and safetensors → a network, after looking at what lies there."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tokimp.errors import ModelNotFoundError, ModelTooBigError, UnsafeWeightsError, UnsupportedModelError
from tokimp.models.architectures import ARCHITECTURES, architecture_of
from tokimp.models.device import BYTES_EACH, fits, free_memory, largest_fitting, placement
from tokimp.models.marian import with_offsets
from tokimp.models.quiet import quiet
from tokimp.types import Task

CONVERT = (
    "If you trust them, convert them where you trained it: load it there with transformers and "
    'save_pretrained("folder") writes safetensors.'
)
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
# Attention maps are read and its rules are set in the eager form.
ATTENTION = "eager"
HEADS = {
    "classification": AutoModelForSequenceClassification,
    "next-token": AutoModelForCausalLM,
    "masked-lm": AutoModelForMaskedLM,
    "seq2seq": AutoModelForSeq2SeqLM,
}
SUFFIXES: tuple[tuple[str, Task], ...] = (
    ("ForSequenceClassification", "classification"),
    ("ForCausalLM", "next-token"),
    ("LMHeadModel", "next-token"),
    ("ForMaskedLM", "masked-lm"),
    ("ForConditionalGeneration", "seq2seq"),
    ("MarianMTModel", "seq2seq"),
)
# What transformers raises for a config, a tokenizer or weights that do not fit together.
MISFITS = (
    ValueError,
    KeyError,
    TypeError,
    OSError,
    RuntimeError,
    ImportError,
    AttributeError,
    SafetensorError,
)

# transformers sets process-wide defaults (dtype, initialisation) while it builds a network.
BUILDING = threading.Lock()


def complete(folder: Path) -> bool:
    """Whether all safetensors that the folder names are there."""
    files = _weights(folder)
    return bool(files) and all(file.is_file() for file in files)


def check_config(folder: Path, task: Task | None = None) -> Task:
    """Refuses from the config alone what cannot be explained; returns the task that it tells, or the one given.

    Raises:
        ModelNotFoundError: there is no config.
        UnsafeWeightsError: the model wants to run its own code.
        UnsupportedModelError: its architecture or its task is not one of ours.
    """
    fields = _read_json(folder / "config.json")
    if "auto_map" in fields:
        raise own_code(folder.name)
    try:
        with quiet():
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except MISFITS as error:
        raise UnsupportedModelError(f"The config of {folder.name} cannot be read: {short(error)}") from error
    task = task or told_task(fields)
    architecture_of(config, task)
    return task


def told_task(config: Mapping[str, Any]) -> Task:
    """The task that a config tells: by its classes, or by its family where no class has a head (facebook/bart-base).

    Raises:
        UnsupportedModelError: none of ours.
    """
    names = [str(name) for name in config.get("architectures") or ()]
    row = ARCHITECTURES.get(str(config.get("model_type")))
    if row is not None and row.encoder and all(name.endswith("Model") for name in names):
        return row.tasks[0]
    return task_of(names)


def task_of(architectures: Iterable[str]) -> Task:
    """The task that class names of transformers stand for.

    Raises:
        UnsupportedModelError: none of ours.
    """
    names = list(architectures)
    for name in names:
        for suffix, task in SUFFIXES:
            if name.endswith(suffix):
                return task
    raise UnsupportedModelError(
        f"It cannot be told what this model is for: it names {', '.join(names) or 'no class'}.",
        'Give task="classification", "next-token", "masked-lm" or "seq2seq".',
    )


def load_network(folder: Path, task: Task) -> PreTrainedModel:
    """The network of a folder, on the device and in the precision that were picked.

    Raises:
        UnsafeWeightsError: the folder has no safetensors.
        ModelTooBigError: the network would not fit into the memory.
        UnsupportedModelError: the weights do not fit the config, or have no head for the task.
    """
    if not complete(folder):
        raise UnsafeWeightsError(f"{folder.name} has no whole set of weights as safetensors.", CONVERT)
    try:
        check_memory(folder.name, _count(folder))
        with BUILDING, quiet():
            network, found = HEADS[task].from_pretrained(
                folder,
                dtype=placement().dtype,
                attn_implementation=ATTENTION,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except MISFITS as error:
        raise UnsupportedModelError(f"The weights in {folder.name} cannot be loaded: {short(error)}") from error
    if missing := sorted(found["missing_keys"]):
        raise UnsupportedModelError(
            f"The weights have no head for {task}: {', '.join(missing[:3])} would be random.",
            "Choose a model that was trained for this task.",
        )
    return placed(network)


def placed(network: PreTrainedModel) -> PreTrainedModel:
    """The same network, on the device that was picked."""
    module: torch.nn.Module = network
    module.to(placement().device)
    return network


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a folder.

    Raises:
        UnsupportedModelError: there is none that knows which characters a token stands for.
        UnsafeWeightsError: it wants to run its own code.
    """
    settings = folder / "tokenizer_config.json"
    if settings.is_file() and "auto_map" in _read_json(settings):
        raise own_code(folder.name)
    try:
        with quiet():
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except MISFITS as error:
        raise UnsupportedModelError(f"The tokenizer in {folder.name} cannot be loaded: {short(error)}") from error
    return checked_tokenizer(tokenizer)


def checked_tokenizer(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """A tokenizer with offsets; refuses one without."""
    tokenizer = with_offsets(tokenizer)
    if not getattr(tokenizer, "is_fast", False):
        raise UnsupportedModelError(
            "This tokenizer cannot tell which characters belong to a token.",
            "A fast one can; save_pretrained writes it as tokenizer.json.",
        )
    return tokenizer


def own_code(name: str) -> UnsafeWeightsError:
    """The refusal of a model that brings Python files."""
    return UnsafeWeightsError(
        f"{name} wants to run its own code, which is never done here.",
        "Choose a model of a built-in architecture.",
    )


def check_memory(name: str, parameters: int) -> None:
    """Refuses a network that would not fit.

    Raises:
        ModelTooBigError: with its size and what would fit.
    """
    if not fits(parameters):
        raise ModelTooBigError(
            f"{name} has {_amount(parameters)} parameters, which need {parameters * BYTES_EACH / 1e9:.1f} GB of "
            f"memory and room to work; {free_memory() / 1e9:.1f} GB are free.",
            f"Models of up to about {_amount(largest_fitting())} parameters fit here.",
        )


def short(error: Exception) -> str:
    """The first line of an error of a library, without the pages that may follow."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def _amount(count: int) -> str:
    return f"{count / 1e9:.1f} billion" if count >= 1e9 else f"{count / 1e6:.0f} million"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFoundError(f"{path.parent.name} holds no model: there is no {path.name}.") from error
    except ValueError as error:
        raise UnsupportedModelError(f"{path.name} in {path.parent.name} is not JSON.") from error
    if not isinstance(fields, dict):
        raise UnsupportedModelError(f"{path.name} in {path.parent.name} is not a JSON object.")
    return fields


def _weights(folder: Path) -> list[Path]:
    if (folder / INDEX).is_file():
        parts = _read_json(folder / INDEX).get("weight_map", {}).values()
        return [folder / Path(part).name for part in sorted(set(parts))]
    return [folder / SINGLE] if (folder / SINGLE).is_file() else []


def _count(folder: Path) -> int:
    """Number of parameters, from the headers."""
    count = 0
    for path in _weights(folder):
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            count += sum(math.prod(file.get_slice(name).get_shape()) for name in names)
    return count
