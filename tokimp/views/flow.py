"""Coloured tokens set into lines of a given width, also from right to left: for drawings without a browser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tokimp.types import Explanation
from tokimp.views.characters import drawable
from tokimp.views.letters import clusters, is_wide
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import TokenItem, token_items

Measure = Callable[[str, float], float]
"""Width of a text at a size."""

SMALL = 0.72
"""Size of the tokenizer's own tokens, of that of the text."""

_PIECE = 0.3
_PADDING = 0.25
_TAB = 4
_MOST_SPACES = 16
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Box:
    """One token, or a part of it, on a line: x from the line's left edge. Without an item it is a gap."""

    text: str
    size: float
    width: float
    item: TokenItem | None = None
    x: float = 0.0
    rtl: bool = False

    @property
    def letters(self) -> float:
        """The width of the text alone: tokens of the tokenizer's own have some room around it."""
        padding = 2 * _PADDING * self.size if self.item and self.item["added"] else 0.0
        return max(self.width - padding, 0.0) if self.text else 0.0


Break = Literal["line"]


def lines_of(explanation: Explanation, measure: Measure, size: float, width: float) -> list[list[Box]]:
    """The text as lines of boxes, from left to right as they stand; an empty line is an empty list.

    Lines break where a text may break; what is wider than a line is cut. Paragraphs that begin with
    a letter of a script from right to left stand on the right. Of several empty lines one is kept.
    """
    lines: list[list[Box]] = []
    for paragraph in _paragraphs(explanation, measure, size):
        if not paragraph and not (lines and lines[-1]):
            continue
        base = _base(paragraph)
        lines += [_placed(line, base, width) for line in _wrapped(paragraph, measure, width)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _paragraphs(explanation: Explanation, measure: Measure, size: float) -> Iterator[list[Box]]:
    paragraph: list[Box] = []
    for part in _parts(explanation, measure, size):
        if part == "line":
            yield paragraph
            paragraph = []
        elif isinstance(part, Box):
            if paragraph and _joins(paragraph[-1].text, part.text):
                paragraph[-1] = replace(paragraph[-1], text=paragraph[-1].text + _JOINER)
                part = replace(part, text=_JOINER + part.text)
            paragraph.append(part)
    yield paragraph


def _parts(explanation: Explanation, measure: Measure, size: float) -> Iterator[Box | Break]:
    for item in token_items(explanation):
        yield from _plain(item["gap"], measure, size)
        text = item["text"]
        if item["added"]:
            own = size * SMALL
            if text:
                yield Box(text, own, measure(text, own) + 2 * _PADDING * own, item)
        elif not text:
            yield Box("", size, _PIECE * size, item)
        elif item["mark"] and item["bucket"] != "tk0":
            yield Box(item["mark"], size, measure(item["mark"], size), item)
            yield from _breaks(text)
        else:
            yield from _plain(text, measure, size, item)
    tail = typed_pieces(explanation.tokens, explanation.request.text)[1]
    yield from _plain(drawable(tail), measure, size)


def _plain(text: str, measure: Measure, size: float, item: TokenItem | None = None) -> Iterator[Box | Break]:
    """Words and spaces of a text; spaces at its ends get no colour, so that words stand out.

    What takes no room, such as marks on a letter of another token, is a narrow bar.
    """
    for part in re.findall(r"\r\n|\n|\r|[^\S\r\n]+|\S(?:[^\r\n]*\S)?", text):
        if part in ("\r\n", "\n", "\r"):
            yield "line"
        elif part.isspace():
            count = sum(_TAB if character == "\t" else 1 for character in part)
            yield Box("", size, measure(" ", size) * min(count, _MOST_SPACES))
        else:
            width = measure(part, size)
            yield Box(part, size, width, item) if width > _PIECE * size / 2 else Box("", size, _PIECE * size, item)


def _breaks(text: str) -> Iterator[Break]:
    for character in text.replace("\r\n", "\n"):
        if character in "\r\n":
            yield "line"


def _wrapped(paragraph: list[Box], measure: Measure, width: float) -> Iterator[list[Box]]:
    """Lines no wider than `width`. The spaces at which a line breaks are dropped."""
    line: list[Box] = []
    filled = 0.0
    for word in _words(paragraph):
        wide = sum(box.width for box in word)
        if filled + wide > width and line:
            if _is_gap(word[0]):
                continue
            yield _without_end(line)
            line, filled = [], 0.0
        pieces = word if wide <= width else [part for box in word for part in _cut(box, measure, width)]
        for box in pieces:
            if filled + box.width > width and line:
                yield line
                line, filled = [], 0.0
            line.append(box)
            filled += box.width
    yield _without_end(line)


def _words(paragraph: list[Box]) -> Iterator[list[Box]]:
    """Boxes that stay together on a line if they can."""
    word: list[Box] = []
    for box in paragraph:
        if word and _may_break(word[-1], box):
            yield word
            word = []
        word.append(box)
    if word:
        yield word


def _may_break(before: Box, box: Box) -> bool:
    if _is_gap(before) or _is_gap(box) or (box.item and box.item["added"]) or (before.item and before.item["added"]):
        return True
    wide = bool(before.text and box.text) and (is_wide(before.text[-1]) or is_wide(box.text[0]))
    return wide and not unicodedata.category(box.text[0]).startswith("P")


def _cut(box: Box, measure: Measure, width: float) -> Iterator[Box]:
    """The box in pieces that each fit into a line."""
    padding = box.width - box.letters if box.text else 0.0
    rest = ""
    for cluster in clusters(box.text) if box.width > width else ():
        if rest and measure(rest + cluster, box.size) + padding > width:
            yield replace(box, text=rest, width=measure(rest, box.size) + padding)
            rest = ""
        rest += cluster
    text = rest or box.text
    yield replace(box, text=text, width=min(measure(text, box.size) + padding, width) if text else box.width)


def _placed(line: list[Box], base: int, width: float) -> list[Box]:
    """Boxes in the order in which they stand, gaps left out."""
    x = max(width - sum(box.width for box in line), 0.0) if base else 0.0
    placed = []
    for place, level in _visual(_levels(line, base)):
        if not _is_gap(line[place]):
            placed.append(replace(line[place], x=x, rtl=bool(level % 2)))
        x += line[place].width
    return placed


def _base(paragraph: list[Box]) -> int:
    """1 where the first letter that has a direction runs from right to left, else 0."""
    strong = (_direction(box.text) for box in paragraph if not (box.item and box.item["added"]))
    return int(next((each for each in strong if each in "LR"), "L") == "R")


def _levels(line: list[Box], base: int) -> list[int]:
    """Levels of the Unicode bidirectional algorithm (UAX 9), with whole boxes as its characters."""
    kinds = [_direction(box.text) for box in line]
    strong = "R" if base else "L"
    sides = []
    for kind in kinds:
        strong = kind if kind in "LR" else strong
        sides.append("R" if kind == "D" and strong == "R" else "L" if kind == "D" else kind)
    levels = []
    for place, side in enumerate(sides):
        if side == "N":
            before = next((each for each in reversed(sides[:place]) if each != "N"), "R" if base else "L")
            after = next((each for each in sides[place:] if each != "N"), "R" if base else "L")
            side = before if before == after else "R" if base else "L"
        runs_left = side == "R" and kinds[place] != "D"
        levels.append(1 if runs_left else 2 if side == "R" or base else 0)
    return levels


def _visual(levels: list[int]) -> list[tuple[int, int]]:
    """Positions with their levels, from left to right (UAX 9, rule L2)."""
    order = list(enumerate(levels))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and order[end][1] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end + 1
    return order


def _direction(text: str) -> str:
    """ "R" or "L" by the first letter that has one, "D" for digits, "N" for neither."""
    found = "N"
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "L" if kind == "L" else "R"
        if kind in ("EN", "AN"):
            found = "D"
    return found


def _joins(before: str, text: str) -> bool:
    """Whether letters of two boxes are written joined, as in Arabic: each is then drawn as if the other stood there."""
    pair = (before[-1:], text[:1])
    return all(each and unicodedata.bidirectional(each) == "AL" and each.isalpha() for each in pair)


def _is_gap(box: Box) -> bool:
    return box.item is None and not box.text


def _without_end(line: list[Box]) -> list[Box]:
    while line and _is_gap(line[-1]):
        line = line[:-1]
    return line
