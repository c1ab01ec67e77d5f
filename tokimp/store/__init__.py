"""Results by the hash of their request: a faster way to what a link would compute again."""

from __future__ import annotations

import re
from pathlib import Path

from tokimp.errors import OptionError
from tokimp.store.base import LIMIT, NoStore, Store
from tokimp.store.folder import FolderStore
from tokimp.store.sqlite import SqliteStore

__all__ = ["LIMIT", "FolderStore", "NoStore", "SqliteStore", "Store", "open_store"]

DATABASES = (".sqlite", ".sqlite3", ".db")


def open_store(setting: str | None, cache: Path, limit: int = LIMIT) -> Store:
    """The store that a setting (TOKIMP_STORE) names, of at most `limit` bytes; nothing is opened yet.

    None or "": a SQLite file in the folder `cache`. "off": none. A path that ends in .sqlite,
    .sqlite3 or .db: that file. "hf://datasets/owner/name": that dataset, with a folder in `cache`
    before it. Any other path: a folder, one file a result.

    Raises:
        OptionError: an address of another kind.
    """
    setting = (setting or "").strip()
    if not setting:
        return SqliteStore(cache / "results.sqlite", limit)
    if setting == "off":
        return NoStore()
    if dataset := re.fullmatch(r"hf://datasets/([\w.-]+/[\w.-]+)/?", setting):
        from tokimp.store.dataset import DatasetStore

        return DatasetStore(dataset[1], cache / "results" / dataset[1].replace("/", "--"), limit)
    if "://" in setting:
        raise OptionError("Results cannot be kept there.", "TOKIMP_STORE is a path or hf://datasets/owner/name.")
    path = Path(setting).expanduser()
    return SqliteStore(path, limit) if path.suffix in DATABASES else FolderStore(path, limit)
