"""What of an explanation can be looked into, and what one that looks into something is a part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tokimp.models.tokens import KEPT, Encoded, with_roles
from tokimp.types import Explanation, Request, Role, Token
from tokimp.ui.long_texts import LONG_TEXT, has_players
from tokimp.units import place, units_of, whole_text, zoom

SINGULAR = {"sentences": "sentence", "paragraphs": "paragraph", "words": "word"}


def kind_of(explanation: Explanation) -> str:
    """What can be looked into: what the players were, of several tokens and not alone; "" where it means nothing.

    Where tokens played, it means something once their scores are sampled ones of a long text: with fewer
    players they become more exact. What is looked into already is not looked into further.
    """
    request = explanation.request
    kind = str(request.options.get("players", "tokens"))
    if not has_players(request.method) or any(True for _ in _readings(explanation)):
        return ""
    if kind == "tokens":
        if explanation.stderr is None or len(explanation.tokens) <= LONG_TEXT:
            return ""
        kind = "sentences"
    sizes = np.unique(_units(explanation, kind)[_free(explanation)], return_counts=True)[1]
    return kind if len(sizes) > 1 and sizes.max() > 1 else ""


def into(explanation: Explanation, token: object) -> Request | None:
    """The question that looks into the unit around the token; None where there is nothing to look into."""
    kind, free = kind_of(explanation), _free(explanation)
    if not kind or not isinstance(token, int) or not 0 <= token < len(free) or not free[token]:
        return None
    units = _units(explanation, kind)
    if np.count_nonzero(units[free] == units[token]) < 2:
        return None
    return zoom(explanation, token, kind)


def excerpt(explanation: Explanation, request: Request) -> str:
    """The text that the question of `into` leaves free."""
    text = _text(explanation)
    start, end = _left(request.roles[len(explanation.request.roles) :], len(text)) or (0, 0)
    return text[start:end]


def looked_into(explanation: Explanation) -> str:
    """The unit in one word, where all but one of the text is pinned: "sentence"; else ""."""
    return next((SINGULAR[kind] for kind, _ in _readings(explanation)), "")


def wholes(explanation: Explanation) -> list[Request]:
    """The questions about the whole text that this one may have come from, the likeliest first; none if from none."""
    found = []
    for kind, plain in _readings(explanation):
        if not has_players(plain.method):
            found.append(plain)
            continue
        found.append(replace(plain, options={**plain.options, "players": kind}))
        if kind == "sentences":
            found.append(plain)
    return found


def first_free(explanation: Explanation) -> int:
    """The first token that can be taken away."""
    return int(np.argmax(_free(explanation)))


def _readings(explanation: Explanation) -> Iterator[tuple[str, Request]]:
    """Of which unit all others are pinned, and the same question without: only what `zoom` itself would ask."""
    request, text = explanation.request, _text(explanation)
    for count in (2, 1):
        left = _left(request.roles[-count:], len(text)) if len(request.roles) >= count else None
        if left is None:
            continue
        plain = replace(request, roles=request.roles[:-count])
        tokens = _spoken(explanation.tokens, text, plain.roles)
        typed = [i for i, each in enumerate(tokens) if not each.special and each.end > each.start]
        inside = [i for i in typed if left[0] <= place(text, tokens[i]) < left[1]]
        earlier = replace(explanation, request=plain, tokens=tokens)
        for kind in SINGULAR if inside else ():
            if zoom(earlier, inside[0], kind).roles == request.roles:
                yield kind, plain


def _left(pinned: Sequence[Role], length: int) -> tuple[int, int] | None:
    """The characters between what is pinned at the start and what is pinned at the end."""
    start, end = 0, length
    for first, last, segment in pinned:
        if segment != "pinned" or (first > 0 and last < length):
            return None
        start, end = (last, end) if first == 0 else (start, first)
    return (start, end) if pinned and start < end else None


def _spoken(tokens: Sequence[Token], text: str, roles: Sequence[Role]) -> tuple[Token, ...]:
    """The tokens with only these roles."""
    plain = tuple(each if each.segment == "generated" else replace(each, segment="input") for each in tokens)
    nothing = np.zeros(len(plain), dtype=bool)
    return with_roles(Encoded(text, np.zeros(len(plain), dtype=np.int64), plain, nothing), roles).tokens


def _text(explanation: Explanation) -> str:
    return whole_text(explanation.request.text, explanation.tokens)


def _units(explanation: Explanation, kind: str) -> npt.NDArray[np.int64]:
    return units_of(_text(explanation), explanation.tokens, kind)


def _free(explanation: Explanation) -> npt.NDArray[np.bool_]:
    free = [not each.special and each.end > each.start and each.segment not in KEPT for each in explanation.tokens]
    return np.array(free, dtype=bool)
