"""What can be chosen in an explained answer: all of it together, then each of its tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tokimp.generation import GenerationExplanation
from tokimp.types import Explanation, Floats
from tokimp.views.characters import quoted
from tokimp.views.color import buckets, full_scale
from tokimp.views.numbers import percent, show
from tokimp.views.uncertainty import may_be_nothing

UNSURE = 0.5
"""Answer tokens below this probability are marked, those below `VERY_UNSURE` more strongly."""

VERY_UNSURE = 0.1
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Stop:
    """Scores of the first len(scores) tokens. `place` is the token that is explained, -1 for all of them together.

    `numbers` are what a reader sees of the scores; of those in `maybe` nobody can say that they are not 0.
    """

    place: int
    head: str
    scores: Floats
    numbers: tuple[str, ...]
    maybe: frozenset[int]
    top: float

    def shades(self, scale: float) -> list[int]:
        """From −10 to 10, where `scale` is the |score| of the full colour."""
        return [int(bucket) for bucket in buckets(self.scores, scale)]


def stops(explained: GenerationExplanation) -> list[Stop]:
    """The total, or the sum of what is there while more is coming, and then a stop a row; nothing without rows."""
    if not explained.rows:
        return []
    first = explained.start + explained.span.first
    rows = [_of_row(explained, first + place, row) for place, row in enumerate(explained.rows)]
    return [_together(explained), *rows]


def shared_scale(found: list[Stop]) -> float:
    """The full colour of all tokens of the answer; the total has its own."""
    return max((stop.top for stop in found[1:]), default=0.0)


def signed(explained: GenerationExplanation) -> bool:
    return all(row.attribution.signed for row in explained.rows)


def probability(log_prob: float) -> float:
    return math.exp(min(log_prob, 0.0))


def unsure_sentence(explained: GenerationExplanation) -> str:
    """The answer's tokens that the model was least sure of; "" where it was sure of all."""
    found = sorted((value, place) for place, value in enumerate(explained.log_probs) if probability(value) < UNSURE)
    named = [f"{quoted(explained.answer[place].text)} {percent(probability(value))}" for value, place in found[:_NAMED]]
    return f"Least sure of {', '.join(named)}." if named else ""


def _of_row(explained: GenerationExplanation, place: int, row: Explanation) -> Stop:
    number = place - explained.start + 1
    sure = percent(probability(explained.log_probs[number - 1]))
    head = f"Token {number} of {len(explained.log_probs)}: {quoted(explained.tokens[place].text)}, {sure}"
    return _stop(explained, place, head, row)


def _together(explained: GenerationExplanation) -> Stop:
    count, whole = len(explained.rows), explained.span.end - explained.span.first
    if explained.total is not None:
        return _stop(explained, -1, _total(explained, whole), explained.total)
    seen = explained.start + explained.span.first
    scores = explained.matrix[:, :seen].sum(axis=0)
    numbers = tuple(show(float(score)) for score in scores)
    return Stop(-1, f"Total so far: {count} of {whole} tokens", scores, numbers, frozenset(), _full(explained, scores))


def _total(explained: GenerationExplanation, whole: int) -> str:
    if whole == 1:
        return "Total of one token"
    if whole < len(explained.log_probs):
        return f"Total of tokens {explained.span.first + 1} to {explained.span.end}"
    return f"Total of all {whole} tokens"


def _stop(explained: GenerationExplanation, place: int, head: str, row: Explanation) -> Stop:
    errors = [None] * len(row.scores) if row.stderr is None else [float(error) for error in row.stderr]
    pairs = [(float(score), error) for score, error in zip(row.scores, errors, strict=True)]
    maybe = frozenset(at for at, pair in enumerate(pairs) if may_be_nothing(row, *pair))
    numbers = tuple(show(score, error) for score, error in pairs)
    return Stop(place, head, row.scores, numbers, maybe, _full(explained, row.scores))


def _full(explained: GenerationExplanation, scores: Floats) -> float:
    """Special tokens, on which some methods put nearly all, would leave no colour to the others."""
    own = np.array([not token.special for token in explained.tokens[: len(scores)]], dtype=bool)
    return full_scale(scores[own]) or full_scale(scores)
