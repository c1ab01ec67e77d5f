"""Explanations of made-up scores over texts that try to break a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tokimp.types import Attribution, Explanation, Request, Target, Token

HOSTILE = (
    'He said <script>alert(1)</script> & ${7*7} {{x}} `tick` \\n \\u0041 "quo\'te"\n\n\tשלום עולם مرحبا'
    " 日本語 👩‍👩‍👧 x  y\x00z\x1b \u202eevil\u202c end"
)
_PIECES = re.compile(r" ?[^\W\d]{1,7}|\s|.", re.DOTALL)


def tokens_of(text: str) -> tuple[Token, ...]:
    """Tokens as a byte-level tokenizer makes them: emoji are split over three, the text on the first."""
    tokens: list[Token] = []
    for match in _PIECES.finditer(text):
        start, end = match.span()
        tokens.append(Token(match.group(), ord(text[start]), start, end))
        if ord(text[start]) > 0xFFFF:
            tokens += [Token("", 200 + piece, start, end) for piece in range(2)]
    return tuple(tokens)


def with_specials(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return (Token("[CLS]", 101, 0, 0, True), *tokens, Token("[SEP]", 102, 0, 0, True))


def explain(
    text: str,
    tokens: Sequence[Token] | None = None,
    scores: Sequence[float] | None = None,
    *,
    target: dict[str, Any] | None = None,
    output: float = 17.25,
    **attribution: Any,
) -> Explanation:
    """An explanation of " girl"; without scores, seeded ones of every size and both signs."""
    tokens = tokens_of(text) if tokens is None else tuple(tokens)
    if scores is None:
        random = np.random.default_rng(0)
        scores = random.normal(size=len(tokens)) * random.gamma(0.5, size=len(tokens))
    return Explanation(
        request=Request("smollm2-135m", "main", "next-token", text, "integrated_gradients"),
        tokens=tuple(tokens),
        target=Target(3, " girl", max(len(tokens) - 1, 0), **(target or {})),
        attribution=Attribution(np.array(scores, dtype=float), **attribution),
        output=output,
        probability=0.47,
        seconds=1.234,
        evaluations=410,
        versions={"tokimp": "0"},
    )


def hostile(**settings: Any) -> Explanation:
    return explain(HOSTILE, with_specials(tokens_of(HOSTILE)), **settings)
