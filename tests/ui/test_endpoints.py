"""The API and the tools over real HTTP: exactly six endpoints, documented, limited, and silent about texts."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tokimp
from tests.models import TEXTS, shared
from tests.ui.called import QUESTION, ROOT, Page
from tests.ui.served import FAMILIES
from tokimp.comparison import Comparison
from tokimp.generating import explain_generation
from tokimp.generation import GenerationExplanation
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seeing import look
from tokimp.internals.looks.seen import Seen
from tokimp.score import Score
from tokimp.share import LONGEST_CODE
from tokimp.types import Explanation, Task
from tokimp.ui import arguments, endpoints, trusting

LEFT_OUT = ("count", "view", "methods", "evaluate", "answer", "system", "chat")
OF_AN_ANSWER = [("seq2seq", "attention", more) for more in ({}, {"generated": [9, 10]})]
SLOW = QUESTION | {"text": "The girl was not", "options": {"replacement": "random", "repeats": 100}}


def test_there_are_exactly_six_endpoints(page: Page) -> None:
    info = page.http.get("/info").json()
    assert set(info["named_endpoints"]) == {"/compare", "/evaluate", "/explain", "/generate", "/inspect", "/predict"}
    assert info["unnamed_endpoints"] == {}
    for endpoint in ("/explain", "/evaluate"):
        names = [each["parameter_name"] for each in info["named_endpoints"][endpoint]["parameters"]]
        assert names == [name for name in arguments.CHECKS if name not in LEFT_OUT]


def test_every_argument_is_documented(page: Page) -> None:
    schemas = {tool["name"]: tool for tool in page.http.get("/mcp/schema").json()} if endpoints.mcp_here() else {}
    for tool in schemas.values():
        properties = tool["inputSchema"]["properties"]
        assert [name for name, each in properties.items() if len(each.get("description", "")) < 20] == []


@pytest.mark.parametrize("task", TEXTS)
def test_an_explanation_comes_back_whole(page: Page, task: Task) -> None:
    question = QUESTION | {"text": TEXTS[task], "task": task}
    kind, (answer,) = page.events("explain", question)[-1]
    assert kind == "complete"
    assert answer.pop("finished") is True
    link = answer.pop("link")
    assert link.startswith(page.address)
    explanation = Explanation.from_json(json.dumps(answer))
    expected = tokimp.explain(shared(FAMILIES[task], task), TEXTS[task], "occlusion")
    np.testing.assert_allclose(explanation.scores, expected.scores, rtol=0, atol=1e-5)
    assert tokimp.Request.from_link(link) == explanation.request


def test_what_is_pinned_and_what_was_written_stand_in_the_question(page: Page) -> None:
    question = QUESTION | {"roles": [[0, 4, "pinned"]], "generated": [9, 10]}
    for endpoint in ("explain", "evaluate"):
        kind, (answer,) = page.events(endpoint, question)[-1]
        assert kind == "complete"
        link = answer.pop("link")
        assert answer.pop("finished") is True
        explanation = Explanation.from_json(json.dumps(answer.get("explanation", answer)))
        assert explanation.request.roles == ((0, 4, "pinned"),)
        assert [token.id for token in explanation.tokens if token.segment == "generated"] == [9, 10]
        pinned = [token.segment == "pinned" for token in explanation.tokens]
        assert pinned == [token.end <= 4 for token in explanation.tokens]
        scores = explanation.scores
        assert not scores[pinned].any()
        assert scores[[not each for each in pinned]].all()
        assert tokimp.Request.from_link(link) == explanation.request


def test_the_longest_texts_and_links_get_through_and_what_is_too_long_for_a_link_has_none(page: Page) -> None:
    one_word = "".join(map(chr, np.random.default_rng(0).integers(0xAC00, 0xD7A3, 19_982)))  # which is unknown
    for text, linked in (("The film was not" + " " * 19_980 + "good", True), (f"The film was good {one_word}", False)):
        kind, (answer,) = page.events("explain", QUESTION | {"text": text, "task": "classification"})[-1]
        assert (kind, len(text), answer["finished"], answer["link"] is not None) == ("complete", 20_000, True, linked)
        assert len(answer["attribution"]["scores"]) == len(answer["tokens"]) < 10
    assert page.http.get(f"{page.address}?r={'1' * LONGEST_CODE}").status_code == 200


def test_a_prediction_comes_back_with_as_many_candidates_as_asked_for(page: Page) -> None:
    question = {"text": TEXTS["next-token"], "task": "next-token", "model": "tiny", "count": 4}
    kind, (answer,) = page.events("predict", question)[-1]
    expected = tokimp.predict(shared("gpt2", "next-token"), TEXTS["next-token"], count=4)
    assert kind == "complete"
    assert [each["label"] for each in answer["candidates"]] == [each.label for each in expected.candidates]
    assert answer["candidates"][0]["prob"] == pytest.approx(expected.candidates[0].prob, abs=1e-6)


@pytest.mark.parametrize(("task", "view", "more"), [*(("next-token", view, {}) for view in LOOKS), *OF_AN_ANSWER])
def test_a_view_comes_back_whole(page: Page, task: Task, view: str, more: dict[str, Any]) -> None:
    question = {"text": TEXTS[task], "task": task, "model": "tiny", "view": view} | more
    kind, (answer,) = page.events("inspect", question)[-1]
    assert kind == "complete"
    link = answer.pop("link")
    seen = Seen.from_json(json.dumps(answer))
    expected = look(shared(FAMILIES[task], task), TEXTS[task], view, **more)
    assert set(seen.arrays) == set(expected.arrays)
    for name, array in expected.arrays.items():
        np.testing.assert_allclose(seen[name], array, rtol=1e-2, atol=1e-4)
    assert tokimp.Request.from_link(link) == seen.request
    assert seen.request.generated == expected.request.generated


def test_a_comparison_comes_back_whole(page: Page) -> None:
    methods = ["occlusion", "saliency"]
    question = {"text": TEXTS["next-token"], "task": "next-token", "model": "tiny", "methods": methods}
    kind, (answer,) = page.events("compare", question)[-1]
    assert kind == "complete"
    link, finished, stopped = (answer.pop(name) for name in ("link", "finished", "stopped"))
    assert (finished, stopped) == (True, "")
    found = Comparison.from_json(json.dumps(answer))
    expected = tokimp.compare(shared("gpt2", "next-token"), TEXTS["next-token"], methods)
    np.testing.assert_allclose(found.consensus, expected.consensus, rtol=0, atol=1e-5)
    assert set(found.scores) == set(methods)
    request = tokimp.Request.from_link(link)
    assert (request.view, request.options["methods"]) == ("compare", "occlusion,saliency")


def test_an_evaluation_comes_back_with_its_explanation(page: Page) -> None:
    kind, (answer,) = page.events("evaluate", QUESTION)[-1]
    assert kind == "complete"
    explanation = Explanation.from_json(json.dumps(answer["explanation"]))
    assert explanation.request.method == "occlusion"
    assert [each["metric"] for each in answer["scores"]] == list(trusting.CHOSEN)
    for each in answer["scores"]:
        score = Score.from_fields({name: value for name, value in each.items() if name != "better_than_chance"})
        assert score.better_than_chance is each["better_than_chance"]
        assert score.chance is not None


def test_work_ends_within_one_batch_once_the_caller_has_gone(page: Page) -> None:
    page.order("shut")
    event = page.join("explain", SLOW).raise_for_status().json()["event_id"]
    with page.http.stream("GET", f"/call/explain/{event}") as stream:
        lines = stream.iter_lines()
        while page.order("count")[1] < 3:
            next(lines)
    while page.order("count")[0]:
        continue
    page.order("open")
    assert page.order("idle") == (0, 3)


def test_nobody_fills_the_queue_alone_whatever_they_say_of_themselves(page: Page) -> None:
    page.order("shut")
    answers = [page.join("explain", SLOW | {"seed": seed}) for seed in range(2)]
    headers = [{}, {"X-Forwarded-For": "203.0.113.9"}, {"X-Tokimp-Visitor": "somebody.else"}]
    refused = [page.join("explain", SLOW | {"seed": 9}, each) for each in headers]
    page.order("open")
    assert [each.status_code for each in answers] == [200, 200]
    assert [each.status_code for each in refused] == [429, 429, 429]
    assert "other questions" in refused[0].json()["detail"]
    for each in answers:
        assert "complete" in page.http.get(f"/call/explain/{each.json()['event_id']}").text
    page.order("idle")
    assert page.join("explain", QUESTION).status_code == 200
    page.order("idle")


def test_the_example_runs(page: Page) -> None:
    command = [sys.executable, "-W", "ignore", "scripts/over_http.py", page.address]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) > 5
    assert page.address in "".join(lines)


@pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason="mcp is optional")
def test_tools_are_the_same_six(page: Page) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.ui.tools", page.address, "tiny"]
    facts = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert set(facts["tools"]) == {"compare", "evaluate", "explain", "generate", "inspect", "predict"}
    assert facts["tools"]["explain"]["required"] == ["text"]
    wrong, told = facts["fine"]
    assert not wrong
    assert len(ast.literal_eval(told)["attribution"]["scores"]) == len(ast.literal_eval(told)["tokens"])
    wrong, told = facts["bad"]
    assert wrong
    assert "20,000 are the limit" in told


def test_tools_are_served_where_their_package_is_of_the_right_version(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"1.30.0": True, "2.0.1": False}
    for version, served in found.items():
        monkeypatch.setattr(endpoints.importlib.metadata, "version", lambda _name, v=version: v)
        assert endpoints.mcp_here() is served


def test_an_answer_comes_back_explained(page: Page) -> None:
    question = {"text": TEXTS["next-token"], "model": "tiny", "method": "occlusion", "options": {"max_new_tokens": 2}}
    kind, (answer,) = page.events("generate", question)[-1]
    assert kind == "complete"
    assert (answer.pop("finished"), answer.pop("stopped")) == (True, "")
    link = answer.pop("link")
    found = GenerationExplanation.from_json(json.dumps(answer))
    expected = explain_generation(shared("gpt2", "next-token"), TEXTS["next-token"], None, 2, method="occlusion")
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=0, atol=1e-5)
    assert tokimp.Request.from_link(link) == found.request
    refused = page.join("generate", question | {"options": {"colour": 1}})
    assert refused.status_code == 422
    assert "colour" in refused.text
