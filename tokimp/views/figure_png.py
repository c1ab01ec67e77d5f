"""A drawing of fixed size as a PNG, twice as fine as a screen's pixels."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tokimp.errors import InputError, TokimpError
from tokimp.version import __version__
from tokimp.views.drawing import Node
from tokimp.views.figure import MARGIN, Around, Look
from tokimp.views.png import FINENESS, MOST_PIXELS
from tokimp.views.shades import shades

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_SMOOTH = 2
"""How much finer it is painted than kept: Pillow's lines have steps."""

_BEND = 12
"""Straight pieces of a curve."""

_MIDDLE = 0.35
"""How far below its middle a letter's baseline lies, of its size."""

_NUMBER = re.compile(r"[-+]?(?:\d*\.\d+|\d+\.?)(?:[eE][-+]?\d+)?")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Z": 0}

Point = tuple[float, float]


def figure_png(tree: Node, *, dark: bool = False, transparent: bool = False) -> bytes:
    """The drawing twice as large as it says, with the fonts of this machine.

    Raises:
        TokimpError: Pillow is not installed. InputError: the drawing is too large for a picture.
    """
    try:
        from PIL import Image, ImageDraw, PngImagePlugin
    except ImportError as error:
        raise TokimpError("PNG pictures are drawn by Pillow, which is not installed.", "pip install pillow") from error
    _, attributes, content = tree
    size = [math.ceil(FINENESS * (attributes[side] + 2 * MARGIN)) for side in ("width", "height")]
    if max(size) > MOST_PIXELS:
        raise InputError("This drawing is too large for a picture.", "Save it as .html or .svg.")
    smooth = _SMOOTH if _SMOOTH * max(size) <= MOST_PIXELS else 1
    around = Around(shades(dark)).inside(attributes)
    ground = (0, 0, 0, 0) if transparent else around.colors.paper
    canvas = Image.new("RGBA", (smooth * size[0], smooth * size[1]), ground)
    brush = _Brush(canvas, ImageDraw.Draw(canvas), smooth * FINENESS)
    for child in content:
        brush.paint(child, around)
    told = PngImagePlugin.PngInfo()
    told.add_itxt("Title", str(attributes.get("aria-label", "")))
    told.add_itxt("Software", f"tokimp {__version__}")
    file = io.BytesIO()
    small = canvas.reduce(smooth) if smooth > 1 else canvas
    (small if transparent else small.convert("RGB")).save(file, "PNG", pnginfo=told, optimize=True)
    return file.getvalue()


