"""Results in a dataset of the hub, with the hub's own scheduler and a hub that only records."""

from __future__ import annotations

import logging
import shutil
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import HfApi

from tests.store_writer import key_of, value_of
from tokimp.store import open_store
from tokimp.store.dataset import DatasetStore

NAME = "a-user/results"
SECRET = "what a visitor wrote"


class RecordingHub(HfApi):
    """Keeps in a folder what is committed."""

    def __init__(self, folder: Path, broken: bool = False) -> None:
        super().__init__(endpoint="http://127.0.0.1:9", token="hf_none")
        self.folder, self.broken = folder, broken
        self.created: list[dict[str, Any]] = []
        self.commits: list[list[str]] = []
        self.downloads: list[str] = []

    def create_repo(self, **facts: Any) -> Any:
        if self.broken:
            raise ConnectionError(SECRET)
        self.created.append(facts)
        return SimpleNamespace(repo_id=facts["repo_id"])

    def create_commit(self, *, repo_id: str, repo_type: str, operations: list[Any], **_: Any) -> Any:
        assert (repo_id, repo_type) == (NAME, "dataset")
        for operation in operations:
            path = self.folder / operation.path_in_repo
            path.parent.mkdir(parents=True, exist_ok=True)
            with operation.as_file() as file:
                path.write_bytes(file.read())
        self.commits.append([operation.path_in_repo for operation in operations])

    def list_repo_files(self, *_: Any, **__: Any) -> list[str]:
        return [path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()]

    def hf_hub_download(self, repo_id: str, filename: str, *, local_dir: str, **_: Any) -> str:  # type: ignore[override]
        assert repo_id == NAME
        self.downloads.append(filename)
        return shutil.copy(self.folder / filename, Path(local_dir) / "file")


def connected(hub: RecordingHub, folder: Path) -> DatasetStore:
    store = DatasetStore(NAME, folder, api=hub)
    store._connecting.join()
    return store


def in_repository(number: int) -> str:
    return f"results/{key_of(number)[:2]}/{key_of(number)}.json.gz"


def test_results_are_committed_and_found_by_the_next_run(tmp_path: Path) -> None:
    hub = RecordingHub(tmp_path / "hub")
    store = connected(hub, tmp_path / "one")
    assert [(facts["repo_id"], facts["repo_type"], facts["private"]) for facts in hub.created] == [
        (NAME, "dataset", True)
    ]
    for number in range(3):
        store.put(key_of(number), value_of(number))
    (tmp_path / "one" / key_of(0)[:2] / "unfinished.part").touch()
    assert store.get(key_of(1)) == value_of(1)
    store.close()
    assert sorted(chain.from_iterable(hub.commits)) == sorted(map(in_repository, range(3)))

    (tmp_path / "hub" / "README.md").write_text("about")
    later = connected(hub, tmp_path / "two")
    assert later.get(key_of(1)) == value_of(1)
    assert later.get(key_of(1)) == value_of(1)
    assert later.get(key_of(9)) is None
    assert hub.downloads == [in_repository(1)], "asked once, and never for what is not there"
    later.close()
    assert later.get(key_of(1)) is None


def test_reading_a_result_does_not_commit_it_again(tmp_path: Path) -> None:
    hub = RecordingHub(tmp_path / "hub")
    store = connected(hub, tmp_path / "one")
    store.put(key_of(1), value_of(1))
    scheduler = store._scheduler
    assert scheduler is not None
    scheduler.trigger().result(30)
    assert store.get(key_of(1)) == value_of(1)
    scheduler.trigger().result(30)
    store.close()
    assert hub.commits == [[in_repository(1)]]


def test_without_the_hub_there_is_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = connected(RecordingHub(tmp_path / "hub", broken=True), tmp_path / "one")
    store.put(key_of(1), SECRET)
    assert store.get(key_of(1)) == SECRET
    store.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"Results do not reach the dataset {NAME}: ConnectionError"
    ]


def test_a_result_that_cannot_be_fetched_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hub = RecordingHub(tmp_path / "hub")
    first = connected(hub, tmp_path / "one")
    first.put(key_of(1), value_of(1))
    first.put(key_of(2), value_of(2))
    first.close()
    later = connected(hub, tmp_path / "two")
    (tmp_path / "hub" / in_repository(1)).unlink()
    (tmp_path / "hub" / in_repository(2)).write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert later.get(key_of(1)) is None
        assert later.get(key_of(2)) is None
    assert f"A result was not to be had from {NAME}: FileNotFoundError" in caplog.text
    later.close()


def test_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr("tokimp.store.dataset.DatasetStore", lambda *facts: made.append(facts))
    open_store(f"hf://datasets/{NAME}", tmp_path, 5)
    assert made == [(NAME, tmp_path / "results" / "a-user--results", 5)]
    monkeypatch.setenv("HF_TOKEN", "hf_theirs")
    monkeypatch.setattr(DatasetStore, "_connect", lambda _: None)
    store = DatasetStore(NAME, tmp_path)
    assert store._api.token == "hf_theirs"
    store.close()
