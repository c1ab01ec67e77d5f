"""A name → a `TextModel`: packs, hub, folders, GGUF files, or objects that are there already."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokimp.errors import ModelNotFoundError, OptionError, UnsupportedModelError
from tokimp.models import endpoint_box, folders, gguf, hub, minilm, packs
from tokimp.models.black_box import REVISION
from tokimp.models.cache import ModelCache, memory_limit
from tokimp.models.catalog import CATALOG, CatalogEntry
from tokimp.models.marian import with_offsets
from tokimp.models.own_module import OwnModule
from tokimp.models.own_tokenizers import OwnTokenizer
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Task

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    Pair = tuple[PreTrainedModel | nn.Module, PreTrainedTokenizerBase | Any]

OBJECT = "object"
"""The revision of what was there already."""
MODELS = ModelCache(memory_limit())


def load(
    source: str | os.PathLike[str] | Pair,
    *,
    task: Task | None = None,
    revision: str | None = None,
    limit: int | None = None,
    labels: Sequence[str] = (),
) -> TextModel:
    """A model that can be explained.

    `source` is a key of the catalogue, a hub id, a local folder, a `.gguf` file, a pair of a network
    and its tokenizer, or `endpoint:` and the name of one that the environment configures. A key always
    means the catalogue; a folder of that name is written `./name`. `task` is needed only where the
    model's config does not tell. `revision` is a branch or commit of the hub, or what an earlier model
    had as its `revision`.

    In a pair, the network may be any module that returns logits for ids (batch, token), alone, in a tuple
    or as `.logits`, and the tokenizer anything that encodes and decodes (see `own_tokenizer`). What it
    offers is found out by calling it a few times; `limit` says how many tokens it takes, where that should
    not be tried out, and `labels` what its classes are called.

    The models used last are held, up to a third of the memory, and the same source gives the same
    object. A pair is never held; its network is put into eval mode.

    Raises:
        ModelNotFoundError, HubUnreachableError, ModelTooBigError, UnsupportedModelError,
        UnsafeWeightsError: each says what to do.
    """
    if task is not None and task not in TASKS:
        raise OptionError(f"There is no task {task!r}.", f"There are: {', '.join(TASKS)}.")
    if isinstance(source, tuple):
        return _pair(source, task, limit, labels)
    name = os.fspath(source)
    if name.startswith(endpoint_box.PREFIX):
        return _endpoint(name.removeprefix(endpoint_box.PREFIX), task)
    if revision in (OBJECT, REVISION):
        raise ModelNotFoundError(
            f"{name} was somebody's own model, which no name opens.",
            "What was explained with it can be kept as a file.",
        )
    if isinstance(source, str) and source in CATALOG:
        entry = CATALOG[source]
        kind = task or entry.task
        return MODELS.get((source, kind, revision), lambda: _entry(entry, kind, revision))
    if os.path.isfile(name) and name.endswith(".gguf"):
        file = Path(name)
        return MODELS.get((file.resolve(), _state(file), revision), lambda: _gguf(file, name, task, revision))
    if os.path.isdir(name):
        folder = Path(name)
        kind, state = folders.check_config(folder, task), _state(folder)
        return MODELS.get((folder.resolve(), state, kind), lambda: _folder(folder, name, kind, state))
    if hub.is_hub_id(name):
        return MODELS.get((name, task, revision), lambda: _hub(name, name, task, revision))
    near = difflib.get_close_matches(name, CATALOG, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Give a catalogue key, a hub id, a folder or a .gguf file."
    raise ModelNotFoundError(f"There is no model {name!r}.", hint)


def _pair(pair: Pair, task: Task | None, limit: int | None, labels: Sequence[str]) -> TextModel:
    if len(pair) != 2:
        raise OptionError("A network and its tokenizer are needed.", "load((network, tokenizer), task=…)")
    from transformers import PreTrainedModel

    network, given = pair[0], with_offsets(pair[1])
    tokenizer: Any = given if getattr(given, "is_fast", False) else OwnTokenizer(given)
    if not isinstance(network, PreTrainedModel):
        if task is None:
            raise OptionError("It cannot be told what this module is for.", f"Give a task: {', '.join(TASKS)}.")
        return OwnModule(network, tokenizer, task=task, limit=limit, labels=labels)
    task = task or folders.task_of([type(network).__name__])
    name = network.config.name_or_path or type(network).__name__
    return TextModel(network, tokenizer, task=task, key=name, revision=OBJECT)


def _endpoint(name: str, task: Task | None) -> TextModel:
    if task not in (None, "next-token"):
        raise UnsupportedModelError(f"Endpoints say what comes next; they are not asked for {task}.")
    settings = endpoint_box.settings_of(name)
    return MODELS.get((endpoint_box.PREFIX, name, settings), lambda: endpoint_box.endpoint(name))


def _entry(entry: CatalogEntry, task: Task, revision: str | None) -> TextModel:
    if entry.ours:
        return _ours(entry, task, revision)
    if entry.pack is not None:
        pack = packs.PACKS[entry.pack]
        if revision == pack.requirement or (revision is None and packs.installed(pack)):
            file = packs.folder(pack) / pack.weights
            return _gguf(file, entry.key, task, revision=None, known_as=pack.requirement)
    return _hub(entry.source, entry.key, task, revision or entry.revision)


def _ours(entry: CatalogEntry, task: Task, revision: str | None) -> TextModel:
    if task != entry.task:
        raise UnsupportedModelError(f"{entry.key} is made for {entry.task}, not for {task}.")
    network, tokenizer, found = minilm.assemble(entry.key, entry.task)
    _check_revision(entry.key, revision, found)
    return TextModel(network, tokenizer, task=task, key=entry.key, revision=found)


def _hub(name: str, key: str, task: Task | None, revision: str | None) -> TextModel:
    found = hub.fetch(name, revision, task)
    if found.suffix == ".gguf":
        return _gguf(found, key, task, revision=None, known_as=found.parent.name)
    return _folder(found, key, folders.check_config(found, task), found.name)


def _gguf(file: Path, key: str, task: Task | None, revision: str | None, known_as: str | None = None) -> TextModel:
    if task not in (None, "next-token"):
        raise UnsupportedModelError(f"{file.name} is a GGUF file: those predict the next token only, not {task}.")
    found = known_as or f"sha256:{packs.sha256(file)}"
    _check_revision(key, revision, found)
    return _folder(gguf.converted(file), key, "next-token", found)


def _folder(folder: Path, key: str, task: Task, revision: str) -> TextModel:
    tokenizer = folders.load_tokenizer(folder)
    return TextModel(folders.load_network(folder, task), tokenizer, task=task, key=key, revision=revision)


def _check_revision(key: str, asked: str | None, found: str) -> None:
    if asked not in (None, found):
        raise ModelNotFoundError(f"{key} is here as {found}, not as {asked}.", "Leave the revision out to take it.")


def _state(path: Path) -> str:
    """Another one once the weights on disk are others; from names, sizes and times, so nothing is read."""
    files = [path] if path.is_file() else sorted((*path.glob("*.safetensors"), *path.glob("*.json")))
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return f"local:{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"
