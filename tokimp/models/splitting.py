"""Texts cut into pieces without anybody's tokenizer, and put together again when some are gone or others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Span = tuple[int, int]

OPENING = frozenset("([{<«“‘¿¡#$€£@")
CLOSING = frozenset(".,;:!?)]}>»”’%…'\"")
INNER = frozenset("'’-")  # within a word: don't, well-made
JOINERS = frozenset("\u200c\u200d")
# Written without spaces: Thai to Lao, Burmese, Khmer, then what Chinese and Japanese are written with.
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3000, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)


class Piece(NamedTuple):
    """A part of a text with the white space before it.

    gap: that white space; None for as much as is usual behind whatever comes to stand before the piece.
    inside: it goes on with the word before it.
    """

    gap: str | None
    text: str
    inside: bool = False


def words(text: str) -> list[Span]:
    """Where words, marks of punctuation and signs are; white space belongs to none.

    A script without spaces is cut at every character, an emoji of several is one.
    """
    found, at = [], 0
    while at < len(text):
        end = at + 1 if text[at].isspace() else _end(text, at)
        if not text[at].isspace():
            found.append((at, end))
        at = end
    return found


def whole(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans of somebody else's tokens, in order, without white space at their ends and without overlap.

    Tokens that share characters become one, and what no token has goes with the one before it.
    """
    found: list[list[int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        elif text[start:end].strip():
            found.append([start, end])
    if not found:
        return words(text)
    found[0][0] = 0
    for this, following in pairwise(found):
        this[1] = following[0]
    found[-1][1] = len(text)
    trimmed = [(end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())) for start, end in found]
    return [(start, end) for start, end in trimmed if start < end]


def pieces(text: str, spans: Sequence[Span]) -> list[tuple[Piece, Span]]:
    """The pieces at these spans, each with its characters: together they are the text.

    White space belongs to what it precedes, at the end to what it follows.
    """
    found = []
    before = 0
    for place, (start, end) in enumerate(spans):
        first, last = place == 0, place == len(spans) - 1
        end = len(text) if last else end
        gap, own = ("", text[before:end]) if first else (text[before:start], text[start:end])
        inside = not gap and not first and _same_word(text[start - 1], own)
        usual = "" if first else usual_gap(text[:start].rstrip(), own)
        found.append((Piece(None if gap == usual and not inside else gap, own, inside), (before, end)))
        before = end
    return found


def joined(parts: Iterable[Piece]) -> str:
    """The text of pieces in a row, of which others may have stood between."""
    text = ""
    for gap, own, inside in parts:
        if not text:
            text = own
            continue
        if gap is None:
            gap = "" if text[-1].isspace() else usual_gap(text, own)
        elif not gap and not inside and _same_word(text[-1], own):
            gap = " "  # what stood between two words is gone
        text += gap + own
    return text


def usual_gap(before: str, text: str) -> str:
    """The white space that is written between two pieces."""
    if not before or not text or before[-1] in OPENING or text[0] in CLOSING:
        return ""
    return "" if _unspaced(before[-1]) or _unspaced(text[0]) else " "


def _end(text: str, at: int) -> int:
    """Where the word or sign that begins at `at` ends."""
    sign, end = text[at], at + 1
    if _letter(sign):
        while end < len(text) and (
            _letter(text[end])
            or _attached(text[end])
            or (text[end] in INNER and end + 1 < len(text) and _letter(text[end + 1]))
        ):
            end += 1
        return end
    repeats = not _unspaced(sign) and unicodedata.category(sign).startswith("P")
    while end < len(text):
        if (
            _attached(text[end])
            or (repeats and text[end] == sign)
            or (text[end - 1] in JOINERS and not text[end].isspace())
            or _flag(text[at : end + 1])
        ):
            end += 1
        else:
            break
    return end


def _same_word(before: str, text: str) -> bool:
    return bool(text) and (_letter(before) or _attached(before)) and (_letter(text[0]) or _attached(text[0]))


def _letter(sign: str) -> bool:
    return (sign.isalnum() or sign == "_") and not _unspaced(sign)


def _attached(sign: str) -> bool:
    """Accents, vowel signs, joiners and skin tones, which belong to what they follow."""
    return sign in JOINERS or unicodedata.category(sign).startswith("M") or "\U0001f3fb" <= sign <= "\U0001f3ff"


def _flag(signs: str) -> bool:
    return len(signs) == 2 and all("\U0001f1e6" <= sign <= "\U0001f1ff" for sign in signs)


def _unspaced(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in UNSPACED)
