"""Numbers as they are shown."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokimp.views.numbers import percent, show


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.47, "0.47"),
        (0.4700001, "0.47"),
        (-0.53, "−0.53"),
        (-0.0, "0"),
        (1.0, "1"),
        (17.26, "17.3"),
        (9.996, "10"),
        (999.6, "1,000"),
        (-1504.3, "−1,504"),
        (0.00123456, "0.00123"),
        (0.00099999, "0.001"),
        (-0.00001234, "−1.23 × 10⁻⁵"),
        (2.5e9, "2.5 × 10⁹"),
        (5e-324, "4.94 × 10⁻³²⁴"),
        (math.nan, "–"),
        (-math.inf, "–"),
    ],
)
def test_show(value: float, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (0.4712, 0.0213, "0.471 ± 0.021"),
        (2.2533, 0.0028, "2.25 ± 0.003"),
        (-0.34, 0.13, "−0.34 ± 0.13"),
        (-0.001, 0.2, "0.00 ± 0.20"),
        (1234.0, 56.0, "1,234 ± 56"),
        (0.47, 0.0, "0.47 ± 0"),
        (0.0, 0.02, "0.000 ± 0.020"),
        (0.47, math.nan, "0.47"),
        (1e-9, 2e-9, "1 × 10⁻⁹ ± 2 × 10⁻⁹"),
    ],
)
def test_show_with_an_error(value: float, error: float, shown: str) -> None:
    assert show(value, error) == shown


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_has_more_digits_than_it_deserves(value: float) -> None:
    shown = show(value)
    assert "-" not in shown
    assert shown.startswith("−") == (value < 0)
    mantissa = shown.partition(" ×")[0]
    if "." in mantissa:
        assert not mantissa.endswith("0")
        assert len(re.sub(r"\D", "", mantissa).lstrip("0")) <= 3


@pytest.mark.parametrize(
    ("part", "shown"),
    [(0, "0"), (0.474, "47"), (0.0031, "0.31"), (0.05, "5"), (0.00001, "< 0.01"), (0.9996, "> 99.9"), (0.995, "99.5")],
)
def test_percent(part: float, shown: str) -> None:
    assert percent(part) == f"{shown}\u202f%"


def test_percent_of_the_whole_and_of_more() -> None:
    assert percent(1.0) == "100\u202f%"
    assert percent(12.5) == "1250\u202f%"
    assert percent(-1.9) == "−190\u202f%"
    assert percent(-0.0003) == "−0.03\u202f%"
    assert percent(math.nan) == "–"