@dataclass(frozen=True)
class _Brush:
    canvas: Image
    draw: ImageDraw
    scale: float

    def paint(self, tree: Node, around: Around) -> None:
        tag, attributes, content = tree
        if tag == "title":
            return
        if tag in ("g", "svg"):
            for child in content:
                self.paint(child, around.inside(attributes))
            return
        getattr(self, f"_{tag}")(attributes, around.look(tag, attributes), content)

    def _at(self, x: float, y: float) -> Point:
        return self.scale * (x + MARGIN), self.scale * (y + MARGIN)

    def _rect(self, facts: Any, look: Look, _content: object) -> None:
        left, top = self._at(facts.get("x", 0.0), facts.get("y", 0.0))
        width, height = self.scale * facts["width"], self.scale * facts["height"]
        if width <= 0 or height <= 0:
            return
        corners = (left, top, max(left + width - 1, left), max(top + height - 1, top))
        line = max(round(self.scale * look.ink.width), 1) if look.stroke else 0
        radius = self.scale * facts.get("rx", 0.0)
        self.draw.rounded_rectangle(corners, radius, fill=look.fill, outline=look.stroke, width=line)

    def _circle(self, facts: Any, look: Look, _content: object) -> None:
        (x, y), radius = self._at(facts["cx"], facts["cy"]), self.scale * facts["r"]
        line = max(round(self.scale * look.ink.width), 1) if look.stroke else 0
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), look.fill, look.stroke, line)

    def _path(self, facts: Any, look: Look, _content: object) -> None:
        for points in outlines(facts["d"]):
            fine = [self._at(x, y) for x, y in points]
            if look.fill and len(fine) > 2:
                self.draw.polygon(fine, look.fill)
            if look.stroke and len(fine) > 1:
                width = max(round(self.scale * look.ink.width), 1)
                lines = _dashes(fine, self.scale, look.ink.dash) if look.ink.dash else [fine]
                for line in lines:
                    self.draw.line(line, look.stroke, width, joint="curve")

    def _text(self, facts: Any, look: Look, content: str) -> None:
        from PIL import Image

        from tokimp.views.fonts import draw_text, width_of

        if not content.strip():
            return
        size = self.scale * look.ink.size
        width = width_of(content, size)
        shift = {"middle": width / 2, "end": width}.get(facts.get("text-anchor", "start"), 0.0)
        x, y = self._at(facts["x"], facts["y"])
        if facts.get("dominant-baseline") == "central":
            y += _MIDDLE * size
        ink = look.fill or "#000000"
        turn = re.match(r"rotate\((-?[\d.]+)", str(facts.get("transform", "")))
        if turn is None:
            draw_text(self.canvas, (x - shift, y), content, size, ink, bold=look.ink.bold)
            return
        half = math.ceil(width + size)
        patch = Image.new("RGBA", (2 * half, 2 * half))
        draw_text(patch, (half - shift, half), content, size, ink, bold=look.ink.bold)
        patch = patch.rotate(-float(turn[1]), Image.Resampling.BICUBIC)
        left, top = round(x) - half, round(y) - half
        visible = patch.crop((max(-left, 0), max(-top, 0), patch.width, patch.height))
        self.canvas.alpha_composite(visible, (max(left, 0), max(top, 0)))


def outlines(path: str) -> Iterator[list[Point]]:
    """The points of each stroke of an SVG path of M, L, H, V, C and Z; curves in straight pieces."""
    points: list[Point] = []
    for command, numbers in _commands(path):
        x, y = points[-1] if points else (0.0, 0.0)
        upper = command.upper()
        if command.islower():
            numbers = [number + (0 if upper == "V" else x) if place % 2 == 0 and upper != "V" else number + y
                       for place, number in enumerate(numbers)]  # fmt: skip
        if upper == "M":
            if len(points) > 1:
                yield points
            points = [(numbers[0], numbers[1])]
        elif upper == "L":
            points.append((numbers[0], numbers[1]))
        elif upper == "H":
            points.append((numbers[0], y))
        elif upper == "V":
            points.append((x, numbers[0]))
        elif upper == "C":
            points += _curve((x, y), numbers)
        else:
            points.append(points[0])
    if len(points) > 1:
        yield points


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with one set of its numbers; after a first point, further ones are lines."""
    for letter, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        numbers = [float(number) for number in _NUMBER.findall(rest)]
        takes = _TAKES[letter.upper()]
        if not takes:
            yield letter, []
        for start in range(0, len(numbers), takes or 1):
            again = {"M": "L", "m": "l"}.get(letter, letter) if start else letter
            yield again, numbers[start : start + takes]


def _curve(start: Point, numbers: list[float]) -> list[Point]:
    """A cubic Bézier curve without its first point."""
    corners = [start, *zip(numbers[::2], numbers[1::2], strict=True)]
    found = []
    for step in range(1, _BEND + 1):
        t = step / _BEND
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        pairs = [(share * x, share * y) for share, (x, y) in zip(shares, corners, strict=True)]
        found.append((sum(x for x, _ in pairs), sum(y for _, y in pairs)))
    return found


def _dashes(points: list[Point], scale: float, dash: str) -> list[list[Point]]:
    """The line in strokes as long as the first number, with gaps as long as the second."""
    on, off = (scale * float(number) for number in dash.split())
    strokes: list[list[Point]] = []
    for (x, y), (to_x, to_y) in pairwise(points):
        length = math.hypot(to_x - x, to_y - y)
        at = 0.0
        while at < length:
            ends = at / length, min(at + on, length) / length
            strokes.append([(x + share * (to_x - x), y + share * (to_y - y)) for share in ends])
            at += on + off
    return strokes
