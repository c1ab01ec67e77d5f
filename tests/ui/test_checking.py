"""Sanity checks come at a press, one by one, are kept as they come, and stop at another press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import tokimp
from tests.models import TEXTS
from tokimp.errors import OutOfMemoryError, TooMuchWorkError
from tokimp.models.text_model import TextModel
from tokimp.score import Score
from tokimp.ui import checking, display, handlers, trusting, work
from tokimp.ui.desk import Desk
from tokimp.ui.limits import Limits
from tokimp.ui.state import Asked, Result
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "next-token")
METRICS = ["randomised", "randomised_absolute", "repeated_ranks", "repeated_spread", "shifted"]


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "gradient_x_input"), lambda _: None)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ran(desk: Desk, result: Result) -> list[dict[str, Any]]:
    begun = checking.pressed(desk, result, VISITOR)
    assert begun["check"]["value"] == checking.STOP
    return list(checking.run(desk, result, VISITOR, begun["check_ticket"]))


def test_a_press_brings_what_the_package_finds(desk: Desk, result: Result, decoder: TextModel) -> None:
    last = ran(desk, result)[-1]
    found = last["shown"].checks
    expected: list[Score] = []
    for check in (tokimp.randomised, tokimp.repeated, tokimp.shifted):
        expected += check(decoder, result.explanation)
    assert [score.metric for score in found] == METRICS
    assert [(score.value, score.curve, score.notes) for score in found] == [
        (score.value, score.curve, score.notes) for score in expected
    ]
    assert last["check"]["visible"] is False
    assert "Asking the model" not in str(last["checks"])


def test_what_was_found_is_kept_and_shown_again(desk: Desk, result: Result) -> None:
    found = ran(desk, desk.results.keep(result))[-1]["shown"].checks
    kept = desk.results.find(result.explanation.request)
    assert kept is not None
    assert kept.checks == found
    again = Result.from_json(kept.to_json())
    assert [score.value for score in again.checks] == pytest.approx([score.value for score in found], rel=1e-6)
    assert display.displayed(kept)["checks"]["value"] is not None
    assert display.displayed(kept)["check"]["visible"] is False
    assert checking.pressed(desk, kept, VISITOR) == {}
    assert '"checks"' not in result.to_json()


def test_each_comes_by_itself_and_a_second_press_keeps_what_is_known(
    desk: Desk, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = checking.pressed(desk, result, VISITOR)

    def stops(before: Callable[..., list[Score]]) -> Callable[..., list[Score]]:
        def run(*arguments: Any, **settings: Any) -> list[Score]:
            pressed.append(checking.pressed(desk, result, VISITOR))
            return before(*arguments, **settings)

        return run

    pressed: list[dict[str, Any]] = []
    with monkeypatch.context() as once:
        once.setitem(trusting._RUN, "shifted", stops(trusting._RUN["shifted"]))
        last = list(checking.run(desk, result, VISITOR, begun["check_ticket"]))[-1]
    for changes in (pressed[0], last):
        assert [score.metric for score in changes["shown"].checks] == METRICS[:-1]
        assert changes["check"]["value"] == display.CHECK_LABEL
        assert "Stopped." in str(changes["checks"])
        assert str(changes["checks"]).count("not checked yet") == 1
    monkeypatch.setattr(trusting, "_RUN", {"shifted": trusting._RUN["shifted"]})
    assert [score.metric for score in ran(desk, last["shown"])[-1]["shown"].checks] == METRICS


def test_the_next_question_ends_it(desk: Desk, result: Result) -> None:
    begun = checking.pressed(desk, result, VISITOR)
    changes = handlers.begin(desk, replace(result.asked(), text="Another text"), VISITOR)
    assert changes["check"] == {"value": display.CHECK_LABEL, "interactive": False, "__type__": "update"}
    assert list(checking.run(desk, result, VISITOR, begun["check_ticket"])) == [{}]
    assert list(checking.run(desk, result, VISITOR, None)) == [{}]


def test_a_limit_or_an_error_keeps_what_is_known_and_says_why(
    desk: Desk, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TooMuchWorkError):
        list(trusting.checking(result, lambda _: None, replace(Limits(), seconds=1e-9)))

    def fails(*_arguments: Any, **_settings: Any) -> list[Score]:
        raise OutOfMemoryError("There is no room for this.", "Shorten the text.")

    monkeypatch.setitem(trusting._RUN, "repeated", fails)
    last = ran(desk, result)[-1]
    assert "Not worked out: There is no room for this." in str(last["checks"])
    assert [score.metric for score in last["shown"].checks] == METRICS[:2]
    assert last["check"]["value"] == display.CHECK_LABEL
    assert last["check"]["visible"] is True


def test_only_finished_results_are_checked(desk: Desk, result: Result) -> None:
    assert checking.pressed(desk, replace(result, finished=False), VISITOR) == {}
    assert "no result at hand" in str(checking.pressed(desk, None, VISITOR)["status"])
