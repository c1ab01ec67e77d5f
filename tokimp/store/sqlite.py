"""Results in one SQLite file, shared by threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from tokimp.store.base import LIMIT, LOG, Complaint, checked, packed, unpacked

Found = TypeVar("Found")

OURS = 0x746F6B69  # application_id: somebody else's database is left alone
PATIENCE = 5.0
PAGE = 4096
# The log beside the file is cut back to this after a large result.
LOG_BYTES = 4 * 2**20

SCHEMA = """
CREATE TABLE results (key TEXT PRIMARY KEY, value BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE INDEX results_by_use ON results (used, size);
"""
NEXT_USE = "(SELECT coalesce(max(used), 0) + 1 FROM results)"
READ = "SELECT value FROM results WHERE key = ?"
TOUCH = f"UPDATE results SET used = {NEXT_USE} WHERE key = ?"  # noqa: S608 - constants
WRITE = f"INSERT OR REPLACE INTO results (key, value, size, used) VALUES (?, ?, ?, {NEXT_USE})"  # noqa: S608 - constants
FORGET = "DELETE FROM results WHERE key = ?"
MAKE_ROOM = """
DELETE FROM results WHERE used IN (
    SELECT used FROM (SELECT used, sum(size) OVER (ORDER BY used DESC) AS kept FROM results) WHERE kept > ?
)
"""


class SqliteStore:
    """A store in one file, with a write-ahead log: a killed process loses at most what it was writing.

    A damaged file is set aside under the name `….damaged`, and a fresh one begun.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path, self._limit = path, limit
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._turn = threading.Lock()
        self._complaint = Complaint(path)

    def get(self, key: str) -> str | None:
        checked(key)
        return self._attempt(lambda connection: _read(connection, key))

    def put(self, key: str, value: str) -> None:
        checked(key)
        blob = packed(value)
        size = (len(blob) // PAGE + 1) * PAGE  # what it takes in the file
        if size <= self._limit:
            self._attempt(lambda connection: self._write(connection, key, blob, size))

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._let_go()

    def _attempt(self, work: Callable[[sqlite3.Connection], Found]) -> Found | None:
        with self._turn:
            for last in (False, True):
                if self._closed:
                    return None
                try:
                    found = work(self._open())
                except (sqlite3.Error, OSError) as error:
                    self._let_go()
                    # Its subclasses stand for a full disk, a lock and the like; damage has the class itself.
                    if not last and type(error) is sqlite3.DatabaseError and self._set_aside():
                        continue
                    self._complaint.about(error)
                    return None
                self._complaint.settled()
                return found
        return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():  # two processes that set up one file at once refuse each other
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # it holds what visitors wrote
                self._connection = connection = sqlite3.connect(
                    self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
                )
                _set_up(connection)
        return self._connection

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _write(self, connection: sqlite3.Connection, key: str, blob: bytes, size: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            connection.execute(WRITE, (key, blob, size))
            if connection.execute("SELECT sum(size) FROM results").fetchone()[0] > self._limit:
                connection.execute(MAKE_ROOM, (self._limit,))

    def _set_aside(self) -> bool:
        """Moves a damaged file out of the way, unless another process has done so. False: it cannot be moved."""
        try:
            with self._alone():
                if _sound(self._path):
                    return True
                for part in ("", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        os.replace(f"{self._path}{part}", f"{self._path}.damaged{part}")
        except OSError:
            return False
        LOG.warning("The results in %s were damaged: they were set aside, and a fresh file begun.", self._path)
        return True

    def _alone(self) -> FileLock:
        return FileLock(f"{self._path}.lock", timeout=PATIENCE)


def _read(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute(READ, (key,)).fetchone()
    if row is None:
        return None
    value = unpacked(row[0])
    with suppress(sqlite3.OperationalError):  # when it was used is worth no complaint
        connection.execute(FORGET if value is None else TOUCH, (key,))
    return value


def _set_up(connection: sqlite3.Connection) -> None:
    """Raises OSError where the database is somebody else's."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and connection.execute("PRAGMA application_id").fetchone()[0] != OURS:
        raise OSError("The file is a database of something else.")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    if not tables:
        connection.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {OURS}; {SCHEMA} COMMIT;")


def _sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError:  # in use, and so at least readable for others
        return True
    except sqlite3.DatabaseError:
        return False
