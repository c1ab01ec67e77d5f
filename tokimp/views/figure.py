"""A drawing of fixed size as an SVG of its own, and any drawing as a page or a part of one.

Drawings are trees of `views.drawing`, their root an "svg" with width and height. What a class looks
like in a page is said by assets/charts.css and assets/inside_charts.css, and here for files without
style sheets by `INKS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tokimp.assets import read_asset
from tokimp.views.characters import escaped
from tokimp.views.drawing import Node
from tokimp.views.shades import Shades, mixed, shades
from tokimp.views.sheets import digest, used

SIZE = 13.0
"""Letters, where nothing else is said."""

MARGIN = 16.0
"""Around the drawing, in a file of its own."""

_FAINT = 0.3
"""What is left of a line's colour where a cell has no shade."""

_FONTS = "Helvetica,Arial,Liberation Sans,sans-serif"
_DARK = '<html class="dark vscode-dark" data-jp-theme-light="false" theme="dark">'
"""How pages around a part may say that they are dark."""

_SHEETS = "explanation.css", "charts.css", "inside_charts.css", "generation.css"


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours are names of `Shades` ("soft"), "shade" and "letters" those of the shade around; "" is none."""

    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: str = ""
    size: float = SIZE
    bold: bool = False


PLAIN = {"text": Ink("letters"), "rect": Ink("shade"), "circle": Ink("shade"), "path": Ink("", "shade", 1.5)}
"""What a tag looks like without a class."""

INKS: dict[str, Ink] = {
    "tk-axis": Ink("soft"),
    "tk-heading": Ink("ink", bold=True),
    "tk-small": Ink("soft", size=11),
    "tk-note": Ink("soft"),
    "tk-grid": Ink("", "line"),
    "tk-zero": Ink("", "soft"),
    "tk-dashed": Ink("", "soft", dash="4 3"),
    "tk-leader": Ink("", "soft", 0.75),
    "tk-line": Ink("", "shade", 2.0),
    "tk-way": Ink("", "shade", 1.0),
    "tk-name": Ink("ink"),
    "tk-run": Ink("letters", size=16),
    "tk-dot": Ink("shade", "paper"),
    "tk-patch": Ink("shade"),
    "tk-picked": Ink("shade", "ink", 2.0),
}


@dataclass(frozen=True, slots=True)
class Look:
    """Colours as "#rrggbb", None where there is none."""

    fill: str | None
    stroke: str | None
    ink: Ink


@dataclass(frozen=True, slots=True)
class Around:
    """The shade that nodes inherit from the one around them."""

    colors: Shades
    shade: str = ""

    def inside(self, attributes: Mapping[str, Any]) -> Around:
        shade = next((name for name in _classes(attributes) if name == "tk0" or name in self.colors.ground), None)
        return self if shade is None else replace(self, shade=shade)

    def look(self, tag: str, attributes: Mapping[str, Any]) -> Look:
        """How a node is painted, `attributes` being its own."""
        ink = next((INKS[name] for name in _classes(attributes) if name in INKS), PLAIN[tag])
        here = self.inside(attributes)
        return Look(here._color(ink.fill), here._color(ink.stroke), ink)

    def _color(self, name: str) -> str | None:
        if not name:
            return None
        if name == "shade" and self.shade == "tk0":
            return mixed(self.colors.line, self.colors.paper, _FAINT)
        if name == "shade":
            return self.colors.ground.get(self.shade, self.colors.line)
        if name == "letters":
            return self.colors.letters.get(self.shade, self.colors.ink)
        return str(getattr(self.colors, name))


def figure_svg(tree: Node, *, dark: bool = False, transparent: bool = False) -> str:
    """The drawing as a file: no script, no style sheet, no font, no request; titles on hover."""
    tag, attributes, content = tree
    if tag != "svg":
        raise ValueError(f"A figure is an svg, not a {tag}.")
    width, height = attributes["width"], attributes["height"]
    size = f'width="{width + 2 * MARGIN:g}" height="{height + 2 * MARGIN:g}"'
    corner = f"{-MARGIN:g}"
    around = Around(shades(dark))
    ground = "" if transparent else f'<rect x="{corner}" y="{corner}" {size} fill="{around.colors.paper}"/>'
    box = f'viewBox="{corner} {corner} {width + 2 * MARGIN:g} {height + 2 * MARGIN:g}"'
    label = str(attributes.get("aria-label", ""))
    inside = "".join(_painted(child, around.inside(attributes)) for child in content)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {size} role="img" '
        f'font-family="{_FONTS}" font-size="{SIZE:g}" xml:space="preserve"><title>{_written(label)}</title>'
        f"{ground}{inside}</svg>\n"
    )


def part_html(body: str) -> str:
    """Markup with the rules of style that it needs, for a page of somebody else's, which may be dark: no script."""
    return f"<style>{_style(_DARK + body)}</style>{body}"


def page_html(title: str, body: str) -> str:
    """Markup as one self-contained document: no script, no request, light and dark as the reader's system is."""
    body = f'<body class="tk-page"><main>{body}</main></body>'
    style = _style(body)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src '{digest(style)}'; base-uri 'none'; form-action 'none'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escaped(title)} · tokimp</title>'
        f"<style>{style}</style></head>{body}</html>\n"
    )


def _style(body: str) -> str:
    return used("".join(map(read_asset, _SHEETS)), body)


def _painted(tree: Node, around: Around) -> str:
    tag, attributes, content = tree
    here = around.inside(attributes)
    inside = _written(content) if isinstance(content, str) else "".join(_painted(child, here) for child in content)
    kept = {name: value for name, value in attributes.items() if name in _GEOMETRY}
    if tag in PLAIN:
        kept |= _paint(tag, around.look(tag, attributes))
    listed = "".join(f' {name}="{_value(value)}"' for name, value in kept.items())
    return f"<{tag}{listed}>{inside}</{tag}>"


_GEOMETRY = ("x", "y", "d", "cx", "cy", "r", "rx", "width", "height", "transform", "text-anchor", "dominant-baseline",
             "opacity")  # fmt: skip


def _paint(tag: str, look: Look) -> dict[str, str | float]:
    facts: dict[str, str | float] = {"fill": look.fill or "none"}
    if look.stroke:
        facts |= {"stroke": look.stroke, "stroke-width": look.ink.width}
    if look.ink.dash:
        facts["stroke-dasharray"] = look.ink.dash
    if tag == "text":
        facts |= {"font-size": look.ink.size} if look.ink.size != SIZE else {}
        facts |= {"font-weight": "600"} if look.ink.bold else {}
    return facts


def _classes(attributes: Mapping[str, Any]) -> list[str]:
    return str(attributes.get("class", "")).split()


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:g}"


def _written(text: str) -> str:
    return escaped(text.replace("\r", " "))
