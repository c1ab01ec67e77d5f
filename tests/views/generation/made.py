"""Explained answers of made-up scores, over texts that try to break a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.views.examples import HOSTILE, tokens_of
from tokimp.generation import GenerationExplanation, Span
from tokimp.types import Attribution, Explanation, Request, Target, Token

PROMPT = "The capital of France is"
ANSWER = (" Paris", ",", " of", "\n", " course")


def answer_tokens(texts: Sequence[str], start: int) -> tuple[Token, ...]:
    ends = np.cumsum([0, *map(len, texts)]) + start
    return tuple(
        Token(text, 900 + place, int(ends[place]), int(ends[place + 1]), segment="generated")
        for place, text in enumerate(texts)
    )


def explained(
    prompt: str = PROMPT,
    answer: Sequence[str] = ANSWER,
    *,
    span: Span | None = None,
    rows: int | None = None,
    signed: bool = True,
    errors: bool = False,
    tokens: Sequence[Token] | None = None,
) -> GenerationExplanation:
    """Seeded scores; the total is the sum of the rows. `rows` is how many have come."""
    random = np.random.default_rng(0)
    before = tokens_of(prompt) if tokens is None else tuple(tokens)
    whole = (*before, *answer_tokens(answer, len(prompt)))
    span = span or Span(0, len(answer))
    request = Request("smollm2-135m", "main", "next-token", prompt, "occlusion", view="generation")
    request = replace(request, generated=tuple(token.id for token in whole[len(before) :]))
    made = []
    for place in range(span.first, span.end):
        count = len(before) + place
        scores = random.normal(size=count)
        scores = scores if signed else np.abs(scores)
        stderr = np.full(count, 0.3) if errors else None
        made.append(_one(request, whole[:count], whole[count], Attribution(scores, stderr=stderr, signed=signed)))
    seen = len(before) + span.first
    total = _one(
        request,
        whole[:seen],
        whole[seen],
        Attribution(np.sum([row.scores[:seen] for row in made], axis=0), signed=signed),
    )
    count = len(made) if rows is None else rows
    log_probs = tuple(float(np.log(value)) for value in np.resize([0.9, 0.3, 0.04], len(answer)))
    return GenerationExplanation(
        request=request,
        tokens=whole,
        span=span,
        rows=tuple(made[:count]),
        log_probs=log_probs,
        total=total if rows is None else None,
        evaluations=410,
        seconds=1.234,
    )


def hostile() -> GenerationExplanation:
    return explained(HOSTILE, ["<script>", "${7*7}", " {{x}}", '"', " שלום", "\x00\u202e", "", "=1+1"])


def _one(request: Request, tokens: Sequence[Token], target: Token, attribution: Attribution) -> Explanation:
    asked = replace(request, view="", generated=request.generated[: len(tokens) - len(request.text)], target=target.id)
    goal = Target(target.id, target.text, len(tokens) - 1, output="log_prob")
    return Explanation(asked, tuple(tokens), goal, attribution, -1.0, 0.3, 0.1, 10, {"tokimp": "0"})
