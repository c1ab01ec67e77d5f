"""What was seen inside a model: arrays and facts of a request, JSON both ways."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tokimp.types import Request, Token

FORMAT = 1
LISTED = 4096
"""Numbers up to which an array is a list in JSON; a longer one is base64 of little-endian numbers."""

_KINDS = {"f": "<f4", "e": "<f2", "i": "<i4"}


@dataclass(frozen=True, eq=False)
class Seen:
    """A request with what was seen. Numbers have six digits, long arrays those of their type.

    arrays by name, each documented by its look; NaN is "not known". facts are plain data.
    """

    request: Request
    tokens: tuple[Token, ...]
    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]
    notes: tuple[str, ...]
    seconds: float
    evaluations: int
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrays", {name: _rounded(array) for name, array in self.arrays.items()})

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def asked(self, request: Request) -> Seen:
        """The same, seen by another request to which it is the answer too."""
        again = copy(self)
        object.__setattr__(again, "request", request)
        return again

    def link(self, base_url: str) -> str:
        """The page at `base_url`, opened at this view."""
        return self.request.link(base_url)

    def to_json(self) -> str:
        """Canonical JSON: what was seen alike gives the same text."""
        fields = {
            "format": FORMAT,
            "request": asdict(self.request),
            "tokens": [asdict(token) for token in self.tokens],
            "arrays": {name: _written(array) for name, array in self.arrays.items()},
            "facts": dict(self.facts),
            "notes": list(self.notes),
            "seconds": self.seconds,
            "evaluations": self.evaluations,
            "versions": dict(self.versions),
        }
        return json.dumps(fields, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Seen:
        """What `to_json` wrote.

        Raises:
            ValueError: it is not that, or of a format that this version does not know.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ValueError(f"This is nothing that was seen, of format {FORMAT}.")
        try:
            fields["request"] = Request(**fields["request"])
            fields["tokens"] = tuple(Token(**token) for token in fields["tokens"])
            fields["arrays"] = {name: _read(array) for name, array in fields["arrays"].items()}
            fields["notes"] = tuple(fields["notes"])
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ValueError("This is not all that was seen.") from error


def _kind(array: np.ndarray) -> str:
    if array.dtype.kind in "iub":
        return "i"
    return "e" if array.dtype == np.float16 else "f"


def _rounded(array: np.ndarray) -> np.ndarray:
    """As JSON holds it, read-only."""
    kind = _kind(array)
    if array.size <= LISTED and kind != "i":
        digits = [float(f"{float(value):.6g}") for value in array.ravel()]
        kept = np.array(digits, dtype=np.float64).reshape(array.shape)
    else:
        kept = np.array(array, dtype=_KINDS[kind])
    kept.flags.writeable = False
    return kept


def _written(array: np.ndarray) -> dict[str, Any]:
    shape = list(array.shape)
    if array.size > LISTED:
        data = np.ascontiguousarray(array)
        return {"shape": shape, "type": _KINDS[_kind(array)], "base64": base64.b64encode(data.tobytes()).decode()}
    values = [None if math.isnan(value) else value for value in array.ravel().tolist()]
    return {"shape": shape, "type": "int" if _kind(array) == "i" else "float", "values": values}


def _read(written: Mapping[str, Any]) -> np.ndarray:
    shape = tuple(written["shape"])
    if "base64" in written:
        return np.frombuffer(base64.b64decode(written["base64"]), dtype=written["type"]).reshape(shape)
    values = [np.nan if value is None else value for value in written["values"]]
    return np.array(values, dtype=np.int32 if written["type"] == "int" else np.float64).reshape(shape)
