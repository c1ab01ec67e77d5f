"""The model hub: whether it answers, what a model holds, and its files on this disk."""

from __future__ import annotations

import functools
import os
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path

from huggingface_hub import HfApi, constants, get_token, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo

from tokimp.errors import HubUnreachableError, ModelError, ModelNotFoundError, UnsafeWeightsError
from tokimp.models import folders
from tokimp.models.quiet import quiet

PATIENCE = 2.0
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9_][\w.-]*)?")
WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json")
OTHER_FILES = frozenset(
    {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.txt",
        "vocab.json",
        "merges.txt",
        "spiece.model",
        "sentencepiece.bpe.model",
        "spm.model",
        "tokenizer.model",
    }
)


def is_hub_id(text: str) -> bool:
    """Whether the text can be the name of a model on the hub: `name` or `owner/name`."""
    return len(text) <= 96 and HUB_ID.fullmatch(text) is not None and ".." not in text and "--" not in text


def reachable() -> bool:
    """Whether the hub answers, found out once per process, within 2 s. False under HF_HUB_OFFLINE."""
    if (
        constants.HF_HUB_OFFLINE
        or os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES
    ):
        return False
    with _asking:
        return _answers(constants.ENDPOINT)


_asking = threading.Lock()


@functools.cache
def _answers(endpoint: str) -> bool:
    """A thread of its own bounds the look-up of the name too, which has no time-out."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=PATIENCE).close()
            answers.append(True)
        except urllib.error.HTTPError as error:
            answers.append(error.code < 500)
            error.close()
        except (OSError, ValueError):
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return bool(answers and answers[0])


def kept(name: str, revision: str | None = None) -> Path | None:
    """The folder with a model's files where they were downloaded whole before; asks nobody."""
    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision)
    except HFValidationError:
        return None
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if folders.complete(folder) else None


def fetch(name: str, revision: str | None = None) -> Path:
    """The folder `…/snapshots/<commit>` with a hub model's config, tokenizer and safetensors.

    Refuses before any weights are downloaded. Without the hub, what was downloaded before still serves.

    Raises:
        HubUnreachableError: the hub does not answer and the files are not here.
        ModelNotFoundError: there is no such model or revision, or it is private.
        ModelError: access must be asked for first.
        UnsafeWeightsError: there are no safetensors, or the model wants to run its own code.
        ModelTooBigError: it would not fit into the memory.
    """
    if not reachable():
        folder = kept(name, revision)
        if folder is None:
            raise HubUnreachableError(
                f"The model hub cannot be reached, and {name} was not downloaded before.",
                "Choose a model that is at hand, or try again with a connection.",
            )
        return folder
    pinned = kept(name, revision) if revision and re.fullmatch(r"[0-9a-f]{40}", revision) else None
    return pinned or _download(name, revision)


def _download(name: str, revision: str | None) -> Path:
    info = describe(name, revision)
    check(info, name)
    files = [file.rfilename for file in info.siblings or []]
    try:
        with quiet():
            # The first file is asked for by branch, which notes the branch's commit for later days without a hub.
            config = Path(hf_hub_download(name, "config.json", revision=revision, etag_timeout=5))
            folders.read_config(config.parent)
            for file in files:
                if file != "config.json" and (WEIGHTS.fullmatch(file) or file in OTHER_FILES):
                    hf_hub_download(name, file, revision=config.parent.name, etag_timeout=5)
    except GatedRepoError as error:
        raise _gated(name) from error
    except (HfHubHTTPError, OSError) as error:
        raise HubUnreachableError(f"{name} could not be downloaded: {error}", "Try again.") from error
    return config.parent


def describe(name: str, revision: str | None = None) -> ModelInfo:
    """What the hub says of a model: its files with sizes, its number of parameters, its config."""
    try:
        return HfApi().model_info(name, revision=revision, files_metadata=True, timeout=5)
    except GatedRepoError as error:
        raise _gated(name) from error
    except RevisionNotFoundError as error:
        raise ModelNotFoundError(
            f"{name} has no revision {revision!r}.", "Leave it out for the newest."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelNotFoundError(
            f"There is no public model {name!r} on the hub.", "Check the spelling."
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise HubUnreachableError(f"The model hub did not answer for {name}.", "Try again.") from error


def check(info: ModelInfo, name: str) -> None:
    """Refuses what cannot be loaded safely or at all, from the hub's description alone."""
    files = {file.rfilename: file.size or 0 for file in info.siblings or []}
    weights = [file for file in files if WEIGHTS.fullmatch(file)]
    if info.gated and get_token() is None:
        raise _gated(name)
    if not weights:
        raise UnsafeWeightsError(f"{name} has no weights as safetensors.", folders.CONVERT)
    if "auto_map" in (info.config or {}) or "custom_code" in (info.tags or []):
        raise folders.own_code(name)
    parameters = info.safetensors.total if info.safetensors else sum(files[file] for file in weights) // 4
    folders.check_memory(name, parameters)


def _gated(name: str) -> ModelError:
    return ModelError(
        f"The owner of {name} gives access only on request.",
        f"Accept its conditions at {constants.ENDPOINT}/{name} and set HF_TOKEN.",
    )
