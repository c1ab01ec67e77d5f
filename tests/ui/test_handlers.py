"""What the zones are told: results, drafts, errors; and picks that no longer fit are dropped."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.errors import UnknownTargetError
from tokimp.models.text_model import TextModel
from tokimp.ui import handlers, sentences, work
from tokimp.ui.state import Asked, Result

VISITOR = ("a session", "next-token")


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    question = Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion")
    return work.answer(question, lambda _: None)


def words(payload: dict[str, Any]) -> str:
    told = payload.get("value", payload)
    return " ".join("".join(text for text, _ in line["parts"]) for line in told["lines"])


def ran(question: Asked, shown: Result | None = None) -> list[dict[str, Any]]:
    turn = handlers.begin(VISITOR)["turn"]
    return list(handlers.run(question, shown, VISITOR, turn))


def test_a_run_ends_with_every_part_of_the_result(result: Result) -> None:
    last = ran(result.asked())[-1]
    assert set(handlers.displayed(result)) <= set(last)
    assert last["shown"].explanation.scores.tolist() == result.explanation.scores.tolist()
    assert last["stop"]["interactive"] is False
    assert words(last["status"]) == ""


def test_an_error_says_what_to_do_and_undims_the_earlier_result(result: Result) -> None:
    last = ran(replace(result.asked(), text="  "), result)[-1]
    assert words(last["status"]) == "There is no text yet. Type or paste one."
    assert last["status"]["lines"][0]["kind"] == "error"
    assert last["tokens"]["state"] == "ready"
    assert "shown" not in last
    assert "text" not in last


def test_what_nobody_foresaw_is_told_without_details_and_logged_without_words(
    result: Result, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("a secret text")

    monkeypatch.setattr(work, "answer", fails)
    with caplog.at_level(logging.ERROR, "tokimp"):
        last = ran(result.asked(), result)[-1]
    assert words(last["status"]).startswith("Something went wrong here.")
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text + json.dumps(last["status"])


def test_stopped_scores_say_that_they_are_unfinished(result: Result) -> None:
    draft = replace(result, finished=False)
    assert "unfinished" in words(handlers.stopped(draft, None)["limits"])
    assert "unfinished" not in words(sentences.limits(result))


@pytest.mark.parametrize(
    ("change", "keep_picks", "kept"),
    [
        ({}, False, True),
        ({"text": "another text"}, False, False),
        ({"text": "another text"}, True, True),
        ({"model": "another"}, True, False),
    ],
)
def test_candidates_of_another_text_or_model_are_dropped(
    result: Result, change: dict[str, str], keep_picks: bool, kept: bool
) -> None:
    question = replace(result.asked(), target=5, contrast=6, **change)  # type: ignore[arg-type]
    settled = handlers.settled(question, result, keep_picks)
    assert (settled.target, settled.contrast) == ((5, 6) if kept else (None, None))
    typed = handlers.settled(replace(question, target="girl", contrast="boy"), result, keep_picks)
    assert (typed.target, typed.contrast) == ("girl", "boy")


def test_a_mask_that_is_gone_is_not_asked_for() -> None:
    question = Asked("masked-lm", "any", "a [MASK] b", "occlusion", mask=1)
    assert handlers.settled(question, None, keep_picks=True).mask == 0
    assert handlers.settled(replace(question, text="[MASK] [MASK]"), None, keep_picks=True).mask == 1


def test_form_values_become_a_question() -> None:
    options = {"repeats": 3, "output": "prob", "seed": 7, "precision": "bf16"}
    question = handlers.asked_from("next-token", ("text", "gpt2", "occlusion", options, 5, "boy", None))
    assert question == Asked("next-token", "gpt2", "text", "occlusion", 5, "boy", 0, "prob", 7, "bf16", {"repeats": 3})


def test_form_values_of_a_strange_kind_do_no_harm() -> None:
    options = {"output": ["prob"], "seed": "x", "precision": 16}
    question = handlers.asked_from("next-token", (None, None, "occlusion", options, None, None, "1"))
    assert question == Asked("next-token", "", "", "occlusion")


def test_progress_tells_what_was_done_and_what_is_left() -> None:
    assert words(sentences.progress(None, None)) == "Reading the text …"
    assert words(sentences.progress(0.25, 12.3, 1280)) == "25\u202f% · 1,280 evaluations · about 12 s left"
    assert words(sentences.progress(0.5, 0.4, 1)) == "50\u202f% · 1 evaluation"


def test_a_contrast_that_makes_no_difference_is_told(result: Result) -> None:
    contrast = result.prediction.candidates[1].index
    told = words(sentences.limits(work.answer(replace(result.asked(), contrast=contrast), lambda _: None)))
    assert "makes no difference" not in told
    alike = replace(result.asked(), method="attention", contrast=contrast)
    told = words(sentences.limits(work.answer(alike, lambda _: None)))
    assert "makes no difference" in told
    assert "makes no difference" not in words(
        sentences.limits(work.answer(replace(alike, contrast=None), lambda _: None))
    )


def test_only_results_with_steps_tell_how_they_came_to_be(result: Result) -> None:
    assert handlers.displayed(result)["history_fold"]["visible"] is False
    count = len(result.explanation.tokens)
    attribution = replace(result.explanation.attribution, history=np.ones((3, count)))
    walked = replace(result, explanation=replace(result.explanation, attribution=attribution))
    assert handlers.displayed(walked)["history_fold"]["visible"] is True
    assert handlers.displayed(walked)["history"]["value"]["tree"]


def test_the_spelling_that_was_found_is_told(result: Result) -> None:
    spelled = work.answer(replace(result.asked(), target="girl"), lambda _: None)
    label = spelled.explanation.target.label
    told = words(sentences.explained(spelled.explanation))
    assert ("Typed was “girl”" in told) == (label != "girl")
    assert f"“{label}”" in told


def test_an_error_with_a_visitors_word_stays_text() -> None:
    happened, next_step = "'<b>${1}</b>' is no class of this model.", "Choose among: a, b."
    parts = [[happened, "strong"], [f" {next_step}", ""]]
    told = sentences.failed(UnknownTargetError(happened, next_step))
    assert told["lines"] == [{"kind": "error", "parts": parts}]


def test_a_result_survives_storing(result: Result) -> None:
    whole = result.with_grid(work.grid(result.asked(), lambda _: None))
    again = Result.from_json(whole.to_json())
    assert again.to_json() == whole.to_json()
    assert again.asked() == whole.asked()
    assert again.prediction.tokens == whole.prediction.tokens


def test_files_to_take_away_hold_the_explanation(result: Result) -> None:
    assert handlers.page_file(result)["text"] == result.explanation.to_html()
    assert json.loads(handlers.data_file(result)["text"])["request"]["text"] == result.asked().text
    assert handlers.page_file(None) is None
