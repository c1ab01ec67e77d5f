"""What a metric says of an explanation: a number, the band of chance beside it, and what it was measured with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Chance:
    """What the metric gives random scores on the same text.

    `low` to `high` holds 95 % of single random scorings: the band that a reader compares a value
    with. `error` is the standard error of `mean`, which shrinks as `randoms` grows; the band does not.
    """

    low: float
    mean: float
    high: float
    error: float = 0.0
    randoms: int = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """What the model says as tokens go or come, from the first of `fractions` to the last.

    `values` at each fraction of the tokens, in `Score.unit`; `low`, `mean` and `high` of random
    orders at each of them, empty where no random order was tried.
    """

    fractions: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    mean: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's number for one explanation.

    `value` is None where the metric says nothing here, and the last of `notes` then says why.
    `higher_is_better` is None where neither direction is. `removal` is how tokens were taken away
    ("mask", "pad", "delete", …), "" where none were; it is part of the number's name. `evaluations`
    are those of the whole pass that this number comes from: numbers of one pass share their copies.
    """

    metric: str
    title: str
    value: float | None
    chance: Chance | None
    higher_is_better: bool | None
    unit: str
    removal: str = ""
    curve: Curve | None = None
    evaluations: int = 0
    notes: tuple[str, ...] = ()

    @property
    def better_than_chance(self) -> bool | None:
        """Whether the value lies beyond the band, on its good or on its bad side; None inside it, or without one."""
        if self.value is None or self.chance is None or self.higher_is_better is None:
            return None
        if self.chance.low <= self.value <= self.chance.high:
            return None
        return (self.value > self.chance.high) == self.higher_is_better

    @property
    def advantage(self) -> float | None:
        """How far the value is from the mean of chance, positive where it is better."""
        if self.value is None or self.chance is None or self.higher_is_better is None:
            return None
        return (self.value - self.chance.mean) * (1 if self.higher_is_better else -1)

    @property
    def name(self) -> str:
        """The metric as it may stand alone: with how tokens were removed."""
        return f"{self.title} ({self.removal})" if self.removal else self.title

    def to_json(self) -> str:
        """Canonical JSON: the same score gives the same text."""
        return json.dumps({"format": FORMAT} | asdict(self), sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Score:
        """The score that `to_json` wrote.

        Raises:
            ValueError: it is none, or of a format that this version does not know.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ValueError(f"This is not a score of format {FORMAT}.")
        return cls.from_fields(fields)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Score:
        """The score whose `dataclasses.asdict` this is, tuples having become lists or not.

        Raises:
            ValueError: a field is missing, or unknown.
        """
        try:
            chance, curve = fields["chance"], fields["curve"]
            whole = dict(fields) | {
                "chance": None if chance is None else Chance(**chance),
                "curve": None if curve is None else Curve(**{name: tuple(part) for name, part in curve.items()}),
                "notes": tuple(fields["notes"]),
            }
            return cls(**whole)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("This is not a whole score.") from error
