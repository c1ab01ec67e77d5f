"""How wide a text will be where no font is at hand: widths of Helvetica, Arial and Liberation Sans, which agree."""

from __future__ import annotations

import unicodedata

# In thousandths of the size, for the characters from the space to the tilde.
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_SIGNS = {
    "·": 278,
    "“": 333,
    "”": 333,
    "‘": 222,
    "’": 222,
    "—": 1000,
    "…": 1000,
    "−": 584,
    "◄": 990,
    "►": 990,
    "\u202f": 200,
}
_WIDTHS = {chr(32 + place): int(width) / 1000 for place, width in enumerate(_ASCII.split())}
_WIDTHS |= {sign: width / 1000 for sign, width in _SIGNS.items()}
_WIDE = 1.0
_EMOJI = 1.25
_OTHER = 0.55
_ARABIC = 0.42
_NOTHING = ("Mn", "Me", "Cf")
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def estimated_width(text: str, size: float) -> float:
    """The width of the text in the unit of `size`."""
    return size * sum(map(_width, clusters(text)))


def clusters(text: str) -> list[str]:
    """The text in pieces that a line must not tear apart: letters with their marks, emoji with what is joined."""
    found: list[str] = []
    for character in text:
        joins = unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") or ord(character) in _SKIN_TONES
        if found and (joins or found[-1].endswith(_JOINER)):
            found[-1] += character
        else:
            found.append(character)
    return found


def is_wide(character: str) -> bool:
    """Whether lines may break beside it: scripts without spaces, and emoji."""
    return unicodedata.east_asian_width(character) in ("W", "F")


def _width(cluster: str) -> float:
    first = cluster[0]
    if first in _WIDTHS:
        return _WIDTHS[first]
    if unicodedata.category(first) in _NOTHING:
        return max(map(_width, cluster[1:]), default=0.0)
    if is_wide(first):
        return _EMOJI if ord(first) > 0x1F000 and unicodedata.category(first) == "So" else _WIDE
    other = _ARABIC if unicodedata.bidirectional(first) == "AL" else _OTHER
    return _WIDTHS.get(unicodedata.normalize("NFD", first)[0], other)
