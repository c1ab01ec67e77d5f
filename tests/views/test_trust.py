"""A number beside every result: what is drawn of it, and the sentence on top."""

from __future__ import annotations

from typing import Any

import pytest

from tokimp.score import Chance, Curve, Score
from tokimp.views.trust import trust_html, trust_payload, verdict

BAND = Chance(low=0.1, mean=0.2, high=0.3, error=0.01, randoms=40)
CURVE = Curve((0.1, 0.5, 1.0), (0.9, 0.4, 0.1), (0.6, 0.3, 0.1), (0.8, 0.4, 0.1), (0.9, 0.6, 0.1))


def score(metric: str, value: float | None, *, higher: bool | None = True, **settings: Any) -> Score:
    known: dict[str, Any] = {"chance": BAND, "unit": "probability", "removal": "mask"} | settings
    return Score(metric=metric, title=metric.title(), value=value, higher_is_better=higher, **known)


def both(taken: float, kept: float) -> list[Score]:
    return [score("comprehensiveness", taken), score("sufficiency", kept, higher=False)]


@pytest.mark.parametrize(
    ("taken", "kept", "says", "side"),
    [
        (0.5, 0.05, "hangs on what is coloured most", True),
        (0.5, 0.2, "that alone does not carry it", True),
        (0.2, 0.05, "taking it away hurts no more", True),
        (0.2, 0.2, "No better than chance", None),
        (0.05, 0.2, "Worse than chance", False),
        (0.5, 0.5, "Worse than chance", False),
    ],
)
def test_the_sentence_on_top_follows_from_both_numbers(taken: float, kept: float, says: str, side: bool | None) -> None:
    sentence, found = verdict(both(taken, kept))
    assert says in sentence
    assert found is side


def test_nothing_is_said_without_both_numbers() -> None:
    assert verdict([score("comprehensiveness", 0.5)]) == ("", None)
    assert verdict([score("comprehensiveness", 0.5), score("sufficiency", None)]) == ("", None)
    assert verdict([score("comprehensiveness", 0.5), score("sufficiency", 0.1, chance=None)]) == ("", None)


def test_each_number_stands_beside_its_band_with_its_name() -> None:
    drawn = trust_html([*both(0.5, 0.05), score("log_odds", -1.5, higher=False)])
    assert drawn.count('class="tk-metric-row"') == 3
    assert drawn.count('class="tk-band"') == 3
    assert "Comprehensiveness (mask): 0.5 (probability); chance 0.1 to 0.3, mean 0.2" in drawn
    assert drawn.count(">better than chance<") == 3


def test_where_the_value_and_the_band_lie() -> None:
    drawn = trust_payload([score("comprehensiveness", 0.5)])
    band, value = _found(drawn, "tk-band"), _found(drawn, "tk-value")
    place = float(value["d"][1:].split()[0])
    assert band["x"] + band["width"] < place < 600
    width, whole = 0.2, 0.4 * 1.08
    assert band["width"] == pytest.approx(600 * width / whole, abs=0.2)
    assert place == pytest.approx(600 * (0.4 + 0.016) / whole, abs=0.2)


def test_curves_are_drawn_with_their_band() -> None:
    deletion = score("deletion", 0.4, curve=CURVE)
    drawn = trust_html([deletion])
    assert drawn.count('class="tk-curve"') == 1
    assert "Deletion (mask): 0.9 at 10\u202f% of the tokens, 0.1 at 100\u202f%" in drawn
    (plot,) = [part for part in _parts(trust_payload([deletion])) if part[1].get("class") == "tk-plot"]
    assert _found({"tree": plot}, "tk-value")["d"] == "M0 5L267 61L600 94"


def test_what_is_not_known_is_not_drawn_but_told_once() -> None:
    note = "Nothing is known of 1 token <b>."
    silent = [score(name, None, notes=(note,)) for name in ("comprehensiveness", "deletion")]
    drawn = trust_html(silent)
    assert "tk-metric-row" not in drawn
    assert drawn.count("Nothing is known of 1 token &lt;b&gt;.") == 1
    assert trust_html([]) == ""
    assert trust_payload([]) is None
    assert "Still at work" in str(trust_payload([], "Still at work"))


def _found(payload: Any, kind: str) -> Any:
    """The attributes of the first part of that kind."""
    return next(part[1] for part in _parts(payload) if part[1].get("class") == kind)


def _parts(payload: Any) -> list[Any]:
    found: list[Any] = []

    def walk(tree: Any) -> None:
        found.append(tree)
        if not isinstance(tree[2], str):
            for child in tree[2]:
                walk(child)

    walk(payload["tree"])
    return found
