"""Sanity checks in sentences: what was done, the number, and what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tokimp.score import Chance, Curve, Score
from tokimp.views.sanity import CHECKS, sanity_html, sanity_payload, sentence

HOSTILE = "<img src=x onerror=alert(1)> ${7*7}"


def score(metric: str, value: float | None, **settings: Any) -> Score:
    known: dict[str, Any] = {"chance": None, "higher_is_better": None, "unit": "", "notes": ("A note.",)} | settings
    return Score(metric=metric, title=metric.title(), value=value, **known)


def randomised(signed: float, sizes: float, reach: float = 0.5) -> list[Score]:
    band = Chance(-reach, 0.0, reach)
    curves = [
        Curve((0.0, 0.5, 1.0), (1.0, 0.4, each), *[(edge,) * 3 for edge in (-reach, 0.0, reach)])
        for each in (signed, sizes)
    ]
    pairs = zip(CHECKS["randomised"][1], (signed, sizes), curves, strict=True)
    return [score(metric, value, chance=band, curve=curve) for metric, value, curve in pairs]


@pytest.mark.parametrize(
    ("kind", "scores", "says", "side"),
    [
        ("randomised", randomised(0.12, 0.2), "the scores are others (rank correlation 0.12", True),
        ("randomised", randomised(0.12, 0.2), "they depend on what the model has learned", True),
        ("randomised", randomised(0.1, 0.8), "Without their signs they stay alike, though (0.8)", None),
        (
            "randomised",
            randomised(0.8, 0.8),
            "the scores stay alike (rank correlation 0.8; random orders reach ±0.5)",
            False,
        ),
        ("randomised", randomised(-0.8, 0.1), "related, the other way round", False),
        ("randomised", randomised(0.1, 0.1, 0.98), "too few tokens", None),
        ("repeated", [score("repeated_ranks", 1.0), score("repeated_spread", 0.0)], "nothing random", None),
        (
            "repeated",
            [score("repeated_ranks", 0.95), score("repeated_spread", 0.03)],
            "a score moves by 3\u202f%",
            True,
        ),
        ("repeated", [score("repeated_ranks", 0.7), score("repeated_spread", 0.2)], "part of the order changes", None),
        ("repeated", [score("repeated_ranks", 0.2), score("repeated_spread", 0.9)], "the order is another", False),
        ("shifted", [score("shifted", 1e-7)], "so are the scores", True),
        ("shifted", [score("shifted", 0.63)], "the scores are not (they move by 63\u202f%", False),
        ("shifted", [score("shifted", None, notes=("No positions.",))], "Cannot be checked here. No positions.", None),
    ],
)
def test_each_check_says_what_its_number_means(kind: str, scores: list[Score], says: str, side: bool | None) -> None:
    told, found = sentence(kind, scores)
    assert says in told
    assert found is side
    assert told.replace("&", "") in sanity_html(scores).replace("&lt;", "<")


def test_the_way_to_random_weights_unfolds_in_a_curve_and_numbers() -> None:
    drawn = sanity_html(randomised(0.12, 0.2), {"randomised": "Its definition."})
    assert drawn.count('class="tk-curve"') == 2
    assert "1 at 0\u202f% of the weights are random, 0.12 at 100\u202f%" in drawn
    assert drawn.count('class="tk-step-row"') == 4
    assert "Randomised: 0.12. Its definition." in drawn
    assert sanity_html(randomised(0.12, 0.12)).count('class="tk-curve"') == 1


def test_what_is_not_known_yet_keeps_its_place() -> None:
    payload = sanity_payload([score("shifted", 0.0)], "Other seeds: 40\u202f%")
    drawn = json.dumps(payload, ensure_ascii=False)
    assert [drawn.index(title) for title, _ in CHECKS.values()] == sorted(drawn.index(t) for t, _ in CHECKS.values())
    assert drawn.count("not checked yet") == 2
    assert "Other seeds: 40\u202f%" in drawn
    assert sanity_payload([]) is None
    assert sanity_html([]) == ""


def test_notes_stay_text() -> None:
    drawn = sanity_html([score("shifted", None, notes=(HOSTILE,)), score("repeated_ranks", 0.5, notes=(HOSTILE,))])
    assert "<img" not in drawn
    assert drawn.count("&lt;img") == 2
