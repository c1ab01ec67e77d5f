"""Results as files in a folder, which may be a mounted bucket."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from tokimp.store.base import LIMIT, Complaint, checked, packed, unpacked

SUFFIX = ".json.gz"
UNFINISHED = ".part"
HOUR = 3600.0
# How many results may be added before the folder is looked through again, for what other processes added.
BETWEEN_SWEEPS = 64


class FolderStore:
    """One file a result, written under another name and then renamed.

    When a result was used last is its file's access time. The folder is looked through every
    `BETWEEN_SWEEPS` results: between two sweeps, other processes may take it above the limit.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder, self._limit = folder, limit
        self._closed = False
        self._turn = threading.Lock()
        self._taken = 0
        self._until_sweep = 0
        self._complaint = Complaint(folder)

    def get(self, key: str) -> str | None:
        path = self.path(key)
        if self._closed:
            return None
        try:
            value = unpacked(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complaint.about(error)
            return None
        with suppress(OSError):  # a read-only folder still serves
            if value is None:
                path.unlink()
            else:
                _touch(path)
        return value

    def put(self, key: str, value: str) -> None:
        path, blob = self.path(key), packed(value)
        if self._closed or len(blob) > self._limit:
            return
        try:
            _write(path, blob)
            with self._turn:
                self._make_room(len(blob))
        except OSError as error:
            self._complaint.about(error)
        else:
            self._complaint.settled()

    def close(self) -> None:
        self._closed = True

    def path(self, key: str) -> Path:
        """Where the result of this key lies, or would."""
        return self._folder / key[:2] / (checked(key) + SUFFIX)

    def _make_room(self, added: int) -> None:
        self._taken += added
        self._until_sweep -= 1
        if self._until_sweep > 0 and self._taken <= self._limit:
            return
        self._taken, files = 0, []
        for path in self._folder.glob(f"??/*{SUFFIX}"):
            with suppress(FileNotFoundError):  # another process makes room too
                facts = path.stat()
                files.append((facts.st_atime_ns, facts.st_size, path))
        goal = self._limit if sum(size for _, size, _ in files) <= self._limit else self._limit * 9 // 10
        for place, (_, size, path) in enumerate(sorted(files, reverse=True)):
            self._taken += size
            if place and self._taken > goal:
                path.unlink(missing_ok=True)
        self._taken = min(self._taken, goal)
        for path in self._folder.glob(f"??/*{UNFINISHED}"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > HOUR:  # its writer was killed
                    path.unlink()
        self._until_sweep = BETWEEN_SWEEPS


def _write(path: Path, blob: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(suffix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(blob)
        _touch(Path(part))
        os.replace(part, path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def _touch(path: Path) -> None:
    """Sets the access time to the nanosecond; the time of the last change stays, by which uploads go."""
    with suppress(OSError):  # some buckets know no access time
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
