"""A GGUF file, converted once to fp16 safetensors that load in under a second."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from pathlib import Path

import torch
from filelock import FileLock
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from tokimp.errors import ModelError, ModelNotFoundError, UnsupportedModelError
from tokimp.models import cache
from tokimp.models.packs import sha256
from tokimp.models.quiet import quiet

# Part of the folder's name: a change of what is written gets folders of its own.
LAYOUT = 1
COMPLETE = "config.json"


def converted(path: Path) -> Path:
    """The folder with the weights of a GGUF file as fp16 safetensors, its config and a fast tokenizer.

    Cost: 12 to 30 s for 135 million parameters the first time, then the SHA-256 of the file. Several
    processes may ask at once: one converts, the others wait. A folder appears whole or not at all,
    so that a conversion that was killed is simply done again.

    Raises:
        ModelNotFoundError: there is no such file.
        UnsupportedModelError: transformers cannot read a GGUF of this architecture.
        ModelError: the cache folder cannot be written.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"There is no file {path}.")
    home = cache.folder() / "gguf"
    final = home / f"{sha256(path)}-{LAYOUT}"
    if _whole(final):
        return final
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{final}.lock"):
            if not _whole(final):
                _convert(path, final)
    except OSError as error:
        raise ModelError(
            f"The converted weights cannot be written to {home}: {error.strerror or error}.",
            "Set TOKIMP_CACHE to a folder with room that can be written.",
        ) from error
    return final


def _whole(folder: Path) -> bool:
    return (folder / COMPLETE).is_file()


def _convert(path: Path, final: Path) -> None:
    """Writes beside `final`, then renames. The lock is held, so what lies there is left from a process that died."""
    for leftover in final.parent.glob(f"{final.name}.part-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{final.name}.part-", dir=final.parent))
    try:
        network, tokenizer = _read(path)
        save_file(_half(network), partial / "model.safetensors", metadata={"format": "pt"})
        tokenizer.save_pretrained(partial)
        config = copy.deepcopy(network.config)
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        config.architectures = [type(network).__name__]
        config.save_pretrained(partial)
        os.replace(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(path: Path):  # type: ignore[no-untyped-def]  # transformers' tokenizers have no common type
    where = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    try:
        with quiet():
            network = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(**where)
    except (ValueError, KeyError, RuntimeError, NotImplementedError, ImportError) as error:
        raise UnsupportedModelError(
            f"{path.name} cannot be read as a GGUF of a text model: {error}",
            "GGUF files of Llama, Qwen2, Qwen3, Gemma and GPT-2 can be read.",
        ) from error
    return network, tokenizer


def _half(network: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The state in fp16, tied weights once; a tensor beyond the range of fp16 stays in fp32."""
    tied = network.all_tied_weights_keys if network.config.tie_word_embeddings else {}
    halves = {}
    for name, tensor in network.state_dict().items():
        if name not in tied:
            half = tensor.half()
            halves[name] = (half if half.isfinite().all() else tensor).contiguous()
    return halves
