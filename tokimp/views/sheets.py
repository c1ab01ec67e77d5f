"""Style sheets as they travel inside a page: without what it does not use."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Set


def lean(style: str) -> str:
    """The sheet without comments and white space, colours in three digits where they can be."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"\s*([{};,])\s*|(?<=:) ", r"\1", re.sub(r"\s+", " ", style)).replace(" > ", ">").replace(";}", "}")
    return re.sub(r"#(\w)\1(\w)\2(\w)\3\b", r"#\1\2\3", style).strip()


def used(style: str, markup: str) -> str:
    """The lean sheet with only the rules whose classes and attributes all stand in the markup."""
    names = {f".{name}" for listed in re.findall(r' class="([^"]*)"', markup) for name in listed.split()}
    names |= {f"[{name}" for name in re.findall(r" ([\w-]+)=\"", markup)}
    return "".join(_used(lean(style), names))


def digest(style: str) -> str:
    """What a Content-Security-Policy calls this sheet: it lets in no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _used(style: str, names: Set[str]) -> Iterator[str]:
    for head, body in _rules(style):
        if head.startswith("@"):
            inner = "".join(_used(body, names))
            if inner:
                yield f"{head}{{{inner}}}"
            continue
        kept = [selector for selector in re.split(r",(?![^()]*\))", head) if _needs(selector) <= names]
        if kept:
            yield f"{','.join(kept)}{{{body}}}"


def _needs(selector: str) -> set[str]:
    """Classes and attributes that an element and those around it must have; alternatives in parentheses don't count."""
    return set(re.findall(r"[.\[][a-z][\w-]*", re.sub(r"\([^()]*\)", "", selector)))


def _rules(style: str) -> Iterator[tuple[str, str]]:
    """Selectors with their declarations; of a block such as @media, its condition with its rules."""
    depth, start, opened = 0, 0, 0
    for place, character in enumerate(style):
        if character == "{":
            opened = opened if depth else place
            depth += 1
        elif character == "}":
            depth -= 1
            if not depth:
                yield style[start:opened], style[opened + 1 : place]
                start = place + 1
