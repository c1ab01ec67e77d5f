"""A late answer leaves what the visitor did meanwhile, and a question that was taken over has no last word."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tokimp.errors import ModelError
from tokimp.models.text_model import TextModel
from tokimp.ui import aside, compact_network, controls, display, filling, handlers, masks, revisions, work
from tokimp.ui.desk import Desk
from tokimp.ui.generating.asking import DRAWER
from tokimp.ui.state import Asked, Result
from tokimp.ui.studies.wiring import StudyEvents
from tokimp.ui.turns import Turns
from tokimp.ui.visitors import Visitor
from tokimp.ui.zooming import asking

VISITOR = Visitor("a session", "next-token")


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion"), lambda _: None)


def failing(then: Callable[[], object]) -> Callable[..., Any]:
    def fails(*_: object) -> None:
        then()
        raise ModelError("It broke.", "")

    return fails


def test_only_the_turn_that_is_meant_is_ended() -> None:
    turns = Turns()
    first = turns.begin(("one", "task"))
    second = turns.begin(("one", "task"))
    assert turns.taken_over(("one", "task"), first)
    assert not turns.end(("one", "task"), first)
    assert turns.end(("one", "task"), second)
    assert not turns.end(("one", "task"), second)
    assert not turns.taken_over(("one", "task"), first)


def test_a_visitors_questions_are_taken_one_after_the_other() -> None:
    turns, order, waiting = Turns(), [], threading.Event()

    def second() -> None:
        waiting.set()
        with turns.asking(VISITOR) as asked_before:
            order.append(asked_before)

    with turns.asking(VISITOR) as asked_before:
        order.append(asked_before)
        other = threading.Thread(target=second)
        other.start()
        assert waiting.wait(60)
        other.join(0.05)
        assert other.is_alive()
        turns.end(VISITOR)  # also a question that is answered at once is one
    other.join(60)
    assert order == [False, True]


def test_a_tab_that_is_opened_asks_only_where_nothing_was_asked(desk: Desk) -> None:
    tab = AskingTab(desk)
    assert tab.arrive("its own") == ["its own"]
    assert tab.arrive("its own") == ["its own"]
    late = AskingTab(Desk())
    late.ask("request", "the visitor's")
    assert late.arrive("its own") == ["the visitor's"]


class AskingTab(StudyEvents):
    """A tab that keeps what it was asked."""

    view, drawer, asked_in = "asking", DRAWER, ()
    run = stop = busy = take_file = opened = lambda *_: None

    def __init__(self, desk: Desk) -> None:
        self.parts, self.desk, self.asked = {"file": "file"}, desk, []

    def visitor(self, _request: Any) -> Visitor:
        return VISITOR

    def begin(self, visitor: Visitor, values: tuple[Any, ...]) -> dict[str, Any]:
        self.desk.turns.end(visitor)
        self.asked.extend(values)
        return {}

    def arrive(self, *form: Any) -> list[Any]:
        self._arrive("request", None, *form)
        return self.asked


def test_what_is_chosen_stays_where_a_result_only_says_what_is_offered(
    result: Result, decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "held", lambda _name, _task: decoder)
    picked = replace(result.asked(), target=3)
    changes = handlers.finished(picked, result)
    assert changes["method"]["since"] == {"chosen": "occlusion"}
    shown = {name: changes[name]["value"]["since"] for name in ("target", "contrast", "mask")}
    assert shown == {"target": {"chosen": None}, "contrast": {"chosen": None}, "mask": {"chosen": 0}}


def test_the_form_of_another_method_says_how_the_one_before_stood() -> None:
    settings = {"output": "prob", "window": 2}
    form = controls.options_after("lime", settings)
    assert form["since"] == settings
    assert form["fields"] == controls.options_payload("lime", settings)["fields"]


def test_options_of_the_method_before_are_not_asked_of_the_next() -> None:
    options = {"window": 2, "output": "prob", "seed": 3, "unheard": 1}
    asked = handlers.asked_from("next-token", ("a text", "model", "saliency", options, None, None, 0))
    assert (dict(asked.options), asked.output, asked.seed) == ({}, "prob", 3)
    assert filling.taken_by("occlusion", options) == {"window": 2}


def test_a_pick_that_is_not_asked_for_leaves_the_form_at_once(result: Result) -> None:
    form = replace(result.asked(), text="another text", target=7, contrast="word")
    asked = handlers.settled(form, result, keep_picks=False)
    changes = handlers.picks_as_asked({"status": {}}, form, asked, result)
    assert set(changes) == {"status", "target"}
    dropped = changes["target"]["value"]
    assert (dropped["chosen"], dropped["since"]) == (None, {"chosen": 7})
    at_once = handlers.picks_as_asked(display.displayed(result), form, asked, result)
    assert at_once["target"]["value"]["since"] == {"chosen": 7}
    assert at_once["target"]["visible"] is True
    assert at_once["contrast"]["value"]["since"] == {"chosen": None}


def test_opening_the_heatmap_leaves_a_question_on_its_way(result: Result) -> None:
    desk = Desk()
    turn = handlers.begin(desk, replace(result.asked(), text="another text"), VISITOR)["turn"]
    assert handlers.begin_grid(desk, result, VISITOR) == {}
    assert desk.turns.current(VISITOR) == turn


def test_a_heatmap_changes_nothing_but_itself(result: Result) -> None:
    desk = Desk()
    begun = handlers.begin_grid(desk, result, VISITOR)
    last = list(handlers.run_grid(desk, result, VISITOR, begun["turn"]))[-1]
    assert set(last) == {"heat", "shown", "status", "stop", "ran"}


def test_after_an_error_the_visitor_has_no_turn(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(Desk, "answer", failing(lambda: None))
    turn = handlers.begin(desk, result.asked(), VISITOR)["turn"]
    last = list(handlers.run(desk, result.asked(), result, VISITOR, turn))[-1]
    assert last["ran"] == turn
    assert desk.turns.current(VISITOR) is None


def test_an_error_of_a_question_that_was_taken_over_says_nothing(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    turn = handlers.begin(desk, result.asked(), VISITOR)["turn"]
    monkeypatch.setattr(Desk, "answer", failing(lambda: desk.turns.begin(VISITOR)))
    assert list(handlers.run(desk, result.asked(), result, VISITOR, turn))[-1] == {}
    assert desk.turns.current(VISITOR) == turn + 1


def test_a_word_is_masked_on_the_line_that_was_clicked() -> None:
    assert masks.stands("The cat sat", 1, "cat")
    assert not masks.stands("The black cat sat", 1, "cat")
    assert not masks.stands("The", 1, "cat")


def test_the_form_of_what_is_looked_into_says_how_it_stood() -> None:
    changes = {"method": {"label": "Method"}, "options": {"fields": []}, "status": {}}
    told = asking.since(changes, "lime", {"samples": 9})
    assert told["method"]["since"] == {"chosen": "lime"}
    assert told["options"]["since"] == {"samples": 9}
    assert asking.since({"status": {}}, "lime", {}) == {"status": {}}


def test_the_network_of_a_text_before_is_not_shown(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, seen = Desk(), object()
    monkeypatch.setattr(compact_network, "network", lambda *_: {"drawn": True})
    monkeypatch.setattr(Desk, "look", lambda *_: seen)
    assert compact_network.drawn(desk, result, VISITOR)["network"]["value"] == {"drawn": True}
    monkeypatch.setattr(Desk, "look", lambda *_: handlers.ended_beside(desk, VISITOR))
    assert compact_network.drawn(desk, result, VISITOR) == {}
    assert not aside.running(desk, VISITOR, compact_network.KIND)
