"""A GGUF file, converted once to fp16 safetensors that load in under a second."""

from __future__ import annotations

import copy
import math
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import torch
from filelock import FileLock
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers import modeling_gguf_pytorch_utils as reader

from tokimp.errors import ModelError, ModelNotFoundError, UnsupportedModelError
from tokimp.models import cache, folders
from tokimp.models.packs import sha256
from tokimp.models.quiet import quiet

# Part of the folder's name: a change of what is written gets folders of its own.
LAYOUT = 1
READABLE = "GGUF files of Llama, Qwen2, Qwen3, Gemma and GPT-2 can be read."


def converted(path: Path) -> Path:
    """The folder with the weights of a GGUF file as fp16 safetensors, its config and a fast tokenizer.

    Cost: 12 to 30 s for 135 million parameters the first time, then the SHA-256 of the file. Several
    processes may ask at once: one converts, the others wait. A folder appears whole or not at all,
    so a conversion that was killed is simply done again.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelTooBigError: the network would not fit into the memory.
        UnsupportedModelError: it is no GGUF, or of an architecture that transformers cannot read.
        ModelError: the cache folder cannot be written.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"There is no file {path}.")
    home = cache.folder() / "gguf"
    final = home / f"{sha256(path)}-{LAYOUT}"
    if folders.complete(final):
        return final
    folders.check_memory(path.name, parameters(path))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{final}.lock"):
            if not folders.complete(final):
                _convert(path, final)
    except OSError as error:
        raise ModelError(
            f"The converted weights cannot be written to {home}: {error.strerror or error}.",
            "Set TOKIMP_CACHE to a folder that has room and can be written.",
        ) from error
    return final


def _convert(path: Path, final: Path) -> None:
    """Writes beside `final`, then renames. Whoever calls holds the lock, so what lies there is left from the dead."""
    for leftover in final.parent.glob(f"{final.name}.part-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix=f"{final.name}.part-", dir=final.parent))
    try:
        network, tokenizer = _read(path)
        # save_pretrained refuses networks that came from a GGUF.
        save_file(_halves(network), part / folders.SINGLE, metadata={"format": "pt"})
        tokenizer.save_pretrained(part)
        config = copy.deepcopy(network.config)
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        config.architectures = [type(network).__name__]
        config.save_pretrained(part)
        part.replace(final)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _read(path: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    folder, name = str(path.parent), path.name
    try:
        with folders.BUILDING, quiet(), _no_bar():
            network = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    except folders.MISFITS as error:
        raise UnsupportedModelError(f"{name} cannot be read: {folders.short(error)}", READABLE) from error
    return network, folders.checked_tokenizer(tokenizer)


@contextmanager
def _no_bar() -> Iterator[None]:
    """The reader draws its progress bar without asking the settings."""
    bar = vars(reader)["tqdm"]
    vars(reader)["tqdm"] = lambda items, **_: items
    try:
        yield
    finally:
        vars(reader)["tqdm"] = bar


def _halves(network: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The state in fp16, tied weights once; a tensor beyond the range of fp16 stays in fp32."""
    tied = network.all_tied_weights_keys if network.config.tie_word_embeddings else {}
    halves = {}
    for name, tensor in network.state_dict().items():
        if name not in tied:
            half = tensor.half()
            halves[name] = (half if half.isfinite().all() else tensor).contiguous()
    return halves


def parameters(path: Path) -> int:
    """Number of parameters of a GGUF file, from its header (specification: ggml's docs/gguf.md).

    Raises:
        UnsupportedModelError: it is no whole GGUF file of version 2 or 3.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            version, tensors, facts = _take(file, "<IQQ")
            if magic != b"GGUF" or version not in (2, 3):
                raise UnsupportedModelError(f"{path.name} is no GGUF file of version 2 or 3.")
            for _ in range(facts):
                _skip_string(file)
                _skip_value(file, *_take(file, "<I"))
            return sum(_tensor(file) for _ in range(tensors))
    except (struct.error, KeyError, OverflowError) as error:
        raise UnsupportedModelError(f"{path.name} is not a whole GGUF file.", "Download it again.") from error


STRING, ARRAY = 8, 9
WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def _take(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _skip_string(file: BinaryIO) -> None:
    (length,) = _take(file, "<Q")
    file.seek(length, os.SEEK_CUR)


def _skip_value(file: BinaryIO, kind: int) -> None:
    if kind == STRING:
        _skip_string(file)
    elif kind == ARRAY:
        kind, count = _take(file, "<IQ")
        if kind in WIDTHS:
            file.seek(WIDTHS[kind] * count, os.SEEK_CUR)
        else:
            for _ in range(count):
                _skip_value(file, kind)
    else:
        file.seek(WIDTHS[kind], os.SEEK_CUR)


def _tensor(file: BinaryIO) -> int:
    _skip_string(file)
    (rank,) = _take(file, "<I")
    shape = _take(file, f"<{rank}Q")
    _take(file, "<IQ")
    return math.prod(shape)
