"""Writes results into a store until it is killed, and says each key once the result is kept.

python tests/store_writer.py SETTING FOLDER FIRST
"""

from __future__ import annotations

import hashlib
import itertools
import random
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def key_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def value_of(number: int) -> str:
    """Some 25 kB that pack to a half, so that writing it takes several pages."""
    return random.Random(number).randbytes(12_500).hex()


def write(setting: str, folder: Path, first: int) -> None:
    from tokimp.store import open_store

    store = open_store(setting, folder)
    for number in itertools.count(first):
        store.put(key_of(number), value_of(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # The store stands alone: without the package's public names, which import torch, this starts at once.
    package = types.ModuleType("tokimp")
    package.__path__ = [str(ROOT / "tokimp")]
    sys.modules["tokimp"] = package
    write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
