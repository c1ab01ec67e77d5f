"""The model hub: whether it answers, what a model holds, and its files on this disk."""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Iterable
from pathlib import Path

from huggingface_hub import HfApi, constants, get_session, get_token, hf_hub_download, try_to_load_from_cache

# HTTPError is that of httpx or its successor, whichever the client uses.
from huggingface_hub.errors import (  # type: ignore[attr-defined]
    GatedRepoError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo

from tokimp.errors import HubUnreachableError, ModelError, ModelNotFoundError, UnsafeWeightsError
from tokimp.models import folders
from tokimp.models.quiet import quiet
from tokimp.types import Task

ENDPOINT = constants.ENDPOINT
PATIENCE = 2.0
ANSWER = 5.0
HUB_ID = re.compile(r"(?P<repo>[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?)(/(?P<file>[\w.-]+\.gguf))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json")
VOCABULARIES = (
    *("tokenizer.json", "vocab.txt", "vocab.json"),
    *("spiece.model", "spm.model", "sentencepiece.bpe.model", "tokenizer.model"),
)
SETTINGS = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    "generation_config.json",
    *("source.spm", "target.spm", "target_vocab.json"),
)


def is_hub_id(text: str) -> bool:
    """Whether the text can name a model on the hub: `name`, `owner/name` or `owner/name/file.gguf`."""
    return len(text) <= 192 and bool(HUB_ID.fullmatch(text)) and "--" not in text and ".." not in text


def reachable() -> bool:
    """Whether the hub answers: asked once per process, within 2 s. Never asked under HF_HUB_OFFLINE."""
    if constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES:
        return False
    with _asking:
        return _answers(ENDPOINT)


_asking = threading.Lock()


@functools.cache
def _answers(endpoint: str) -> bool:
    """Asks in a thread of its own: looking up the host's name has no time-out."""
    answered: list[bool] = []

    def ask() -> None:
        try:
            answered.append(get_session().head(endpoint, timeout=PATIENCE).status_code < 500)
        except (HTTPError, OSError, ValueError):
            answered.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return bool(answered) and answered[0]


def kept(name: str, revision: str | None = None) -> Path | None:
    """The folder (or GGUF file) of a model that was downloaded whole before. Asks nobody."""
    repo, file = _split(name)
    try:
        found = try_to_load_from_cache(repo, file or "config.json", revision=revision)
    except HFValidationError:
        return None
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    if file is not None:
        return Path(found)
    return folder if folders.complete(folder) and any((folder / name).is_file() for name in VOCABULARIES) else None


def fetch(name: str, revision: str | None = None, task: Task | None = None) -> Path:
    """The folder `…/snapshots/<commit>` with the config, tokenizer and safetensors of a hub model.

    Of a model that comes as GGUF only, that file in the folder.

    Everything that can be refused is refused before the weights are downloaded. Without the hub, what
    was downloaded before still serves.

    Raises:
        HubUnreachableError: the hub does not answer and the files are not here.
        ModelNotFoundError: there is no such model or revision, or it is private.
        ModelError: its owner must give access first.
        UnsafeWeightsError: there are no safetensors, or the model wants to run its own code.
        ModelTooBigError: it would not fit into the memory.
        UnsupportedModelError: its architecture or task is not one of ours.
    """
    folder = kept(name, revision)
    if reachable():
        pinned = revision is not None and COMMIT.fullmatch(revision)
        return folder if folder is not None and pinned else _download(name, revision, task)
    if folder is None:
        raise HubUnreachableError(
            f"{name} is not on this machine, and the model hub cannot be reached.",
            "Choose a model that is at hand, or try again with a connection.",
        )
    return folder


def _download(name: str, revision: str | None, task: Task | None) -> Path:
    repo, wanted = _split(name)
    info = describe(repo, revision)
    gguf = check(info, repo, wanted)
    files = {file.rfilename for file in info.siblings or []}
    try:
        with quiet():
            if gguf is not None:
                return _file(repo, gguf, revision)
            # Asked for by branch, the first file notes the branch's commit for days without the hub.
            folder = _file(repo, "config.json", revision).parent
            folders.check_config(folder, task)
            # The weights come last: their presence says that the rest is there.
            for file in sorted(files & {*VOCABULARIES, *SETTINGS}) + sorted(filter(WEIGHTS.fullmatch, files)):
                _file(repo, file, folder.name)
    except GatedRepoError as error:
        raise _gated(repo) from error
    except (HTTPError, OSError) as error:
        raise HubUnreachableError(f"{repo} could not be downloaded: {folders.short(error)}", "Try again.") from error
    return folder


