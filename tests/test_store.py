"""Stores: what was put comes back, whoever put it, and within bounds."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.store_writer import key_of, value_of
from tests.test_types import explanation
from tokimp.errors import OptionError
from tokimp.share import content_key
from tokimp.store import FolderStore, NoStore, SqliteStore, Store, open_store
from tokimp.types import Explanation

SECRET = "what a visitor wrote"
BACKENDS = ["results.sqlite", "results"]


def opened(folder: Path, name: str, limit: int = 2**26) -> Store:
    return open_store(str(folder / name), folder, limit)


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(tmp_path: Path, name: str) -> Iterator[Store]:
    one = opened(tmp_path, name)
    yield one
    one.close()


def test_what_was_put_comes_back(store: Store, tmp_path: Path, name: str) -> None:
    one = explanation()
    key = content_key(one.request, one.versions)
    assert store.get(key) is None
    store.put(key, one.to_json())
    store.put(key_of(1), "")
    store.put(key_of(2), "naïve 😀\0\r\n" * 1000)
    store.put(key_of(2), "again")
    with_others = opened(tmp_path, name)
    for each in (store, with_others):
        assert Explanation.from_json(each.get(key) or "").to_json() == one.to_json()
        assert each.get(key_of(1)) == ""
        assert each.get(key_of(2)) == "again"
        assert each.get(key_of(3)) is None
    with_others.close()


def test_a_closed_store_finds_nothing(store: Store) -> None:
    store.put(key_of(1), "a")
    store.close()
    store.close()
    store.put(key_of(2), "b")
    assert store.get(key_of(1)) is None
    assert store.get(key_of(2)) is None


@pytest.mark.parametrize("key", ["", "a", "../" * 22, "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", SECRET])
def test_a_key_is_a_hash(store: Store, key: str) -> None:
    for each in (store, NoStore()):
        with pytest.raises(ValueError, match="64 hex digits"):
            each.get(key)
        with pytest.raises(ValueError, match="64 hex digits"):
            each.put(key, "a")


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-wal"))


def test_what_was_used_least_recently_makes_room(tmp_path: Path, name: str) -> None:
    limit = 400_000
    store = opened(tmp_path, name, limit)
    size = len(gzip.compress(value_of(0).encode()))
    fits = limit * 9 // 10 // (size + 4096)
    for number in range(fits):
        store.put(key_of(number), value_of(number))
    assert all(store.get(key_of(number)) for number in range(fits))
    for number in range(100, 100 + 3 * fits):
        assert store.get(key_of(0)) == value_of(0)
        store.put(key_of(number), value_of(number))
        assert store.get(key_of(number)) == value_of(number)
        assert on_disk(tmp_path) < 1.25 * limit
    kept = [number for number in range(100, 100 + 3 * fits) if store.get(key_of(number))]
    assert kept == list(range(100 + 3 * fits - len(kept), 100 + 3 * fits))
    assert len(kept) > fits // 2
    assert store.get(key_of(0)) == value_of(0)
    assert store.get(key_of(1)) is None
    store.put(key_of(1), "".join(map(value_of, range(60))))
    assert store.get(key_of(1)) is None, "a result above the limit is not kept"
    assert store.get(key_of(0)) == value_of(0)
    store.close()


def test_a_folder_bounds_what_other_processes_add(tmp_path: Path) -> None:
    stores = [FolderStore(tmp_path, 200_000) for _ in range(2)]
    for number in range(200):
        stores[number % 2].put(key_of(number), value_of(number)[:4000])
    assert on_disk(tmp_path) < 400_000
    left_over = tmp_path / "ab" / "x.part"
    left_over.parent.mkdir(exist_ok=True)
    left_over.touch()
    os.utime(left_over, (0, 0))
    for number in range(70):
        stores[0].put(key_of(number), "a")
    assert not left_over.exists()


def test_many_threads_and_connections(tmp_path: Path, name: str) -> None:
    stores = [opened(tmp_path, name) for _ in range(3)]
    start = threading.Barrier(8)

    def work(worker: int) -> list[bool]:
        start.wait(30)
        mine = stores[worker % 3]
        for number in range(20):
            mine.put(key_of(1000 * worker + number), value_of(number))
            mine.put(key_of(number), value_of(number))
        return [
            stores[(worker + 1) % 3].get(key_of(1000 * worker + number)) == value_of(number) for number in range(20)
        ]

    with ThreadPoolExecutor(8) as pool:
        assert all(all(found) for found in pool.map(work, range(1, 9)))
    for each in stores:
        assert all(each.get(key_of(number)) == value_of(number) for number in range(20))
        each.close()


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        (None, SqliteStore),
        ("", SqliteStore),
        ("off", NoStore),
        ("{}/a.sqlite", SqliteStore),
        ("{}/a.sqlite3", SqliteStore),
        ("{}/a.db", SqliteStore),
        ("{}/a", FolderStore),
        ("{}/a/", FolderStore),
    ],
)
def test_settings(tmp_path: Path, setting: str | None, kind: type) -> None:
    store = open_store(setting.format(tmp_path) if setting else setting, tmp_path / "cache")
    assert type(store) is kind
    assert not list(tmp_path.iterdir()), "nothing is made before it is needed"
    store.put(key_of(1), "a")
    assert store.get(key_of(1)) == (None if kind is NoStore else "a")
    assert (tmp_path / "cache" / "results.sqlite").exists() == (not setting)
    store.close()


@pytest.mark.parametrize("setting", ["s3://bucket", "hf://models/a/b", "hf://datasets/a", "https://example.org"])
def test_addresses_of_another_kind_are_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(OptionError, match="TOKIMP_STORE is a path or hf://datasets/owner/name"):
        open_store(setting, tmp_path)
