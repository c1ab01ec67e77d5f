"""The nouns of comparing prompts: tokens aligned, keywords followed; frozen, numpy only, JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any, Literal

import numpy as np

from tokimp.comparison import FORMAT, Places, places_of, read, written
from tokimp.types import Candidate, Explanation, Floats


@dataclass(frozen=True, eq=False)
class Alignment:
    """Which tokens of several prompts stand for the same place: positions (prompt, column), −1 where there is none."""

    positions: Places

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", places_of(self.positions))

    def values(self, scores: tuple[Floats, ...]) -> Floats:
        """Scores of each prompt (token,) in aligned columns: (prompt, column), NaN in gaps."""
        aligned = np.full(self.positions.shape, np.nan)
        for row, (places, each) in enumerate(zip(self.positions, scores, strict=True)):
            aligned[row, places >= 0] = each[places[places >= 0]]
        return aligned


@dataclass(frozen=True, slots=True)
class Spread:
    """Middle and spread of numbers over prompts; outliers: which prompts lie more than 3 of `deviation` from `median`.

    deviation is the median absolute deviation times 1.4826, or where that is 0 the mean one times 1.2533: either
    estimates one standard deviation of normal numbers. Of fewer than 4 numbers no outlier is named.
    """

    median: float
    deviation: float
    low: float
    high: float
    outliers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A keyword in one prompt. positions: its tokens; times: how often it occurs.

    score: sum of its tokens' scores. share: of Σ|scores| over the text's own tokens. rank: 1 + how many of the
    text's own tokens outside the keyword have a larger |score| than |the sum|, out of `among`.
    """

    positions: tuple[int, ...]
    times: int
    score: float
    share: float
    rank: int
    among: int


@dataclass(frozen=True, slots=True)
class Track:
    """A keyword by one method through all prompts: None where a prompt does not have it."""

    keyword: str
    method: str
    hits: tuple[Hit | None, ...]
    score: Spread | None
    share: Spread | None


@dataclass(frozen=True, eq=False)
class PromptComparison:
    """Several prompts asked for the same target, their tokens aligned, and keywords followed through them.

    runs: of each method, one explanation a prompt. answers: what the model itself says to each prompt, with its
    probability. failed: prompts that could not be asked, and why; they are not among `prompts`. unavailable:
    the same of methods. `probability` is the spread of the target's probability over prompts.
    """

    prompts: tuple[str, ...]
    runs: Mapping[str, tuple[Explanation, ...]]
    answers: tuple[Candidate, ...]
    alignment: Alignment
    keywords: tuple[Track, ...] = ()
    probability: Spread | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(self.runs)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """One a prompt, by the first method."""
        return next(iter(self.runs.values()), ())

    def to_json(self) -> str:
        """Canonical JSON: the same comparison gives the same text."""
        told: dict[str, Any] = {"format": FORMAT, "kind": "prompts", "prompts": list(self.prompts)}
        told["runs"] = [[key, [json.loads(each.to_json()) for each in run]] for key, run in self.runs.items()]
        told["answers"] = [asdict(each) for each in self.answers]
        told["alignment"] = self.alignment.positions.tolist()
        told["keywords"] = [asdict(each) for each in self.keywords]
        told["probability"] = None if self.probability is None else asdict(self.probability)
        return written(told | {"failed": dict(self.failed), "unavailable": dict(self.unavailable)})

    @classmethod
    def from_json(cls, text: str) -> PromptComparison:
        """The comparison that `to_json` wrote.

        Raises:
            ValueError: it is none, or of a format that this version does not know.
        """
        told = read(text, "prompts")
        try:
            told["prompts"] = tuple(told["prompts"])
            told["runs"] = {
                key: tuple(Explanation.from_json(json.dumps(each)) for each in run) for key, run in told["runs"]
            }
            told["answers"] = tuple(Candidate(**each) for each in told["answers"])
            told["alignment"] = Alignment(np.reshape(told["alignment"], (len(told["prompts"]), -1)))
            told["keywords"] = tuple(map(_track, told["keywords"]))
            told["probability"] = _spread(told["probability"])
            return cls(**told)
        except (KeyError, TypeError) as error:
            raise ValueError("This is not a whole comparison.") from error

    def to_html(self) -> str:
        """One self-contained page: no script, no request, light and dark."""
        from tokimp.views.compare.page import prompts_page

        return prompts_page(self)

    def to_csv(self, table: Literal["tokens", "keywords", "answers"] = "tokens") -> str:
        """One row for each token of each prompt and method, for each keyword in each prompt, or for each answer."""
        from tokimp.views.compare.sheet import prompts_csv

        return prompts_csv(self, table)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes .html, .csv or .json."""
        from tokimp.views.compare.page import save

        save(self, path)

    def _repr_html_(self) -> str:
        from tokimp.views.compare.page import prompts_fragment

        return prompts_fragment(self)


def _spread(told: Mapping[str, Any] | None) -> Spread | None:
    return None if told is None else Spread(**{**told, "outliers": tuple(told["outliers"])})


def _track(told: Mapping[str, Any]) -> Track:
    hits = tuple(each and Hit(**{**each, "positions": tuple(each["positions"])}) for each in told["hits"])
    return Track(told["keyword"], told["method"], hits, _spread(told["score"]), _spread(told["share"]))