def _file(repo: str, file: str, revision: str | None) -> Path:
    return Path(hf_hub_download(repo, file, revision=revision, endpoint=ENDPOINT, etag_timeout=ANSWER))


def _split(name: str) -> tuple[str, str | None]:
    match = HUB_ID.fullmatch(name)
    return (name, None) if match is None else (match["repo"], match["file"])


def describe(name: str, revision: str | None = None) -> ModelInfo:
    """What the hub says of a model: its files with sizes, its number of parameters, its config."""
    try:
        api = HfApi(endpoint=ENDPOINT)
        return api.model_info(name, revision=revision, files_metadata=True, timeout=ANSWER)
    except GatedRepoError as error:
        raise _gated(name) from error
    except RevisionNotFoundError as error:
        raise ModelNotFoundError(f"{name} has no revision {revision!r}.", "Leave it out for the newest.") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelNotFoundError(f"There is no public model {name!r} on the hub.", "Check the spelling.") from error
    except (HTTPError, OSError) as error:
        raise HubUnreachableError(f"The model hub did not answer for {name}.", "Try again.") from error


def told_task(name: str) -> Task | None:
    """What a model is made for by its config: of one on this disk asks nobody, else asks the hub, once for each name.

    None where nobody can tell.
    """
    try:
        found = kept(name)
        if found is not None:
            return "next-token" if found.suffix == ".gguf" else folders.check_config(found)
        return _told_task(ENDPOINT, name) if is_hub_id(name) and reachable() else None
    except ModelError:
        return None


@functools.lru_cache(maxsize=256)
def _told_task(_endpoint: str, name: str) -> Task | None:
    repo, file = _split(name)
    if file is not None:
        return "next-token"
    try:
        info = describe(repo)
        weights = any(WEIGHTS.fullmatch(each.rfilename) for each in info.siblings or [])
        return folders.told_task(info.config or {}) if weights or not info.gguf else "next-token"
    except HubUnreachableError:
        raise  # may answer the next time
    except ModelError:
        return None


def check(info: ModelInfo, name: str, wanted: str | None = None) -> str | None:
    """Refuses from the hub's description alone what cannot be loaded, or not safely.

    Returns the GGUF file to take: the one `wanted`, or the only one of a model without safetensors.
    """
    if info.gated and get_token() is None:
        raise _gated(name)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    weights = [size for file, size in sizes.items() if WEIGHTS.fullmatch(file)]
    if wanted is not None or not weights:
        gguf = _gguf(name, sizes, wanted)
        # Where the hub has not counted: four bits a parameter, rather too many than too few.
        folders.check_memory(name, (info.gguf or {}).get("total") or sizes[gguf] * 2)
        return gguf
    if "auto_map" in (info.config or {}) or "custom_code" in (info.tags or []):
        raise folders.own_code(name)
    folders.check_memory(name, info.safetensors.total if info.safetensors else sum(weights) // 2)
    return None


def _gguf(name: str, files: Iterable[str], wanted: str | None) -> str:
    found = sorted(file for file in files if file.endswith(".gguf"))
    if not found:
        raise UnsafeWeightsError(f"{name} has no weights as safetensors or GGUF.", folders.CONVERT)
    if wanted in found or (wanted is None and len(found) == 1):
        return wanted or found[0]
    raise ModelNotFoundError(
        f"{name} has several GGUF files." if wanted is None else f"{name} has no file {wanted}.",
        f"Name one, as in {name}/{found[0]}",
    )


def _gated(name: str) -> ModelError:
    return ModelError(
        f"The owner of {name} gives access only on request.",
        f"Accept the conditions at {ENDPOINT}/{name} and set HF_TOKEN.",
    )
