"""The toggle "without attention sinks": a view of the scores that says how much it hides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.errors import ModelError
from tokimp.models.text_model import TextModel
from tokimp.reasons import Sinks
from tokimp.types import Explanation, Progress
from tokimp.ui import handlers, sinking, work
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


def finding(found: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_sinks(_model: TextModel, _explanation: Explanation, watch: Progress) -> Sinks:
        watch(0.4, None)
        return found

    monkeypatch.setattr(sinking, "without_sinks", without_sinks)


def seen(result: Result) -> list[dict[str, Any]]:
    desk = Desk()
    begun = sinking.begin(desk, result, True, VISITOR)
    return list(sinking.run(desk, result, VISITOR, begun["sinks_ticket"]))


def test_sinks_lose_their_colour_and_are_named(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = np.abs(result.explanation.scores)
    place, share = int(sizes.argmax()), float(sizes.max() / sizes.sum())
    finding(Sinks((place,), share, 2), monkeypatch)
    changes = seen(result)[-1]
    left = result.explanation.scores.copy()
    left[place] = 0.0
    attribution = replace(result.explanation.attribution, scores=left)
    assert changes["tokens"]["value"] == text_payload(replace(result.explanation, attribution=attribution))
    assert "sinks" not in changes
    said = words(changes, "limits")
    assert result.explanation.tokens[place].text in said
    assert f"{100 * share:.0f}\u202f%" in said


def test_all_colours_come_back_without_asking_the_model(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinking, "without_sinks", None)
    changes = sinking.begin(Desk(), result, False, VISITOR)
    assert "sinks" not in changes
    assert changes["tokens"]["value"] == text_payload(result.explanation)
    assert "sink" not in words(changes, "limits")


def test_the_box_stands_as_it_was_clicked_last(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what the search still tells when the box is unticked nor a late answer to a click ticks it again."""
    finding(Sinks((0,), 0.5, 2), monkeypatch)
    desk = Desk()
    begun = sinking.begin(desk, result, True, VISITOR)
    assert "sinks" not in begun
    told = sinking.run(desk, result, VISITOR, begun["sinks_ticket"])
    assert "sinks" not in sinking.begin(desk, result, False, VISITOR)
    assert list(told) == [{}]


def test_a_text_without_sinks_says_so(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    finding(Sinks((), 0.0, 2), monkeypatch)
    changes = seen(result)[-1]
    assert changes["tokens"]["value"] == text_payload(result.explanation)
    assert "nothing is hidden" in words(changes, "limits")
    assert "no result at hand" in words(sinking.begin(Desk(), None, True, VISITOR), "status")


def test_the_share_done_is_told_meanwhile(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.0)
    finding(Sinks((), 0.0, 2), monkeypatch)
    said = [words(changes, "limits") for changes in seen(result)]
    assert any("Looking for attention sinks. Asking the model: 40\u202f%" in each for each in said)


def test_a_new_result_leaves_no_search_behind(result: Result) -> None:
    desk = Desk()
    turn = handlers.begin(desk, replace(result.asked(), text="Another text"), VISITOR)["turn"]
    begun = sinking.begin(desk, result, True, VISITOR)
    last = list(handlers.run(desk, result.asked(), result, VISITOR, turn))[-1]
    assert last["sinks"]["value"] is False
    assert list(sinking.run(desk, last["shown"], VISITOR, begun["sinks_ticket"])) == [{}]


def test_what_fails_unticks_the_box(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: Any) -> Sinks:
        raise ModelError("This model shows no attention.")

    monkeypatch.setattr(sinking, "without_sinks", fails)
    changes = seen(result)[-1]
    assert changes["sinks"] is False
    assert changes["tokens"]["value"] == text_payload(result.explanation)
    assert "Not worked out: This model shows no attention." in words(changes, "limits")
