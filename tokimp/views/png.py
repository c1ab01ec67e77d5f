"""An explanation as a PNG, twice as fine as a screen's pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tokimp.errors import InputError, TokimpError
from tokimp.types import Explanation
from tokimp.version import __version__
from tokimp.views.flow import Box
from tokimp.views.picture import (
    LINE,
    MARGIN,
    PATCH,
    RADIUS,
    UNDERLINE,
    WIDTH,
    Picture,
    colors_of,
    middle_of,
    picture,
)
from tokimp.views.shades import Shades, shades

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

FINENESS = 2
MOST_PIXELS = 16_384
"""The greatest height: beyond it, programs no longer open a picture."""

_DOT, _PITCH = 3, 8


def explanation_png(
    explanation: Explanation, *, dark: bool = False, transparent: bool = False, link: str | None = None
) -> bytes:
    """Caption, coloured text and legend, 1,440 pixels wide; its title and link are also in the file's own facts.

    Letters are drawn with the fonts of this machine. A script that none of them has shows as boxes.

    Raises:
        TokimpError: Pillow is not installed. InputError: the text is too long for a picture.
        OptionError: the link is no web address.
    """
    try:
        from PIL import Image, ImageDraw, PngImagePlugin

        from tokimp.views import fonts
    except ImportError as error:
        raise TokimpError("PNG pictures are drawn by Pillow, which is not installed.", "pip install pillow") from error

    def measure(text: str, size: float) -> float:
        return fonts.width_of(text, FINENESS * size) / FINENESS

    drawn, colors = picture(explanation, measure, link), shades(dark)
    height = round(FINENESS * drawn.height)
    if height > MOST_PIXELS:
        raise InputError("This text is too long for a picture.", "Save it as .html or .svg.")
    ground = (0, 0, 0, 0) if transparent else colors.paper
    canvas = Image.new("RGBA", (FINENESS * WIDTH, height), ground)
    draw = ImageDraw.Draw(canvas)
    _paint(canvas, draw, drawn, colors)
    told = PngImagePlugin.PngInfo()
    for name, value in (("Title", drawn.title), ("Software", f"tokimp {__version__}"), ("Source", link)):
        if value:
            told.add_itxt(name, value)
    file = io.BytesIO()
    (canvas if transparent else canvas.convert("RGB")).save(file, "PNG", pnginfo=told, optimize=True)
    return file.getvalue()


def _paint(canvas: Image, draw: ImageDraw, drawn: Picture, colors: Shades) -> None:
    from tokimp.views.fonts import draw_text

    for swatch in drawn.swatches:
        corners = (swatch.x, swatch.y, swatch.x + swatch.width, swatch.y + swatch.height)
        draw.rectangle(_fine(*corners), fill=colors.of(swatch.bucket)[0])
    for label in drawn.labels:
        ink = getattr(colors, label.tone)
        at = (FINENESS * label.x, FINENESS * label.y)
        draw_text(canvas, at, label.text, FINENESS * label.size, ink, bold=label.bold)
    for top, box in drawn.boxes:
        ground, ink = colors_of(box, colors)
        _patch(draw, top, box, ground, colors.soft)
        if box.text:
            middle, baseline = middle_of(top, box)
            at = (FINENESS * (middle - box.letters / 2), FINENESS * baseline)
            draw_text(canvas, at, box.text, FINENESS * box.size, ink, rtl=box.rtl)


def _patch(draw: ImageDraw, top: float, box: Box, ground: str | None, line: str) -> None:
    """The token's colour, and the dots under a score that may be 0."""
    left, upper = MARGIN + box.x, top + (LINE - PATCH) / 2
    if ground is not None:
        corners = _fine(left, upper, left + box.width, upper + PATCH)
        draw.rounded_rectangle(corners, FINENESS * RADIUS, fill=ground)
    if box.item is not None and box.item["maybe"]:
        start, y, end, thick = _fine(left, top + UNDERLINE, left + box.width, top + UNDERLINE + 1)
        for x in range(round(start), round(end) - _DOT, _PITCH):
            draw.rectangle((x, y, x + _DOT, thick), fill=line)


def _fine(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    """Corners in the picture's pixels; Pillow counts the last pixel in."""
    return FINENESS * left, FINENESS * top, FINENESS * right - 1, FINENESS * bottom - 1
