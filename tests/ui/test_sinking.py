"""The toggle "without attention sinks": a view of the scores that says how much it hides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.models.text_model import TextModel
from tokimp.reasons import Sinks
from tokimp.ui import sinking, work
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked, Result
from tokimp.ui.visitors import Visitor
from tokimp.views.text import text_payload

VISITOR = Visitor("a session", "next-token")


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "gradient_x_input"), lambda _: None)


def words(changes: dict[str, Any], part: str) -> str:
    told = changes[part].get("value", changes[part])
    return " ".join("".join(text for text, _ in line["parts"]) for line in told["lines"])


def test_sinks_lose_their_colour_and_are_named(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = np.abs(result.explanation.scores)
    place, share = int(sizes.argmax()), float(sizes.max() / sizes.sum())
    monkeypatch.setattr(sinking, "without_sinks", lambda _model, _explanation: Sinks((place,), share, 2))
    changes = sinking.seen(Desk(), result, True, VISITOR)
    left = result.explanation.scores.copy()
    left[place] = 0.0
    attribution = replace(result.explanation.attribution, scores=left)
    assert changes["tokens"]["value"] == text_payload(replace(result.explanation, attribution=attribution))
    said = words(changes, "limits")
    assert result.explanation.tokens[place].text in said
    assert f"{100 * share:.0f}\u202f%" in said


def test_all_colours_come_back_without_asking_the_model(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinking, "without_sinks", None)
    changes = sinking.seen(Desk(), result, False, VISITOR)
    assert changes["tokens"]["value"] == text_payload(result.explanation)
    assert "sink" not in words(changes, "limits")


def test_a_text_without_sinks_says_so(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinking, "without_sinks", lambda _model, _explanation: Sinks((), 0.0, 2))
    changes = sinking.seen(Desk(), result, True, VISITOR)
    assert changes["tokens"]["value"] == text_payload(result.explanation)
    assert "nothing is hidden" in words(changes, "limits")
    assert "no result at hand" in words(sinking.seen(Desk(), None, True, VISITOR), "status")
