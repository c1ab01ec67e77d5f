"""Which typed characters each token shows, and which tokens make up a word."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tokimp.types import Token

_INNER = "'’-"
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_SCRIPTS_WITHOUT_SPACES = ("CJK ", "HIRAGANA ", "KATAKANA ")


@dataclass(frozen=True, slots=True)
class Piece:
    """gap: typed characters before it that belong to no token; shares: its character began earlier.

    `text` is "" on the later pieces of a character. `added` tokens are the tokenizer's own: gaps
    and texts of the others, and the tail, are the typed text with what was generated after it.
    """

    gap: str
    text: str
    added: bool
    shares: bool


def typed_pieces(tokens: Sequence[Token], text: str) -> tuple[list[Piece], str]:
    """A piece for each token, and the tail that no token covers."""
    pieces = []
    cursor = 0
    for token in tokens:
        if token.segment == "generated":
            pieces.append(Piece(text[cursor:], token.text, False, False))
            cursor = len(text)
            continue
        if token.start >= token.end:
            pieces.append(Piece("", token.text if token.special else "", token.special, False))
            continue
        gap = text[cursor : token.start]
        shown = text[max(cursor, token.start) : token.end]
        pieces.append(Piece(gap, shown, False, token.start < cursor))
        cursor = max(cursor, token.end)
    return pieces, text[cursor:]


def word_groups(tokens: Sequence[Token], pieces: Sequence[Piece]) -> list[list[int]]:
    """Token positions, one list a word as typed; punctuation, spaces and special tokens stand alone."""
    groups: list[list[int]] = []
    words = _word_of_each_character("".join(piece.gap + piece.text for piece in pieces))
    cursor = 0
    last_word = None
    for position, (token, piece) in enumerate(zip(tokens, pieces, strict=True)):
        start = cursor + len(piece.gap)
        cursor = start + len(piece.text)
        own = [word for word in words[start:cursor] if word is not None]
        joined = piece.shares or (own and own[0] == last_word and not token.special)
        if joined and groups:
            groups[-1].append(position)
        else:
            groups.append([position])
        if token.special:
            last_word = None
        elif own:
            last_word = own[-1]
        elif piece.text:
            last_word = None
    return groups


def _word_of_each_character(text: str) -> list[int | None]:
    """The number of the word that each character belongs to; None for whitespace."""
    words: list[int | None] = []
    current = 0
    for index, character in enumerate(text):
        if not _continues(text, index):
            current += 1
        words.append(None if character.isspace() else current)
    return words


def _continues(text: str, index: int) -> bool:
    if index == 0 or text[index - 1].isspace() or text[index].isspace():
        return False
    before, here = text[index - 1], text[index]
    if unicodedata.category(here).startswith("M") or _JOINER in (before, here) or ord(here) in _SKIN_TONES:
        return True
    if _is_letter(here) and _is_letter(before):
        return True
    if here in _INNER:
        return _is_letter(before) and index + 1 < len(text) and _is_letter(text[index + 1])
    return before in _INNER and _is_letter(here) and index > 1 and _is_letter(text[index - 2])


def _is_letter(character: str) -> bool:
    """Part of a word that spaces set off; not so in scripts that are written without spaces."""
    if character == "_":
        return True
    if unicodedata.category(character)[0] not in "LMN":
        return False
    return not unicodedata.name(character, "").startswith(_SCRIPTS_WITHOUT_SPACES)
