"""What the API and the tools refuse, before it waits and with a sentence that repeats nothing of what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.called import QUESTION, SECRET, Page
from tokimp.methods import METHODS


@pytest.mark.parametrize(
    "wrong",
    [
        {"methods": "occlusion"},
        {"methods": []},
        {"methods": [7]},
        {"methods": ["guessing"]},
        {"methods": ["occlusion,saliency"]},
        {"methods": [*METHODS][:13]},
        {"evaluate": 1},
    ],
)
def test_methods_that_are_none_are_refused_before_the_queue(page: Page, wrong: dict[str, Any]) -> None:
    answer = page.join("compare", {"text": "the film", "model": "tiny"} | wrong)
    assert answer.status_code == 422
    told = {each["parameter_name"]: each["message"] for each in answer.json()["detail"] if not each["is_valid"]}
    assert set(told) == set(wrong)


@pytest.mark.parametrize("wrong", [{"view": "guess"}, {"view": 7}, {"options": {"layer": "x"}}, {"options": [1]}])
def test_a_view_that_is_none_is_refused_before_the_queue(page: Page, wrong: dict[str, Any]) -> None:
    answer = page.join("inspect", {"text": "the film", "model": "tiny"} | wrong)
    assert answer.status_code == 422
    told = {each["parameter_name"]: each["message"] for each in answer.json()["detail"] if not each["is_valid"]}
    assert set(told) == set(wrong)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"text": "x" * 20_001}, "text"),
        ({"text": " "}, "text"),
        ({"text": 7}, "text"),
        ({"text": f"{SECRET} \ud800"}, "text"),
        ({"text": " ".join([SECRET] * 100)}, "text"),  # more tokens than the model takes
        ({"model": ["a"]}, "model"),
        ({"model": "gpt2", "task": "classification"}, "task"),
        ({"task": "poetry"}, "task"),
        ({"method": "guessing"}, "method"),
        ({"method": None}, "method"),
        ({"target": {}}, "target"),
        ({"contrast": "x" * 600}, "contrast"),
        ({"output": "loss"}, "output"),
        ({"mask": -1}, "mask"),
        ({"seed": 0.5}, "seed"),
        ({"seed": 2**40}, "seed"),
        ({"precision": "int8"}, "precision"),
        ({"options": {"steps": 3}}, "options"),
        ({"options": [1]}, "options"),
        ({"generated": [0.5]}, "generated"),
        ({"generated": "ids"}, "generated"),
        ({"roles": [[0, 4]]}, "roles"),
        ({"roles": [[4, 0, "pinned"]]}, "roles"),
        ({"roles": [[0, 4, SECRET]]}, "roles"),
        ({"roles": "pinned"}, "roles"),
    ],
)
def test_what_will_not_do_is_told_with_422_before_it_waits(page: Page, wrong: dict[str, Any], named: str) -> None:
    answer = page.join("explain", QUESTION | wrong)
    assert answer.status_code == 422
    told = {each["parameter_name"]: each["message"] for each in answer.json()["detail"] if not each["is_valid"]}
    assert set(told) == {named}
    assert told[named].endswith(".")


def test_what_only_the_model_finds_out_is_told_in_a_sentence(page: Page) -> None:
    kind, told = page.events("explain", QUESTION | {"target": 10**6})[-1]
    assert kind == "error"
    assert told["error"].endswith(".")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/call/nothing", {"data": []}, 404),
        ("/call/v2/nothing", {}, 404),
        ("/queue/join", {"data": [], "fn_index": 99, "session_hash": "x"}, 404),
        ("/queue/join", {"data": [SECRET], "fn_index": 0, "session_hash": "x"}, 422),
        ("/queue/join", [SECRET], 422),
        ("/call/explain", {"data": [SECRET]}, 422),
        ("/call/explain", {"data": None}, 422),
        ("/call/v2/explain", {"text": SECRET, "colour": 1}, 422),
        ("/call/v2/explain", {"model": SECRET}, 422),
        ("/run/explain", {"data": [SECRET, *[None] * 12]}, 404),  # past the queue
        ("/call/explain", {"data": ["x" * 2**21]}, 413),
        ("/queue/join%0a", {"data": [SECRET], "fn_index": 0, "session_hash": "x"}, 404),
        ("/call/explain%0A", {"data": [SECRET]}, 404),
    ],
)
def test_misshapen_calls_are_refused_without_a_trace(page: Page, path: str, body: Any, status: int) -> None:
    assert page.http.post(path, json=body).status_code == status


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(page: Page, body: bytes) -> None:
    answer = page.http.post("/call/explain", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
