"""Why a token got what it got: sentences, each with the numbers behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from tokimp.types import Floats

FORMAT = 1

Part = tuple[str, str]
"""A piece of a sentence and the element that it stands in: ("girl", "strong"), or (" is likely", "") in none."""


class Number(NamedTuple):
    """One row behind a sentence; `unit` is "probability", "share", "logits", "nats", "rank" or "" of plain counts."""

    name: str
    value: float
    stderr: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer: `parts` make up plain sentences, `numbers` are what they rest on.

    kind: "token", "without", "instead", "moved", "removals", "chance", "sink", "methods", "interactions"
    or "repeats". notes: sentences on what limits the numbers.
    """

    kind: str
    parts: tuple[Part, ...]
    numbers: tuple[Number, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The sentences as plain text."""
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Reasons:
    """What is known so far about one token of an explanation; the reasons stand in the order in which they came.

    sink: True for what takes up attention and gives little, None where that is not known (yet).
    """

    token: int
    text: str
    headline: tuple[Part, ...]
    reasons: tuple[Reason, ...] = ()
    sink: bool | None = None
    finished: bool = False
    evaluations: int = 0
    seconds: float = 0.0

    def __getitem__(self, kind: str) -> Reason:
        """The reason of that kind; KeyError where there is none."""
        for reason in self.reasons:
            if reason.kind == kind:
                return reason
        raise KeyError(kind)

    @property
    def sentence(self) -> str:
        """The headline as plain text."""
        return "".join(text for text, _ in self.headline)

    def to_json(self) -> str:
        """Canonical JSON: the same reasons give the same text."""
        told = {"format": FORMAT} | asdict(self)
        return json.dumps(told, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Reasons:
        """The reasons that `to_json` wrote.

        Raises:
            ValueError: they are none, or of a format that this version does not know.
        """
        told = json.loads(text)
        if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
            raise ValueError(f"These are no reasons of format {FORMAT}.")
        try:
            told["headline"] = _parts(told["headline"])
            told["reasons"] = tuple(map(_reason, told["reasons"]))
            return cls(**told)
        except (KeyError, TypeError) as error:
            raise ValueError("These are no whole reasons.") from error

    def to_html(self) -> str:
        """One self-contained page, without script."""
        from tokimp.views.why.table import reasons_page

        return reasons_page(self)

    def to_csv(self) -> str:
        """A row for each number, with the sentence that rests on it."""
        from tokimp.views.why.table import reasons_csv

        return reasons_csv(self)

    def _repr_html_(self) -> str:
        from tokimp.views.why.drawer import reasons_fragment

        return reasons_fragment(self)


@dataclass(frozen=True, slots=True)
class Sinks:
    """The tokens of an explanation that take up attention and give little.

    share: how much of Σ|scores| they have, from 0 to 1.
    """

    positions: tuple[int, ...]
    share: float
    evaluations: int = 0

    def hidden(self, scores: Floats) -> Floats:
        """The scores (token,) as they are looked at without sinks: 0 there. A view of the scores, no new ones."""
        seen: Floats = scores.copy()
        seen[list(self.positions)] = 0.0
        return seen


def _reason(told: Mapping[str, Any]) -> Reason:
    numbers = tuple(Number(*row) for row in told["numbers"])
    return Reason(told["kind"], _parts(told["parts"]), numbers, tuple(told["notes"]))


def _parts(told: Sequence[Sequence[str]]) -> tuple[Part, ...]:
    return tuple((text, element) for text, element in told)
