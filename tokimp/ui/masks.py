"""Masking a word by a click, and taking the mask back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tokimp.models.tokens import MASK_SPELLINGS
from tokimp.types import Token
from tokimp.ui.components import Payload
from tokimp.views.characters import drawable
from tokimp.views.text import plain_payload

MASK = "[MASK]"
WORDS = re.compile(rf"{MASK_SPELLINGS.pattern}|[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_+")


@dataclass(frozen=True)
class Masked:
    """A text with masks that were clicked, and the words under them; forgotten once the text is edited."""

    text: str
    words: tuple[str, ...]


def clickable(text: str) -> Payload | None:
    """The text's words as a line to click on; None where there are none."""
    tokens = [
        Token(match.group(), place, match.start(), match.end(), special=_is_mask(match.group()))
        for place, match in enumerate(WORDS.finditer(text))
    ]
    return plain_payload(tokens, text, "masks it or takes the mask back") if tokens else None


def stands(text: str, place: int, word: object) -> bool:
    """Whether the word number `place` of the text is that one, as it is drawn."""
    found = list(WORDS.finditer(text))
    return 0 <= place < len(found) and drawable(found[place].group()) == word


def toggled(text: str, place: int, before: Masked | None) -> tuple[str, int, Masked]:
    """The text with its word number `place` masked, or the mask there taken back where its word is known.

    Returns:
        the text, the number of the mask to ask for, and what to remember.
    """
    found = list(WORDS.finditer(text))
    if not 0 <= place < len(found):
        return text, 0, Masked(text, ())
    word = found[place]
    masks_before = sum(_is_mask(match.group()) for match in found[:place])
    count = sum(_is_mask(match.group()) for match in found)
    known = list(before.words) if before is not None and before.text == text else [MASK] * count
    if _is_mask(word.group()):
        new = known.pop(masks_before)
        number = max(0, masks_before - 1)
    else:
        new = MASK
        known.insert(masks_before, word.group())
        number = masks_before
    changed = text[: word.start()] + new + text[word.end() :]
    if new == word.group():
        known.insert(masks_before, new)
    return changed, number, Masked(changed, tuple(known))


def _is_mask(word: str) -> bool:
    return bool(MASK_SPELLINGS.fullmatch(word))
