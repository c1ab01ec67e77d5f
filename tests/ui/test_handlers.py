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
from tokimp.ui import display, handlers, sentences, sharing, work
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked, Result
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "next-token")


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    question = Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion")
    return work.answer(question, lambda _: None)


def words(payload: dict[str, Any]) -> str:
    told = payload.get("value", payload)
    return " ".join("".join(text for text, _ in line["parts"]) for line in told["lines"])


def ran(question: Asked, shown: Result | None = None) -> list[dict[str, Any]]:
    desk = Desk()
    turn = handlers.begin(desk, question, VISITOR)["turn"]
    return list(handlers.run(desk, question, shown, VISITOR, turn))


def test_a_run_ends_with_every_part_of_the_result(result: Result) -> None:
    last = ran(result.asked())[-1]
    assert set(display.displayed(result)) <= set(last)
    assert last["shown"].explanation.scores.tolist() == result.explanation.scores.tolist()
    assert last["stop"]["interactive"] is False
    assert words(last["status"]) == ""
    assert words(last["notice"]) == ""


def test_what_was_computed_before_is_shown_without_a_turn(result: Result) -> None:
    desk = Desk()
    asked = replace(result.asked(), revision=result.explanation.request.revision)
    assert "turn" in handlers.begin(desk, asked, VISITOR)
    desk.results.keep(result)
    changes = handlers.begin(desk, asked, VISITOR)
    assert "turn" not in changes
    assert desk.turns.current(VISITOR) is None
    assert changes["shown"].explanation.scores.tolist() == result.explanation.scores.tolist()


def test_a_result_of_another_revision_than_the_links_says_so(result: Result) -> None:
    linked = replace(result.asked(), revision="an older one")
    told = words(handlers.finished(linked, result)["notice"])
    assert "an older one" in told
    assert result.explanation.request.revision in told
    assert "may differ" in told


def test_stopping_in_the_queue_gives_the_earlier_result_back_at_once(result: Result) -> None:
    desk = Desk()
    turn = handlers.begin(desk, replace(result.asked(), text="another text"), VISITOR)["turn"]
    changes = handlers.stop(desk, result, VISITOR, (turn, turn - 1))
    assert "Stopped" in words(changes["status"])
    assert changes["tokens"]["state"] == "ready"
    assert changes["stop"]["interactive"] is False
    assert desk.turns.current(VISITOR) is None


def test_a_full_queue_undims_the_earlier_result(result: Result) -> None:
    changes = handlers.busy(Desk(), result, VISITOR)
    assert words(changes["status"]).startswith("The page is busy.")
    assert changes["tokens"]["state"] == "ready"
    assert "text" not in changes


def test_a_heatmap_is_asked_for_once(result: Result) -> None:
    desk = Desk()
    begun = handlers.begin_grid(desk, result, VISITOR)
    assert begun["question"] is None
    last = list(handlers.run_grid(desk, result, VISITOR, begun["turn"]))[-1]
    assert last["shown"].grid is not None
    assert handlers.begin_grid(desk, last["shown"], VISITOR) == {}


def test_a_forgotten_result_is_found_by_its_link(result: Result) -> None:
    desk, share = Desk(), sharing.share_payload(result)
    assert handlers.at_hand(desk, None, share) is None
    desk.results.keep(result)
    assert handlers.at_hand(desk, None, share) is result
    assert handlers.at_hand(desk, result, None) is result
    for other in (None, {}, {"code": None}, {"code": "1damaged"}, {"code": 7}):
        assert handlers.at_hand(desk, None, other) is None


def test_what_is_asked_of_a_forgotten_result_asks_for_explain() -> None:
    for changes in (handlers.begin_grid(Desk(), None, VISITOR), handlers.take_file(None, ".html", {"page": "x"})):
        assert list(changes) == ["status"]
        assert words(changes["status"]) == "There is no result at hand. Press Explain."


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

    monkeypatch.setattr(Desk, "answer", fails)
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
    assert display.displayed(result)["history_fold"]["visible"] is False
    count = len(result.explanation.tokens)
    attribution = replace(result.explanation.attribution, history=np.ones((3, count)))
    walked = replace(result, explanation=replace(result.explanation, attribution=attribution))
    assert display.displayed(walked)["history_fold"]["visible"] is True
    assert display.displayed(walked)["history"]["value"]["tree"]


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
