"""An explanation as an SVG of its own: no script, no style sheet, no font, no request."""

from __future__ import annotations

from tokimp.types import Explanation
from tokimp.views.characters import escaped
from tokimp.views.flow import Box
from tokimp.views.letters import estimated_width
from tokimp.views.picture import (
    LINE,
    MARGIN,
    PATCH,
    RADIUS,
    TEXT,
    UNDERLINE,
    WIDTH,
    Label,
    Swatch,
    colors_of,
    middle_of,
    picture,
)
from tokimp.views.shades import Shades, shades

_FONTS = "Helvetica,Arial,Liberation Sans,sans-serif"


def explanation_svg(
    explanation: Explanation, *, dark: bool = False, transparent: bool = False, link: str | None = None
) -> str:
    """Caption, coloured text and legend, 720 pixels wide; numbers on hover.

    Each text is squeezed or stretched to the width that it was laid out with, so that tokens never
    overlap, whichever font a reader has.

    Raises:
        OptionError: the link is no web address.
    """
    drawn, colors = picture(explanation, estimated_width, link), shades(dark)
    size = f'width="{WIDTH}" height="{drawn.height:g}"'
    parts = [f"<title>{_written(drawn.title)}</title>"]
    if not transparent:
        parts.append(f'<rect {size} fill="{colors.paper}"/>')
    parts += [_label(label, colors) for label in drawn.labels]
    tokens = "".join(_token(top, box, colors) for top, box in drawn.boxes)
    parts.append(f'<g font-size="{TEXT:g}" text-anchor="middle" fill="{colors.ink}">{tokens}</g>')
    parts += [_swatch(swatch, colors) for swatch in drawn.swatches]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {drawn.height:g}" {size} role="img" '
        f'font-family="{_FONTS}" xml:space="preserve">{"".join(parts)}</svg>\n'
    )


def _label(label: Label, colors: Shades) -> str:
    weight = ' font-weight="600"' if label.bold else ""
    text = (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" font-size="{label.size:g}"{weight} '
        f'fill="{getattr(colors, label.tone)}"{_held(label.width)}>{_written(label.text)}</text>'
    )
    return f'<a href="{escaped(label.link)}">{text}</a>' if label.link else text


def _token(top: float, box: Box, colors: Shades) -> str:
    """A patch with the token's text in its middle, and what it is worth as its title."""
    ground, ink = colors_of(box, colors)
    text = _letters(top, box, "" if ink == colors.ink else f' fill="{ink}"') if box.text else ""
    if box.item is None:
        return text
    left = MARGIN + box.x
    patch, line = "", ""
    if ground is not None:
        place = f'x="{left:.1f}" y="{top + (LINE - PATCH) / 2:.1f}"'
        patch = f'<rect {place} width="{box.width:.1f}" height="{PATCH}" rx="{RADIUS}" fill="{ground}"/>'
    if box.item["maybe"]:
        start = f"M{left:.1f} {top + UNDERLINE:.1f}"
        line = f'<path d="{start}h{box.width:.1f}" stroke="{colors.soft}" stroke-dasharray="1.5 2.5"/>'
    return f"<g><title>{_written(', '.join(box.item['tip']))}</title>{patch}{line}{text}</g>"


def _letters(top: float, box: Box, ink: str) -> str:
    middle, baseline = middle_of(top, box)
    size = "" if box.size == TEXT else f' font-size="{box.size:g}"'
    direction = ' direction="rtl"' if box.rtl else ""
    place = f'x="{middle:.1f}" y="{baseline:.1f}"'
    return f"<text {place}{size}{ink}{direction}{_held(box.letters)}>{_written(box.text)}</text>"


def _swatch(swatch: Swatch, colors: Shades) -> str:
    place = f'x="{swatch.x:.1f}" y="{swatch.y:.1f}" width="{swatch.width}" height="{swatch.height}"'
    return f'<rect {place} fill="{colors.of(swatch.bucket)[0]}"/>'


def _held(width: float) -> str:
    """Squeezes or stretches letters into the width that they were given."""
    return f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"' if width else ""


def _written(text: str) -> str:
    return escaped(text.replace("\r", " "))
