"""Style sheets, scripts and examples: in a clone beside the package, in a wheel inside it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = (_PACKAGE / "assets", _PACKAGE.parent / "assets")


def asset(name: str) -> Path:
    """The file (or folder) of that name.

    Raises:
        FileNotFoundError: tokimp was installed without it.
    """
    for folder in _FOLDERS:
        if (path := folder / name).exists():
            return path
    raise FileNotFoundError(f"tokimp was installed without assets/{name}.")


@lru_cache(maxsize=64)
def read_asset(name: str) -> str:
    return asset(name).read_text(encoding="utf-8")
