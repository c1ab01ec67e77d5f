"""Shades: which score gets which, and whether text can be read on every one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tokimp.assets import read_asset
from tokimp.views.color import bucket_class, bucket_classes, buckets, scale_classes

READABLE = 4.5
_PAIR = re.compile(r"light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)")
_SHADE = re.compile(r"^\.(tk[pnu]\d+)\s*\{([^}]*)\}", re.MULTILINE)


def _channel(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _luminance(color: str) -> float:
    red, green, blue = (_channel(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _pair(rules: str, name: str) -> tuple[str, str]:
    declared = re.search(rf"{name}\s*:\s*([^;]+)", rules)
    assert declared, name
    pair = _PAIR.fullmatch(declared.group(1).strip())
    assert pair, declared.group(1)
    return pair.group(1), pair.group(2)


def _shades() -> dict[str, str]:
    """Declarations of each shade, after those that hold for all of them where it says nothing else.

    Those weigh nothing (`:where`), so that the style of a notebook's next output does not outdo this one's.
    """
    style = read_asset("explanation.css")
    common = re.search(r"^:where\(\[class\*=\"tkp\"\][^{]*\{([^}]*)\}", style, re.MULTILINE)
    assert common
    return {name: f"{rules};{common.group(1)}" for name, rules in _SHADE.findall(style)}


def _halved(style: str, shade: str, mode: int) -> str:
    """The shade as a score gets it that may be 0: mixed with the page's paper."""
    part = re.search(r"color-mix\(in srgb, var\(--tk-bg, transparent\) (\d+)%, var\(--tk-paper\)\)", style)
    assert part
    share = int(part.group(1)) / 100
    paper = _pair(style, "--tk-paper")[mode]
    channels = [(int(shade[at : at + 2], 16), int(paper[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * top + (1 - share) * under):02x}" for top, under in channels)


def test_every_bucket_has_its_shade() -> None:
    drawn = {*scale_classes(signed=True), *scale_classes(signed=False)} - {"tk0"}
    assert drawn == set(_shades())


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_shade(mode: int) -> None:
    for name, rules in _shades().items():
        ground, ink = _pair(rules, "--tk-bg")[mode], _pair(rules, "--tk-fg")[mode]
        assert contrast(ground, ink) >= READABLE, (name, ground, ink)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_where_a_score_may_be_nothing(mode: int) -> None:
    style = read_asset("explanation.css")
    ink = _pair(style, "--tk-ink")[mode]
    for name, rules in _shades().items():
        ground = _halved(style, _pair(rules, "--tk-bg")[mode], mode)
        assert contrast(ground, ink) >= READABLE, (name, ground, ink)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("side", ["p", "n", "u"])
def test_bars_stand_out_from_the_page(side: str, mode: int) -> None:
    paper = _pair(read_asset("explanation.css"), "--tk-paper")[mode]
    assert contrast(_pair(_shades()[f"tk{side}8"], "--tk-bg")[mode], paper) >= 3


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["--tk-ink", "--tk-soft", "--tk-warm", "--tk-accent"])
def test_plain_text_can_be_read_on_the_page(name: str, mode: int) -> None:
    style = read_asset("explanation.css")
    assert contrast(_pair(style, name)[mode], _pair(style, "--tk-paper")[mode]) >= READABLE


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("side", ["p", "n", "u"])
def test_a_scale_moves_away_from_the_page_step_by_step(side: str, mode: int) -> None:
    paper = _pair(read_asset("explanation.css"), "--tk-paper")[mode]
    apart = [contrast(_pair(_shades()[f"tk{side}{step}"], "--tk-bg")[mode], paper) for step in range(1, 11)]
    assert apart == sorted(apart)


def test_the_largest_score_has_the_full_colour() -> None:
    assert bucket_classes([0.5, -0.25, 0.01, 0.0], signed=True) == ["tkp10", "tkn5", "tk0", "tk0"]
    assert bucket_classes([0.5, 0.25, 0.0], signed=False) == ["tku10", "tku5", "tk0"]


def test_a_shared_scale_is_kept_and_never_left() -> None:
    assert buckets([0.5, -3.0], scale=1.0).tolist() == [5, -10]


@pytest.mark.parametrize("scores", [[0.0, 0.0], [np.nan, np.inf], [], [5e-324, 0.0]])
def test_odd_scores_do_no_harm(scores: list[float]) -> None:
    drawn = buckets(scores)
    assert drawn.shape == (len(scores),)
    assert np.abs(drawn).max(initial=0) <= 10


def test_a_score_that_is_not_finite_is_neutral_among_others() -> None:
    assert buckets([1.0, np.nan, -np.inf, -1.0]).tolist() == [10, 0, 0, -10]


def test_scales_are_centred_on_nothing() -> None:
    signed = scale_classes(signed=True)
    assert signed[10] == bucket_class(0) == "tk0"
    assert [signed[0], signed[-1]] == ["tkn10", "tkp10"]
    assert scale_classes(signed=False)[0] == "tk0"
