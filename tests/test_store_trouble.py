"""Stores that are killed, damaged, full, locked or refused: a result is lost, and never a request."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.store_writer import key_of, value_of
from tests.test_store import BACKENDS, SECRET, opened
from tokimp.store import FolderStore, SqliteStore, open_store

PER_RESULT = 0.004  # seconds
WRITER = Path(__file__).with_name("store_writer.py")


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def killed_while_writing(folder: Path, name: str, first: int, acknowledged: int, pause: float) -> int:
    """Kills a writer with SIGKILL, `pause` seconds after some results; returns the last number it said was kept."""
    command = [sys.executable, str(WRITER), str(folder / name), str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(acknowledged):
            assert writer.stdout.readline(), "the writer ended by itself"
        time.sleep(pause)  # waits for nothing: it draws the moment of the kill
        writer.kill()
        rest = writer.stdout.read().split("\n")
    said = [int(line) for line in rest[:-1]]
    return said[-1] if said else first + acknowledged - 1


def test_kill_9_loses_at_most_what_was_being_written(tmp_path: Path, name: str) -> None:
    first, kills = 0, 50
    rng = np.random.default_rng(0)
    for _ in range(kills):
        last = killed_while_writing(tmp_path, name, first, int(rng.integers(1, 8)), rng.uniform(0, PER_RESULT))
        store = opened(tmp_path, name)
        assert all(store.get(key_of(number)) == value_of(number) for number in range(first, last + 1))
        assert store.get(key_of(last + 1)) in (None, value_of(last + 1))
        store.close()
        first = last + 2
        if name.endswith(".sqlite"):
            with closing(sqlite3.connect(tmp_path / name)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = opened(tmp_path, name)
    gaps = sum(store.get(key_of(number)) != value_of(number) for number in range(first))
    assert gaps <= kills
    assert not list(tmp_path.glob("*.damaged*"))
    store.close()


def damaged_file(path: Path, sort: str) -> None:
    whole = path.read_bytes()
    spoiled = {
        "no database": SECRET.encode() * 1000,
        "cut off": whole[: len(whole) // 2],
        "scribbled over": whole[:4096] + b"\xa5" * (len(whole) - 4096),
    }
    path.write_bytes(spoiled[sort])


@pytest.mark.parametrize("sort", ["no database", "cut off", "scribbled over"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, sort: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "results.sqlite"
    first = SqliteStore(path)
    for number in range(20):
        first.put(key_of(number), SECRET + value_of(number))
    first.close()
    damaged_file(path, sort)
    stores = [SqliteStore(path), SqliteStore(path)]
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            for number in range(20):
                for store in stores:
                    assert store.get(key_of(number)) in (None, SECRET + value_of(number))
        for place, store in enumerate(stores):
            store.put(key_of(100 + place), SECRET)
    for store in stores:
        assert store.get(key_of(100)) == store.get(key_of(101)) == SECRET
        store.close()
    assert (tmp_path / "results.sqlite.damaged").exists()
    assert [record.getMessage() for record in caplog.records] == [
        f"The results in {path} were damaged: they were set aside, and a fresh file begun."
    ]


def test_one_damaged_result_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    store = SqliteStore(path)
    folder = FolderStore(tmp_path / "results")
    for each in (store, folder):
        each.put(key_of(1), value_of(1))
        each.put(key_of(2), value_of(2))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE results SET value = zeroblob(99) WHERE key = ?", (key_of(1),))
    file = folder.path(key_of(1))
    file.write_bytes(file.read_bytes()[:-9])
    for each in (store, folder):
        assert each.get(key_of(1)) is None
        assert each.get(key_of(2)) == value_of(2)
        each.put(key_of(1), "new")
        assert each.get(key_of(1)) == "new"
        each.close()


def test_somebody_elses_database_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE results (x)")
    before = path.read_bytes()
    store = open_store(str(path), tmp_path)
    for _ in range(3):
        store.put(key_of(1), SECRET)
        assert store.get(key_of(1)) is None
    store.close()
    assert path.read_bytes() == before
    assert len(caplog.records) == 1
    assert SECRET not in caplog.text


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also for root, whom no permission stops: a path below a file."""
    (tmp_path / "file").touch()
    store = opened(tmp_path / "file" / "folder", name)
    for number in range(3):
        store.put(key_of(number), SECRET)
        assert store.get(key_of(number)) is None
    store.close()
    assert len(caplog.records) == 1, "the owner hears of it once"
    assert "Results are not kept" in caplog.text
    assert SECRET not in caplog.text


def test_a_full_disk_loses_the_result_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore(tmp_path / "results.sqlite")
    store.put(key_of(1), value_of(1))
    connection = store._open()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")  # what SQLite then says is what it says of a full disk
    store.put(key_of(2), SECRET + value_of(2))
    assert "full" in caplog.text
    assert SECRET not in caplog.text
    assert store.get(key_of(1)) == value_of(1)
    store.put(key_of(2), value_of(2))
    assert store.get(key_of(2)) == value_of(2)
    store.close()


def test_a_locked_database_is_waited_for_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tokimp.store.sqlite.PATIENCE", 0.01)
    store = SqliteStore(tmp_path / "results.sqlite")
    store.put(key_of(1), "a")
    with closing(sqlite3.connect(tmp_path / "results.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.get(key_of(1)) == "a", "readers never wait for writers"
        store.put(key_of(2), "b")
        assert store.get(key_of(2)) is None
        other.execute("ROLLBACK")
    store.put(key_of(2), "b")
    assert store.get(key_of(2)) == "b"
    assert caplog.text.count("database is locked") == 1
    store.close()
