"""Drawings as files of their own: what a class looks like in a page, it looks like in an SVG and a PNG."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.views.markup import Markup
from tests.views.test_color import contrast
from tokimp.assets import read_asset
from tokimp.errors import InputError
from tokimp.views.drawing import Node, node
from tokimp.views.figure import INKS, MARGIN, figure_svg, page_html, part_html
from tokimp.views.figure_png import figure_png, outlines
from tokimp.views.plot import Plot
from tokimp.views.shades import shades


def figure(*content: Node, width: float = 100, height: float = 50) -> Node:
    facts = {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria_label": "<Title>"}
    return node("svg", list(content), kind="tk-chart", width=width, height=height, **facts)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def color(of: str) -> tuple[int, ...]:
    return tuple(int(of[place : place + 2], 16) for place in (1, 3, 5))


SQUARE = node("rect", kind="tks1", x=10, y=10, width=30, height=30)


@pytest.mark.parametrize("dark", [False, True])
def test_a_shape_is_where_it_should_be_in_its_colour(dark: bool) -> None:
    seen = pixels(figure_png(figure(SQUARE), dark=dark))
    assert seen.shape == (2 * (50 + 2 * MARGIN), 2 * (100 + 2 * MARGIN), 3)
    middle = int(2 * (MARGIN + 25))
    colors = shades(dark)
    assert tuple(seen[middle, middle]) == color(colors.ground["tks1"])
    assert tuple(seen[2, 2]) == color(colors.paper)
    svg = figure_svg(figure(SQUARE), dark=dark)
    assert f'fill="{colors.ground["tks1"]}"' in svg
    assert colors.paper in svg
    assert colors.paper not in figure_svg(figure(SQUARE), dark=dark, transparent=True)


def test_shades_are_inherited_and_letters_stand_out() -> None:
    svg = figure_svg(figure(node("g", [SQUARE, node("text", "a<b", x=1, y=2)], kind="tku10")))
    assert f'fill="{shades().letters["tku10"]}">a&lt;b</text>' in svg
    assert f'fill="{shades().ground["tks1"]}"' in svg
    assert "<title>&lt;Title&gt;</title>" in svg


def test_lines_and_curves_are_painted() -> None:
    curve = node("path", kind="tks2 tk-line", d="M10 10C10 30 30 40 50 40L90 40")
    seen = pixels(figure_png(figure(curve)))
    on_the_line = seen[int(2 * (MARGIN + 40)), int(2 * (MARGIN + 70))]
    assert on_the_line.tolist() == pytest.approx(list(color(shades().ground["tks2"])), abs=12)  # lines are smoothed


@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("M1 2L3 4", [[(1, 2), (3, 4)]]),
        ("M1 2l3 4 1-1", [[(1, 2), (4, 6), (5, 5)]]),
        ("M1 2h3v-4H0V0", [[(1, 2), (4, 2), (4, -2), (0, -2), (0, 0)]]),
        ("M1 2L3 4M5 6L7 8z", [[(1, 2), (3, 4)], [(5, 6), (7, 8), (5, 6)]]),
    ],
)
def test_paths_are_followed(path: str, points: list[list[tuple[float, float]]]) -> None:
    assert list(outlines(path)) == points


def test_a_curve_goes_through_its_ends_and_middle() -> None:
    (points,) = outlines("M0 0c0 10 10 10 10 0")
    assert points[0] == (0, 0)
    assert points[-1] == pytest.approx((10, 0))
    assert points[6] == pytest.approx((5, 7.5))  # t = ½: (p0 + 3 p1 + 3 p2 + p3) / 8


def test_text_turns_and_anchors() -> None:
    up = pixels(figure_png(figure(node("text", "mmmmmm", x=50, y=45, kind="tk-axis", transform="rotate(-90 50 45)"))))
    rows, columns = np.nonzero((up < 200).any(-1))
    assert np.ptp(rows) > 3 * np.ptp(columns)
    end = pixels(figure_png(figure(node("text", "mmm", x=90, y=30, text_anchor="end"))))
    assert np.nonzero((end < 200).any(-1))[1].max() <= 2 * (MARGIN + 91)


def test_too_large_a_drawing_is_no_picture() -> None:
    with pytest.raises(InputError, match="too large"):
        figure_png(figure(SQUARE, width=9000))


def test_what_is_no_drawing_is_refused() -> None:
    with pytest.raises(ValueError, match="A figure is an svg"):
        figure_svg(node("div", []))


def test_every_ink_is_in_the_style_sheet_with_the_same_look() -> None:
    style = read_asset("inside_charts.css")
    for name, ink in INKS.items():
        found = re.search(rf"^\.tk-chart \.{name} \{{([^}}]*)\}}", style, re.MULTILINE)
        assert found is not None, name
        rules = dict(part.strip().split(": ", 1) for part in found[1].split(";") if part.strip())
        for fact, value in (("fill", ink.fill), ("stroke", ink.stroke)):
            if value in ("ink", "soft", "line", "paper"):
                assert rules[fact] == f"var(--tk-{value})", name
        if ink.stroke:
            assert float(rules.get("stroke-width", "1.5px").removesuffix("px").replace("none", "0")) == ink.width, name
        assert rules.get("stroke-dasharray", "") == ink.dash


@pytest.mark.parametrize("dark", [False, True])
def test_series_stand_out_from_the_page(dark: bool) -> None:
    colors = shades(dark)
    series = [colors.ground[f"tks{place}"] for place in range(1, 7)]
    assert min(contrast(each, colors.paper) for each in series) >= 3
    assert len(set(series)) == 6


def test_pages_bring_only_the_style_that_they_use() -> None:
    part = part_html(Plot.drawn("t", figure(SQUARE)).html)
    assert ".tks1{" in part
    assert ".tks2{" not in part
    for outside in (".dark .tk-root", ".vscode-dark .tk-root", '[data-jp-theme-light="false"] .tk-root'):
        assert outside in part  # a notebook may be dark where the system is light
    page = Markup(page_html("<b>", "<p>text</p>"))
    assert {tag for tag, _ in page.tags} == {"html", "head", "meta", "title", "style", "body", "main", "p"}
    assert "default-src 'none'" in page.attributes("content")[0]
