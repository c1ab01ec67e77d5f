"""Characters that would not show, or would do harm, made visible."""

from __future__ import annotations

import html
import re
import unicodedata

from tokimp.errors import OptionError

_WHITESPACE_MARKS = {"\n": "⏎", "\r": "␍", "\t": "⇥"}
_WHITESPACE_NAMES = {"\n": "line break", "\r": "carriage return", "\t": "tab", " ": "space"}
_REPLACEMENT = "\ufffd"
_FIRST_PICTURE = 0x2400


def drawable(text: str) -> str:
    """The text with controls as their Unicode pictures (␀) and what no page can hold as �."""
    if text.isprintable():
        return text
    return "".join(map(_drawable, text))


def escaped(text: str) -> str:
    """Text for an HTML page or attribute: shown literally, line ends kept as they are."""
    return html.escape(drawable(text), quote=True).replace("\r", "&#13;")


def marks(text: str) -> str:
    """Visible stand-ins for a text of whitespace only ("⏎", "⇥", "·"); "" for any other text."""
    if not text or not text.isspace():
        return ""
    return "".join(_WHITESPACE_MARKS.get(character, "·") for character in text)


def shown(text: str) -> str:
    """A token on its own: nothing about it stays invisible."""
    if not text:
        return "(part)"
    if all(unicodedata.category(character) == "Cf" for character in text):
        return " ".join(f"U+{ord(character):04X}" for character in text)
    return marks(text) or drawable(text)


def spoken(text: str) -> str:
    """The text as a screen reader should say it, on one line."""
    if not text:
        return "part of a character"
    if text.isspace():
        names = [_WHITESPACE_NAMES.get(character, "space") for character in text]
        return names[0] if len(names) == 1 else f"{len(names)} × {names[0]}"
    return drawable(" ".join(text.split()))


def quoted(label: str) -> str:
    """A word in quotes, so that its spaces show: “ girl”."""
    return f"“{shown(label)}”"


def checked_link(link: str) -> str:
    """The link, if it is one.

    Raises:
        OptionError: it is no http or https address, or has characters that belong into none.
    """
    if not re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~%]+", link):
        raise OptionError("This link is no web address.", "Give one that begins with https:// or http://.")
    return link


def _drawable(character: str) -> str:
    code = ord(character)
    category = unicodedata.category(character)
    if character in "\t\n\r":
        return character
    if code < 0x20:
        return chr(_FIRST_PICTURE + code)
    if code == 0x7F:
        return "␡"
    unusable = category in ("Cc", "Cs") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return _REPLACEMENT if unusable else character
