"""Which characters of a text belong to a token, from nothing but what ids decode to."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Sequence
from difflib import SequenceMatcher

Span = tuple[int, int]


def spans_of_decoded(
    decode: Callable[[Sequence[int]], str], ids: Sequence[int], special: Collection[int]
) -> tuple[str, list[Span]]:
    """What the ids decode to, and the part of it that each is; special ones are no part.

    Pieces of one character share it.
    """
    plain = [id_ for id_ in ids if id_ not in special]
    ends = [0] + [len(decode(plain[:count]).rstrip("\ufffd")) for count in range(1, len(plain) + 1)]
    decoded = decode(plain) if plain else ""
    ends[-1] = max(ends[-1], len(decoded))  # what cannot be decoded belongs to the last one
    spans, count = [], 0
    for id_ in ids:
        if id_ in special:
            spans.append((ends[count], ends[count]))
            continue
        count += 1
        start, end = ends[count - 1], max(ends[count - 1 : count + 1])
        if start == end:  # a piece of a character that a later one completes
            end = next((later for later in ends[count:] if later > start), start)
            end = min(end, start + 1)
        spans.append((start, end))
    return decoded, spans


def aligned(text: str, decoded: str, spans: Sequence[Span]) -> list[Span]:
    """The same ranges in the text as it was typed: letters that differ in form, case or white space still match."""
    if text == decoded:
        return list(spans)
    place = _places(text, decoded)
    return [
        (place[start], max(place[start], place[end - 1] + 1)) if start < end else (place[start],) * 2
        for start, end in spans
    ]


def _places(text: str, decoded: str) -> list[int]:
    """For each decoded character, and the end, its place in the text."""
    matcher = SequenceMatcher(None, _plain(text), _plain(decoded), autojunk=False)
    place = [-1] * len(decoded) + [len(text)]
    for start, other, length in matcher.get_matching_blocks():
        place[other : other + length] = range(start, start + length)
    known = 0
    for at in range(len(decoded)):
        known = place[at] if place[at] >= 0 else min(known, len(text))
        place[at] = known
    place[len(decoded)] = len(text)
    return place


def _plain(text: str) -> list[str]:
    """Its characters without case, form and kind of white space, as many as there are."""
    return [" " if sign.isspace() else unicodedata.normalize("NFKC", sign).casefold() for sign in text]
