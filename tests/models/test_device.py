from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tokimp.models import device


def test_the_cpu_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device.placement() == device.Placement(torch.device("cpu"), torch.float32)


def test_an_accelerator_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.placement().device.type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.placement().device.type == "cuda"


def test_gpu_changes_nothing_without_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "spaces", None)
    function = lambda: 1  # noqa: E731
    assert device.gpu(function) is function


def test_gpu_is_the_decorator_of_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    class Spaces:
        @staticmethod
        def GPU(function: object) -> object:  # noqa: N802
            return ("on a GPU", function)

    monkeypatch.setattr(device, "spaces", Spaces)
    assert device.gpu(len) == ("on a GPU", len)


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = tuple(str(tmp_path / name) for name in ("max", "current", "stat"))
    monkeypatch.setattr(device, "CONTAINER", (files,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return tmp_path


def test_a_container_counts_without_its_file_cache(container: Path) -> None:
    (container / "max").write_text("1000000\n")
    (container / "current").write_text("700000\n")
    (container / "stat").write_text("anon 400000\ninactive_file 300000\n")
    assert device.total_memory() == 1_000_000
    assert device.free_memory() == 600_000
    assert device.fits(100_000)
    assert not device.fits(120_000)
    assert device.largest_fitting() == int(600_000 / 4 / 1.3)


def test_a_container_without_a_limit_is_the_machine(container: Path) -> None:
    (container / "max").write_text("max\n")
    total, free = device.total_memory(), device.free_memory()
    assert 0 < free <= total
    assert device.fits(0)
    assert not device.fits(total)


def test_a_full_container_has_no_room(container: Path) -> None:
    (container / "max").write_text("1000")
    (container / "current").write_text("2000")
    (container / "stat").write_text("inactive_file 0\n")
    assert device.free_memory() == 0


@pytest.mark.usefixtures("container")
def test_without_proc_half_of_the_memory_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_meminfo", lambda _field: None)
    assert device.free_memory() == device.total_memory() // 2
