"""A name → a `TextModel`: packs, hub, folders, GGUF files, or objects that are there already."""

from __future__ import annotations

import difflib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokimp.errors import ModelNotFoundError, OptionError, UnsupportedModelError
from tokimp.models import folders, hub, packs
from tokimp.models.cache import ModelCache, memory_limit
from tokimp.models.catalog import CATALOG, CatalogEntry
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    Pair = tuple[PreTrainedModel, PreTrainedTokenizerBase]


def load(
    source: str | os.PathLike[str] | Pair, *, task: Task | None = None, revision: str | None = None
) -> TextModel:
    """A model that can be explained.

    `source` is a key of the catalogue, a hub id, a local folder, a `.gguf` file, or a pair of a
    network and its tokenizer. A key always means the catalogue; a folder of the same name is
    written `./name`. `task` is needed only where the model's config does not tell.

    Loaded models are held, the last used up to a third of the memory, and the same source gives the
    same object; a pair is never held.

    Raises:
        ModelNotFoundError, HubUnreachableError, ModelTooBigError, UnsupportedModelError,
        UnsafeWeightsError: each says what to do.
    """
    if task is not None and task not in TASKS:
        raise OptionError(f"There is no task {task!r}.", f"There are: {', '.join(TASKS)}.")
    if isinstance(source, tuple):
        return _pair(source, task)
    name = os.fspath(source)
    if isinstance(source, str) and name in CATALOG:
        entry = CATALOG[name]
        return held().get((name, task, revision), lambda: _entry(entry, task, revision))
    path = Path(name)
    if path.suffix == ".gguf" and path.is_file():
        return held().get((path.resolve(), _changed(path), task), lambda: _gguf(path, path.stem, task))
    if path.is_dir():
        return held().get(
            (path.resolve(), _changed(path), task), lambda: _folder(path, str(path), "local", task)
        )
    if hub.is_hub_id(name):
        return held().get((name, task, revision), lambda: _hub(name, name, task, revision))
    near = difflib.get_close_matches(name, CATALOG, n=1)
    hint = (
        f"Did you mean {near[0]!r}?"
        if near
        else "Give a name of the catalogue, a hub id, a folder or a .gguf file."
    )
    raise ModelNotFoundError(f"There is no model {name!r}.", hint)


@functools.cache
def held() -> ModelCache:
    """The models that are in memory now."""
    return ModelCache(memory_limit())


def _pair(pair: Pair, task: Task | None) -> TextModel:
    if len(pair) != 2:
        raise OptionError(
            "A pair of a network and its tokenizer is needed.", "load((network, tokenizer), task=…)"
        )
    network, tokenizer = pair
    if not getattr(tokenizer, "is_fast", False):
        raise UnsupportedModelError(
            "This tokenizer cannot say which characters a token stands for.",
            "Give a fast one, as AutoTokenizer does.",
        )
    task = task or folders.task_of([type(network).__name__])
    name = network.config.name_or_path or type(network).__name__
    return TextModel(network, tokenizer, task=task, key=name, revision="object")


def _entry(entry: CatalogEntry, task: Task | None, revision: str | None) -> TextModel:
    task = task or entry.task
    if entry.ours:
        if task != entry.task:
            raise UnsupportedModelError(f"{entry.key} is made for {entry.task}, not for {task}.")
        return _delta(entry)
    if entry.pack is not None:
        pack = packs.PACKS[entry.pack]
        if revision in (None, pack.requirement) and packs.installed(pack):
            file = packs.folder(pack) / next(iter(pack.files))
            return _gguf(file, entry.key, task, pack.requirement)
    return _hub(entry.source, entry.key, task, revision or entry.revision)


def _hub(name: str, key: str, task: Task | None, revision: str | None) -> TextModel:
    folder = hub.fetch(name, revision)
    return _folder(folder, key, folder.name, task)


def _folder(path: Path, key: str, revision: str, task: Task | None) -> TextModel:
    config = folders.read_config(path)
    task = task or folders.task_of(config.get("architectures") or [])
    network = folders.load_network(path, task)
    return TextModel(network, folders.load_tokenizer(path), task=task, key=key, revision=revision)


def _gguf(path: Path, key: str, task: Task | None, revision: str | None = None) -> TextModel:
    from tokimp.models.gguf import converted

    if task not in (None, "next-token"):
        raise UnsupportedModelError(f"{path.name} is a GGUF file: those tell the next token, not {task}.")
    return _folder(converted(path), key, revision or f"sha256:{packs.sha256(path)}", "next-token")


def _delta(entry: CatalogEntry) -> TextModel:
    from tokimp.models.minilm import assemble

    network, tokenizer, revision = assemble(entry.key, entry.task)
    return TextModel(network, tokenizer, task=entry.task, key=entry.key, revision=revision)


def _changed(path: Path) -> Any:
    """Differs once the weights on disk do."""
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
