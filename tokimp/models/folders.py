"""A folder with config, tokenizer and safetensors → a network, after looking at what lies there."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tokimp.errors import (
    ModelError,
    ModelNotFoundError,
    ModelTooBigError,
    UnsafeWeightsError,
    UnsupportedModelError,
)
from tokimp.models.device import fits, free_memory, largest_fitting, placement
from tokimp.models.quiet import quiet
from tokimp.types import Task

CONVERT = (
    "Convert the weights where you trust them: "
    "AutoModel.from_pretrained(…).save_pretrained(folder) writes safetensors."
)
INDEX = "model.safetensors.index.json"
# Picked by what its gradient and attention rules need: every step of attention is an operation of its own.
ATTENTION = "eager"

HEADS = {
    "classification": AutoModelForSequenceClassification,
    "next-token": AutoModelForCausalLM,
    "masked-lm": AutoModelForMaskedLM,
}
SUFFIXES: tuple[tuple[str, Task], ...] = (
    ("ForSequenceClassification", "classification"),
    ("ForCausalLM", "next-token"),
    ("LMHeadModel", "next-token"),
    ("ForMaskedLM", "masked-lm"),
)

# transformers sets process-wide defaults (dtype, initialisation) while it builds a network.
BUILDING = threading.Lock()


def complete(folder: Path) -> bool:
    """Whether all safetensors that the folder names are there."""
    return bool(files := _weights(folder)) and all(file.is_file() for file in files)


def read_config(folder: Path) -> dict[str, Any]:
    """The model's config.json.

    Raises:
        ModelNotFoundError: there is none.
        UnsafeWeightsError: the model wants to run its own code.
        UnsupportedModelError: it writes a text of its own from the input (an encoder with a decoder).
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFoundError(f"{folder} holds no model: there is no config.json.") from error
    except ValueError as error:
        raise UnsupportedModelError(f"The config.json in {folder} is not JSON.") from error
    if "auto_map" in config:
        raise own_code(str(folder))
    if config.get("is_encoder_decoder"):
        raise UnsupportedModelError(
            "This model reads a text and writes another (encoder and decoder), which is not explained here.",
            "Choose a classifier, a next-token model or a fill-mask model.",
        )
    return dict(config)


def task_of(architectures: list[str]) -> Task:
    """The task that a class name of transformers stands for.

    Raises:
        UnsupportedModelError: none of ours.
    """
    for name in architectures:
        for suffix, task in SUFFIXES:
            if name.endswith(suffix):
                return task
    named = ", ".join(architectures) or "nothing"
    raise UnsupportedModelError(
        f"It cannot be told what this model does: its config names {named}.",
        'Give task="classification", "next-token" or "masked-lm".',
    )


def load_network(folder: Path, task: Task) -> PreTrainedModel:
    """The network of a folder, in fp32, on the device that was picked.

    Raises:
        UnsafeWeightsError: the folder has no safetensors.
        ModelTooBigError: the network would not fit into the memory.
        UnsupportedModelError: the architecture is unknown, or the weights lack the head for the task.
    """
    if not complete(folder):
        raise UnsafeWeightsError(f"{folder} has no whole set of weights as safetensors.", CONVERT)
    check_memory(folder.name, _count(folder))
    place = placement()
    try:
        with BUILDING, quiet():
            network, found = HEADS[task].from_pretrained(
                folder,
                dtype=place.dtype,
                attn_implementation=ATTENTION,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (ValueError, KeyError, OSError, RuntimeError, SafetensorError) as error:
        raise UnsupportedModelError(
            f"The weights in {folder.name} cannot be loaded for {task}: {error}"
        ) from error
    if missing := sorted(found["missing_keys"]):
        raise UnsupportedModelError(
            f"The weights have no head for {task}: {', '.join(missing[:3])} would be random.",
            "Choose a model that was trained for this task.",
        )
    return network.to(place.device)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a folder.

    Raises:
        UnsupportedModelError: there is none that knows which characters a token stands for.
        UnsafeWeightsError: it wants to run its own code.
    """
    config = folder / "tokenizer_config.json"
    if config.is_file() and "auto_map" in json.loads(config.read_text(encoding="utf-8")):
        raise own_code(str(folder))
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, KeyError, OSError, ImportError, TypeError) as error:
        raise UnsupportedModelError(f"The tokenizer in {folder.name} cannot be loaded: {error}") from error
    if not tokenizer.is_fast:
        raise UnsupportedModelError(
            "This tokenizer cannot say which characters a token stands for.", "Save it as tokenizer.json."
        )
    return tokenizer


def own_code(name: str) -> ModelError:
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
            f"{name} has {_amount(parameters)} parameters, which take {parameters * 4 / 1e9:.1f} GB in memory; "
            f"{free_memory() / 1e9:.1f} GB are free.",
            f"Models of up to about {_amount(largest_fitting())} parameters fit here.",
        )


def _amount(count: int) -> str:
    return f"{count / 1e9:.1f} billion" if count >= 1e9 else f"{count / 1e6:.0f} million"


def _weights(folder: Path) -> list[Path]:
    if (folder / INDEX).is_file():
        parts = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        return [folder / Path(part).name for part in sorted(set(parts))]
    return [folder / "model.safetensors"] if (folder / "model.safetensors").is_file() else []


def _count(folder: Path) -> int:
    """Number of parameters, from the headers."""
    count = 0
    for path in _weights(folder):
        with safe_open(path, framework="pt") as file:
            count += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())
    return count
