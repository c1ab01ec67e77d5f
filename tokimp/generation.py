"""A whole answer explained: one explanation a token of it, and their sum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from tokimp.types import Explanation, Floats, Request, Token

FORMAT = 1


class Span(NamedTuple):
    """Answer tokens from `first` up to but without `end`, counted from the answer's first."""

    first: int
    end: int


@dataclass(frozen=True)
class GenerationExplanation:
    """What each token of an answer was made of: the prompt's tokens and what was written before it.

    request: that of the whole (`view` is "generation", `generated` the whole answer); tokens: the input's
    and then the answer's; rows: one explanation for each token of `span`, in order, fewer while more are
    coming; log_probs (generated,): of every answer token, where it stands; total: the sum of the rows over
    the tokens before the span, explained as the sum of their log-probabilities (None before the last row).
    """

    request: Request
    tokens: tuple[Token, ...]
    span: Span
    rows: tuple[Explanation, ...]
    log_probs: tuple[float, ...]
    total: Explanation | None = None
    notes: tuple[str, ...] = ()
    evaluations: int = 0
    seconds: float = 0.0

    @property
    def start(self) -> int:
        """The place of the answer's first token among `tokens`."""
        return len(self.tokens) - len(self.log_probs)

    @property
    def answer(self) -> tuple[Token, ...]:
        return self.tokens[self.start :]

    @property
    def finished(self) -> bool:
        return self.total is not None

    @cached_property
    def matrix(self) -> Floats:
        """Scores (generated, token), a row for each one of `rows`; 0 for what comes behind the row's token."""
        matrix = np.zeros((len(self.rows), len(self.tokens)))
        for scores, row in zip(matrix, self.rows, strict=True):
            scores[: len(row.scores)] = row.scores
        matrix.flags.writeable = False
        return matrix

    def link(self, base_url: str) -> str:
        """The page at `base_url`, asked for this again: the same answer, whatever would be written now."""
        return self.request.link(base_url)

    def to_json(self) -> str:
        """Canonical JSON; every row and the total are whole explanations in it."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["request"] = asdict(self.request)
        fields["tokens"] = [asdict(token) for token in self.tokens]
        fields["rows"] = [json.loads(row.to_json()) for row in self.rows]
        fields["total"] = None if self.total is None else json.loads(self.total.to_json())
        return json.dumps({"format": FORMAT} | fields, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> GenerationExplanation:
        """What `to_json` wrote.

        Raises:
            ValueError: it is no generation's explanation, or of a format that this version does not know.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT or "rows" not in fields:
            raise ValueError(f"This is not the explanation of a generation in format {FORMAT}.")
        try:
            fields["request"] = Request(**fields["request"])
            fields["tokens"] = tuple(Token(**token) for token in fields["tokens"])
            fields["span"] = Span(*fields["span"])
            fields["rows"] = tuple(_explanation(row) for row in fields["rows"])
            fields["total"] = None if fields["total"] is None else _explanation(fields["total"])
            fields["log_probs"], fields["notes"] = tuple(fields["log_probs"]), tuple(fields["notes"])
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ValueError("This is not the whole explanation of a generation.") from error

    def to_html(self) -> str:
        """One self-contained page: no script, no request, light and dark."""
        from tokimp.views.generation.page import generation_page

        return generation_page(self)

    def to_csv(self) -> str:
        """One line a cell of the matrix, guarded for spreadsheets."""
        from tokimp.views.generation.sheet import generation_csv

        return generation_csv(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes .html, .csv or .json."""
        from tokimp.views.generation.sheet import save

        save(self, path)

    def _repr_html_(self) -> str:
        from tokimp.views.generation.page import generation_fragment

        return generation_fragment(self)


def _explanation(fields: Mapping[str, Any]) -> Explanation:
    return Explanation.from_json(json.dumps(fields))
