"""The nouns of comparing methods on one text: frozen, numpy only, JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from tokimp.score import Score
from tokimp.types import Explanation, Floats, Token

FORMAT = 1
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far methods agree on the tokens of one text; each matrix (method, method), NaN where there is no number.

    spearman is Spearman's ρ, kendall Kendall's τ-b, both from −1 to 1: of the scores with their signs where both
    methods are `signed`, else of their sizes. overlap, from 0 to 1, is the share of the `top_k` tokens of largest
    |score| that two methods have in common; tokens with equal scores share the last places. count: tokens compared.
    """

    names: tuple[str, ...]
    signed: tuple[bool, ...]
    spearman: Floats
    kendall: Floats
    overlap: Floats
    top_k: int
    count: int

    def __post_init__(self) -> None:
        for name in _MATRICES:
            matrix = frozen(getattr(self, name))
            if matrix.shape != (len(self.names), len(self.names)):
                raise ValueError(f"{name} of {matrix.shape} does not fit {len(self.names)} methods.")
            object.__setattr__(self, name, matrix)

    def between(self, one: str, other: str) -> float:
        """Spearman's ρ of two methods; NaN where there is none."""
        return float(self.spearman[self.names.index(one), self.names.index(other)])


@dataclass(frozen=True, slots=True)
class InsideOutside:
    """What is read off inside a model against what follows its answer: means of Spearman's ρ over pairs of methods.

    internal and external are keys of methods. A mean is None where there is no pair with a number.
    """

    internal: tuple[str, ...]
    external: tuple[str, ...]
    within_internal: float | None
    within_external: float | None
    between: float | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """One text, one target, explained by several methods; what they agree on.

    places (n,): positions of the text's own tokens, which are all that is compared. ranks (method, token) of
    |score| among them, 1 the largest, ties share their mean; consensus (token,): the mean over methods of
    |score| / Σ|scores|, so that it adds up to 1; spread (token,): standard deviation of the ranks over methods.
    All three are 0 at other tokens. at_odds: positions of tokens that methods disagree on, the largest spread first,
    of those that some method puts among its `top_k`. scores: of a method, what `evaluate` found. failed: methods
    that could not be used, and why.
    """

    text: str
    tokens: tuple[Token, ...]
    explanations: tuple[Explanation, ...]
    agreement: Agreement
    inside: InsideOutside
    places: Places
    ranks: Floats
    consensus: Floats
    spread: Floats
    at_odds: tuple[int, ...] = ()
    scores: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {"ranks": (len(self.explanations), len(self.tokens))}
        for name in ("ranks", "consensus", "spread"):
            values = frozen(getattr(self, name))
            if values.shape != shapes.get(name, (len(self.tokens),)):
                raise ValueError(f"{name} of {values.shape} does not fit.")
            object.__setattr__(self, name, values)
        object.__setattr__(self, "places", places_of(self.places))

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(each.request.method for each in self.explanations)

    def __getitem__(self, method: str) -> Explanation:
        """The explanation by this method; KeyError where there is none."""
        for each in self.explanations:
            if each.request.method == method:
                return each
        raise KeyError(method)

    def votes(self, place: int) -> tuple[int, int]:
        """How many signed methods say that this token pushes towards the target, and how many away from it."""
        said = [float(each.scores[place]) for each in self.explanations if each.attribution.signed]
        return sum(score > 0 for score in said), sum(score < 0 for score in said)

    def to_json(self) -> str:
        """Canonical JSON: the same comparison gives the same text."""
        told: dict[str, Any] = {"format": FORMAT, "kind": "comparison", "text": self.text}
        told["tokens"] = [asdict(token) for token in self.tokens]
        told["explanations"] = [json.loads(each.to_json()) for each in self.explanations]
        told["agreement"] = _plain(self.agreement)
        told["inside"] = asdict(self.inside)
        told |= {name: getattr(self, name).tolist() for name in ("places", "ranks", "consensus", "spread")}
        told["at_odds"] = list(self.at_odds)
        told["scores"] = {key: [asdict(score) for score in each] for key, each in self.scores.items()}
        told["failed"] = dict(self.failed)
        return written(told)

    @classmethod
    def from_json(cls, text: str) -> Comparison:
        """The comparison that `to_json` wrote.

        Raises:
            ValueError: it is none, or of a format that this version does not know.
        """
        told = read(text, "comparison")
        try:
            told["tokens"] = tuple(Token(**token) for token in told["tokens"])
            told["explanations"] = tuple(Explanation.from_json(json.dumps(each)) for each in told["explanations"])
            told["agreement"] = _agreement(told["agreement"])
            inside = told["inside"]
            told["inside"] = InsideOutside(**{**inside, **{name: tuple(inside[name]) for name in _SIDES}})
            told["ranks"] = np.reshape(told["ranks"], (-1, len(told["tokens"])))
            told["at_odds"] = tuple(told["at_odds"])
            told["scores"] = {key: tuple(map(Score.from_fields, each)) for key, each in told["scores"].items()}
            return cls(**told)
        except (KeyError, TypeError) as error:
            raise ValueError("This is not a whole comparison.") from error

    def to_html(self) -> str:
        """One self-contained page: no script, no request, light and dark."""
        from tokimp.views.compare.page import methods_page

        return methods_page(self)

    def to_csv(self) -> str:
        """One row for each token of each method."""
        from tokimp.views.compare.sheet import methods_csv

        return methods_csv(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes .html, .csv or .json."""
        from tokimp.views.compare.page import save

        save(self, path)

    def _repr_html_(self) -> str:
        from tokimp.views.compare.page import methods_fragment

        return methods_fragment(self)


_SIDES = ("internal", "external")
_MATRICES = ("spearman", "kendall", "overlap")


def frozen(values: npt.ArrayLike) -> Floats:
    """A copy that nobody changes."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def places_of(values: npt.ArrayLike) -> Places:
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def written(told: Mapping[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, ensure_ascii=False, allow_nan=False)


def read(text: str, kind: str) -> dict[str, Any]:
    """The fields of what `to_json` wrote.

    Raises:
        ValueError: it is of another kind or format.
    """
    told = json.loads(text)
    if not isinstance(told, dict) or (told.pop("format", None), told.pop("kind", None)) != (FORMAT, kind):
        raise ValueError(f"This is not a {kind} of format {FORMAT}.")
    return told


def _plain(agreement: Agreement) -> dict[str, Any]:
    told = {name: getattr(agreement, name) for name in ("names", "signed", "top_k", "count")}
    return told | {name: _nulls(getattr(agreement, name)) for name in _MATRICES}


def _agreement(told: Mapping[str, Any]) -> Agreement:
    square = (len(told["names"]), len(told["names"]))
    matrices = {name: np.reshape(np.array(told[name], dtype=np.float64), square) for name in _MATRICES}
    lists = {name: tuple(told[name]) for name in ("names", "signed")}
    return Agreement(**{**told, **lists, **matrices})


def _nulls(matrix: Floats) -> list[list[float | None]]:
    """Rows for JSON, which knows no NaN."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in matrix]
