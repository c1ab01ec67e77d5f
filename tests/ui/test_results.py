"""Finished results by their request, in memory and in a store that may hold anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models import TEXTS
from tokimp.models.text_model import TextModel
from tokimp.store import NoStore
from tokimp.ui import work
from tokimp.ui.recent import Recent
from tokimp.ui.results import Results, key_of
from tokimp.ui.state import Asked, Result, asked_of


class Shelf(NoStore):
    """A store in a dictionary."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        self.values[key] = value


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion"), lambda _: None)


def test_what_was_kept_is_found_again_also_by_another_process(result: Result) -> None:
    shelf = Shelf()
    first, second = Results(shelf), Results(shelf)
    request = result.explanation.request
    assert first.find(request) is None
    first.keep(result)
    assert first.find(request) is result
    found = second.find(request)
    assert found is not None
    assert found.to_json() == result.to_json()
    assert found is second.find(request)


def test_a_question_goes_into_its_request_and_back(result: Result) -> None:
    request = result.explanation.request
    assert asked_of(request).request(request.revision) == request
    assert asked_of(request).revision == request.revision


@pytest.mark.parametrize("field", [{"revision": "other"}, {"seed": 1}, {"text": "other"}, {"options": {"window": 2}}])
def test_another_request_is_another_result(result: Result, field: dict[str, object]) -> None:
    results = Results(NoStore())
    results.keep(result)
    assert results.find(replace(result.explanation.request, **field)) is None


def test_unfinished_results_are_not_kept(result: Result) -> None:
    shelf = Shelf()
    Results(shelf).keep(replace(result, finished=False))
    assert shelf.values == {}


def test_a_heatmap_is_not_lost_to_the_same_result_without_it(result: Result) -> None:
    results = Results(Shelf())
    whole = result.with_grid(work.grid(result.asked(), lambda _: None))
    results.keep(whole)
    results.keep(result)
    found = results.find(result.explanation.request)
    assert found is not None
    assert found.grid is not None


@pytest.mark.parametrize(
    "stored", ["", "{", "[]", "{}", "null", '{"explanation": 3}', '{"prediction": {}, "grid": null}']
)
def test_whatever_else_lies_in_the_store_is_no_result(result: Result, stored: str) -> None:
    shelf = Shelf()
    shelf.put(key_of(result.explanation.request) or "", stored)
    assert Results(shelf).find(result.explanation.request) is None


def test_a_result_of_another_question_is_not_passed_off(result: Result) -> None:
    shelf = Shelf()
    asked = replace(result.explanation.request, text="another text")
    shelf.put(key_of(asked) or "", result.to_json())
    assert Results(shelf).find(asked) is None


def test_half_a_character_is_neither_found_nor_kept(result: Result) -> None:
    shelf = Shelf()
    request = replace(result.explanation.request, text="half \ud800")
    Results(shelf).keep(replace(result, explanation=replace(result.explanation, request=request)))
    assert Results(shelf).find(request) is None
    assert shelf.values == {}


def test_memory_holds_the_ones_used_last() -> None:
    recent: Recent[int] = Recent(2)
    for key, value in (("a", 1), ("b", 2)):
        recent.put(key, value)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    assert len(recent) == 2
    recent.clear()
    assert recent.get("a") is None


def test_what_is_remembered_for_no_time_is_forgotten() -> None:
    recent: Recent[int] = Recent(2, seconds=-1.0)
    recent.put("a", 1)
    assert recent.get("a") is None
