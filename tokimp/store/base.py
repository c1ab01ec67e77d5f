"""What a store of results does, and how a result lies in one."""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from pathlib import Path
from typing import Protocol

LOG = logging.getLogger("tokimp")
LIMIT = 256 * 2**20

# What gzip raises for a file that is damaged or cut off; a text that is no UTF-8 is one too.
DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError)


class Store(Protocol):
    """Results by the key of their request (`share.content_key`); safe for threads and processes.

    A store only saves time: what it cannot keep or read is None, and never an error. It has a
    limit in bytes; what was used least recently makes room.
    """

    def get(self, key: str) -> str | None:
        """The result, or None; it now counts as used."""

    def put(self, key: str, value: str) -> None:
        """Keeps the result: whole, or not at all if the process is killed meanwhile."""

    def close(self) -> None:
        """Lets go of files; from then on nothing is found and nothing kept."""


class NoStore:
    """Keeps nothing."""

    def get(self, key: str) -> str | None:
        checked(key)
        return None

    def put(self, key: str, value: str) -> None:  # noqa: ARG002 - as every store has it
        checked(key)

    def close(self) -> None:
        return


class Complaint:
    """Says once in the log that results are not kept, and again only after they were."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said = False

    def about(self, error: Exception) -> None:
        """The error is one of a file or a database, whose messages hold paths but no results."""
        if not self._said:
            LOG.warning("Results are not kept in %s: %s: %s", self._path, type(error).__name__, error)
        self._said = True

    def settled(self) -> None:
        self._said = False


def checked(key: str) -> str:
    """The key, which becomes the name of a file.

    Raises:
        ValueError: it is no SHA-256 in hex.
    """
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise ValueError("A key is the 64 hex digits of a SHA-256.")
    return key


def packed(value: str) -> bytes:
    """The same bytes for the same text; gzip, so that other programs can read a folder of results."""
    return gzip.compress(value.encode(), compresslevel=6, mtime=0)


def unpacked(blob: bytes) -> str | None:
    """The text that was packed; None where something in it was changed."""
    try:
        return gzip.decompress(blob).decode()
    except DAMAGED:
        return None
