"""A text coloured by numbers of its tokens that are no explanation: what one query looks at, one layer's scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from tokimp.types import Attribution, Explanation, Request, Target, Token
from tokimp.views.text import legend_html, text_payload, tokens_html


def coloured_payload(
    tokens: Sequence[Token], text: str, scores: npt.ArrayLike, *, signed: bool, scale: float | None = None
) -> dict[str, Any]:
    """What the browser's token view draws. scores (token,); `scale` is the |score| of the full colour."""
    return text_payload(holding(tokens, text, scores, signed), scale)


def coloured_html(
    tokens: Sequence[Token], text: str, scores: npt.ArrayLike, *, signed: bool, scale: float | None = None
) -> str:
    """The same without script, with its legend."""
    held = holding(tokens, text, scores, signed)
    return f'<div class="tk-root">{tokens_html(held, scale)}{legend_html(held, scale)}</div>'


def holding(tokens: Sequence[Token], text: str, scores: npt.ArrayLike, signed: bool) -> Explanation:
    """Text and scores in the form that `views.text` draws, of which it reads no more than these."""
    request, target = Request("", "", "next-token", text, ""), Target(0, "", 0)
    attribution = Attribution(scores, signed=signed)  # type: ignore[arg-type]
    versions: dict[str, str] = {}
    return Explanation(request, tuple(tokens), target, attribution, 0.0, 0.0, 0.0, 0, versions)
