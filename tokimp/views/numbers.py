"""Numbers as a reader needs them: three significant digits, a real minus sign, an honest error."""

from __future__ import annotations

import math

MINUS = "−"
NARROW_SPACE = "\u202f"
NOT_A_NUMBER = "–"
_DIGITS = 3
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(value: float, error: float | None = None) -> str:
    """ "0.47", "−1,504", "1.2 × 10⁻⁵"; with its standard error "0.471 ± 0.021".

    Whole digits are never rounded away. A value shows no digit beyond the second of its error.
    """
    if not math.isfinite(value):
        return NOT_A_NUMBER
    if error is None or not math.isfinite(error):
        return _plain(value)
    if error == 0:
        return f"{_plain(value)} ± 0"
    places = min(max(0, _DIGITS - 1 - _exponent(value)), _places(error, 2)) if value else _places(error, 2)
    if places > 2 * _DIGITS:
        return f"{_plain(value)} ± {_plain(abs(error))}"
    return f"{_signed(value, places)} ± {_signed(abs(error), max(places, _places(error, 1)))}"


def percent(part: float) -> str:
    """A share of one: "47 %", "0.31 %", "< 0.01 %", "> 99.9 %"."""
    if not math.isfinite(part):
        return NOT_A_NUMBER
    if part < 0:
        return f"{MINUS}{percent(-part)}"
    hundred = 100 * part
    if 0 < hundred < 0.01:
        number = "< 0.01"
    elif 99.9 < hundred < 100:
        number = "> 99.9"
    elif 99.5 <= hundred < 100:
        number = f"{hundred:.1f}"
    else:
        number = f"{hundred:.2g}" if hundred < 10 else f"{hundred:.0f}"
    return f"{number}{NARROW_SPACE}%"


def _exponent(value: float) -> int:
    """The power of ten of the leading digit, after rounding to the digits shown."""
    return int(f"{value:.{_DIGITS - 1}e}".partition("e")[2])


def _places(error: float, digits: int) -> int:
    return max(0, digits - 1 - _exponent(error))


def _plain(value: float) -> str:
    if value == 0:
        return "0"
    exponent = _exponent(value)
    if not -4 < exponent < 7:
        mantissa = f"{value:.{_DIGITS - 1}e}".partition("e")[0]
        return f"{_trimmed(mantissa)} × 10{str(exponent).translate(_SUPERSCRIPT)}"
    return _trimmed(_signed(value, max(0, _DIGITS - 1 - exponent)))


def _signed(value: float, places: int) -> str:
    text = f"{abs(value):,.{places}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return MINUS + text if negative else text


def _trimmed(text: str) -> str:
    text = text.replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text
