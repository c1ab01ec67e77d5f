"""Scores as nouns: which side of chance they are on, and JSON both ways."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from tokimp.score import Chance, Curve, Score

SCORE = Score(
    metric="deletion",
    title="Deletion",
    value=0.2,
    chance=Chance(0.3, 0.5, 0.7, error=0.02, randoms=20),
    higher_is_better=False,
    unit="probability",
    removal="mask",
    curve=Curve((0.0, 0.5, 1.0), (0.9, 0.2, 0.1), (0.9, 0.3, 0.1), (0.9, 0.5, 0.1), (0.9, 0.7, 0.1)),
    evaluations=41,
    notes=("“ä” ties with “b”.",),
)
BARE = Score("sparseness", "Sparseness", None, None, None, "", notes=("All scores are 0.",))


@pytest.mark.parametrize("score", [SCORE, BARE], ids=["whole", "bare"])
def test_json_keeps_it_all(score: Score) -> None:
    assert Score.from_json(score.to_json()) == score
    assert Score.from_json(score.to_json()).to_json() == score.to_json()
    assert Score.from_fields(json.loads(json.dumps(asdict(score)))) == score
    assert Score.from_fields(asdict(score)) == score


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"format": 1}', SCORE.to_json().replace('"value"', '"other"'), '{"format": 2}', "no", "[" * 9],
)
def test_what_is_no_score_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one, too
        Score.from_json(text)


@pytest.mark.parametrize(
    ("value", "higher", "better"),
    [
        (0.8, True, True),
        (0.2, True, False),
        (0.2, False, True),
        (0.8, False, False),
        (0.3, True, None),
        (0.5, True, None),
        (0.7, False, None),
        (0.9, None, None),
        (None, True, None),
    ],
)
def test_better_than_chance_is_beyond_the_band(value: float | None, higher: bool | None, better: bool | None) -> None:
    assert replace(SCORE, value=value, higher_is_better=higher).better_than_chance is better


def test_without_chance_nothing_is_better_than_it() -> None:
    alone = replace(SCORE, chance=None)
    assert alone.better_than_chance is None
    assert alone.advantage is None


def test_an_advantage_is_positive_where_it_is_better() -> None:
    assert SCORE.advantage == pytest.approx(0.3)
    assert replace(SCORE, higher_is_better=True).advantage == pytest.approx(-0.3)
    assert replace(SCORE, higher_is_better=None).advantage is None


def test_the_removal_is_part_of_the_name() -> None:
    assert SCORE.name == "Deletion (mask)"
    assert BARE.name == "Sparseness"
