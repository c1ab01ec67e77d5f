"""Shades: which score gets which, and whether text can be read on every one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tokimp.assets import read_asset
from tokimp.views.color import bucket_class, bucket_classes, buckets, scale_classes

READABLE = 4.5
_PAIR = re.compile(r"light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)")
_SHADE = re.compile(r"\.(tk[pnu]\d+)\s*\{([^}]*)\}")


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
    return dict(_SHADE.findall(read_asset("explanation.css")))


def test_every_bucket_has_its_shade() -> None:
    drawn = {*scale_classes(signed=True), *scale_classes(signed=False)} - {"tk0"}
    assert drawn == set(_shades())


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_shade(mode: int) -> None:
    for name, rules in _shades().items():
        ground, ink = _pair(rules, "--tk-bg")[mode], _pair(rules, "--tk-fg")[mode]
        assert contrast(ground, ink) >= READABLE, (name, ground, ink)


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
