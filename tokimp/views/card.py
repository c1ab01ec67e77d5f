"""A result as the picture beside a shared link: 1200 × 630 pixels, as link previews are everywhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tokimp.errors import TokimpError
from tokimp.types import Explanation
from tokimp.views.characters import drawable
from tokimp.views.color import scale_classes
from tokimp.views.flow import Box, lines_of
from tokimp.views.letters import clusters
from tokimp.views.page import brief, question
from tokimp.views.picture import colors_of
from tokimp.views.shades import Shades, shades
from tokimp.views.text import legend

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 630
NAME = "tokimp"
ASKS = "Which tokens made the model say that?"

_MARGIN = 72
_INNER = WIDTH - 2 * _MARGIN
_TITLE, _FACTS, _LEGEND = 56, 26, 24
_TEXTS = (52, 44, 36)
_LONG = 400
_LINE, _PATCH, _RADIUS = 1.75, 1.45, 6
_TOP = 96
_BOTTOM = HEIGHT - 60
_SWATCH, _SWATCH_HEIGHT = 15, 22


def card_png(explanation: Explanation) -> bytes:
    """Question, coloured text and legend. Of a long text those lines stand there that hold most.

    Raises:
        TokimpError: Pillow is not installed.
    """
    colors = shades()
    canvas = _canvas(colors)
    drawn = _write(canvas, question(explanation), _TOP, _TITLE, colors.ink, lines=2)
    told = "  ·  ".join(f"{name} {value}" for name, value in brief(explanation))
    drawn = _write(canvas, told, drawn + 50, _FACTS, colors.soft, lines=1)
    _draw_text(canvas, explanation, drawn + 26, colors)
    _draw_legend(canvas, explanation, colors)
    return _saved(canvas)


def cover_png() -> bytes:
    """The picture of every link whose result is not there yet.

    Raises:
        TokimpError: Pillow is not installed.
    """
    colors = shades()
    canvas = _canvas(colors)
    _write(canvas, ASKS, 240, 72, colors.ink, lines=4)
    _swatches(canvas, scale_classes(signed=True), _MARGIN, colors, width=30)
    return _saved(canvas)


def _canvas(colors: Shades) -> Image:
    try:
        from PIL import Image

        from tokimp.views.fonts import draw_text, width_of
    except ImportError as error:
        raise TokimpError("PNG pictures are drawn by Pillow, which is not installed.", "pip install pillow") from error
    canvas = Image.new("RGBA", (WIDTH, HEIGHT), colors.paper)
    at = (WIDTH - _MARGIN - 1.07 * width_of(NAME, _LEGEND), _BOTTOM)
    draw_text(canvas, at, NAME, _LEGEND, colors.ink, bold=True)
    return canvas


def _saved(canvas: Image) -> bytes:
    file = io.BytesIO()
    canvas.convert("RGB").save(file, "PNG", optimize=True)
    return file.getvalue()


def _write(canvas: Image, text: str, baseline: float, size: int, ink: str, *, lines: int) -> float:
    """Writes the text in at most so many lines and returns the baseline of the last."""
    from tokimp.views.fonts import draw_text

    bold = size >= _TITLE
    folded = list(_folded(" ".join(drawable(text).split()), size, 1.07 if bold else 1.0))
    if len(folded) > lines:
        folded[lines - 1 :] = [f"{folded[lines - 1].rstrip()[:-1]}…"]
    for place, line in enumerate(folded):
        draw_text(canvas, (_MARGIN, baseline + place * 1.25 * size), line, size, ink, bold=bold)
    return baseline + max(len(folded) - 1, 0) * 1.25 * size


def _folded(text: str, size: float, wider: float) -> Iterator[str]:
    from tokimp.views.fonts import width_of

    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if wider * width_of(longer, size) <= _INNER:
            line = longer
            continue
        if line:
            yield line
        line = ""
        for cluster in clusters(word):
            if line and wider * width_of(line + cluster, size) > _INNER:
                yield line
                line = ""
            line += cluster
    if line:
        yield line


def _draw_text(canvas: Image, explanation: Explanation, top: float, colors: Shades) -> None:
    from tokimp.views.fonts import draw_text, width_of

    sizes = _TEXTS if len(explanation.request.text) < _LONG else _TEXTS[-1:]
    for size in sizes:
        lines = [line for line in lines_of(explanation, width_of, size, _INNER) if line]
        high = size * _LINE
        room = int((_BOTTOM - 40 - top) // high)
        if len(lines) <= room:
            break
    first = _strongest(lines, room)
    for place, line in enumerate(lines[first : first + room]):
        for box in line:
            _draw_box(canvas, box, (top + place * high, high), colors)
    middle = top + high / 2 + 0.35 * size
    if first:
        draw_text(canvas, (_MARGIN - 44, middle), "…", size, colors.soft)
    if first + room < len(lines):
        draw_text(canvas, (WIDTH - _MARGIN + 10, middle + (room - 1) * high), "…", size, colors.soft)


def _strongest(lines: list[list[Box]], room: int) -> int:
    """The first of the lines that hold most together: of equals the beginning, else the middle one."""
    weights = [sum(abs(box.item["score"]) for box in line if box.item) for line in lines]
    sums = [sum(weights[start : start + room]) for start in range(max(len(lines) - room, 0) + 1)]
    best = [start for start, held in enumerate(sums) if held >= 0.999 * max(sums)]
    return 0 if 0 in best else best[len(best) // 2]


def _draw_box(canvas: Image, box: Box, line: tuple[float, float], colors: Shades) -> None:
    """`line`: its upper edge and its height."""
    from PIL import ImageDraw

    from tokimp.views.fonts import draw_text

    ground, ink = colors_of(box, colors)
    (top, high), patch = line, line[1] * _PATCH / _LINE
    left, upper = _MARGIN + box.x, top + (high - patch) / 2
    if ground is not None:
        corners = (left, upper, left + box.width - 1, upper + patch - 1)
        ImageDraw.Draw(canvas).rounded_rectangle(corners, _RADIUS, fill=ground)
    if box.text:
        at = (left + (box.width - box.letters) / 2, top + high / 2 + 0.35 * box.size)
        draw_text(canvas, at, box.text, box.size, ink, rtl=box.rtl)


def _draw_legend(canvas: Image, explanation: Explanation, colors: Shades) -> None:
    from tokimp.views.fonts import draw_text, width_of

    told = legend(explanation)
    x = float(_MARGIN)
    for part, ink in ((told["left"], colors.soft), (told["low"], colors.ink)):
        if part:
            draw_text(canvas, (x, _BOTTOM), part, _LEGEND, ink)
            x += width_of(part, _LEGEND) + 16
    x = _swatches(canvas, told["classes"], x, colors) + 16
    for part, ink in ((told["high"], colors.ink), (told["right"], colors.soft)):
        if part:
            draw_text(canvas, (x, _BOTTOM), part, _LEGEND, ink)
            x += width_of(part, _LEGEND) + 16


def _swatches(canvas: Image, names: list[str], x: float, colors: Shades, width: int = _SWATCH) -> float:
    """Draws the scale from x on and returns its end."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(canvas)
    for name in names[names[0] == "tk0" :]:
        ground, _ = colors.of(name)
        top = _BOTTOM - _SWATCH_HEIGHT + 3
        draw.rectangle((x, top, x + width - 1, top + _SWATCH_HEIGHT - 1), fill=ground or colors.paper)
        x += width
    return x
