"""The drawer "Why this token?": a click opens it, reasons fill it, a link opens it again."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

import tokimp
from tests.models import TEXTS
from tokimp.errors import OptionError
from tokimp.models.text_model import TextModel
from tokimp.share import from_link, to_code
from tokimp.ui import handlers, whying, work
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked, Result
from tokimp.ui.studies import STUDIES, Studied, why
from tokimp.ui.visitors import Visitor
from tokimp.watch import Watch

VISITOR = Visitor("a session", "next-token")
TOKEN = 1


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "gradient_x_input"), lambda _: None)


def ran(desk: Desk, result: Result, token: int = TOKEN) -> list[dict[str, Any]]:
    begun = whying.begin(desk, result.explanation, token, VISITOR)
    return list(whying.run(desk, result.explanation, token, VISITOR, begun["why_ticket"]))


def sentences_of(tree: Any) -> str:
    return tree[2] if isinstance(tree[2], str) else "".join(map(sentences_of, tree[2]))


def test_a_click_fills_the_drawer_with_reasons(result: Result, decoder: TextModel) -> None:
    desk = Desk()
    begun = whying.begin(desk, result.explanation, TOKEN, VISITOR)
    assert begun["why_fold"]["open"] is True
    assert begun["why_token"] == TOKEN
    last = ran(desk, result)[-1]
    said = sentences_of(last["why"]["value"]["tree"])
    expected = tokimp.why(decoder, result.explanation, TOKEN)
    assert expected.sentence in said
    for reason in expected.reasons:
        assert reason.sentence in said
    assert from_link(last["why_share"]["value"]["code"]) == why.asked_about(result.explanation.request, TOKEN)


def test_another_question_empties_the_drawer_and_what_can_be_taken_of_it() -> None:
    changes = whying.cleared(Desk(), VISITOR)
    assert {name: change["value"] for name, change in changes.items()} == {"why": None, "why_share": None}
    assert changes["why"] is not changes["why_share"]  # Gradio changes what it is given


def test_what_is_known_is_there_at_once(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    ran(desk, result)
    monkeypatch.setattr(why, "reasons", None)
    assert "tree" in ran(desk, result)[-1]["why"]["value"]
    file = whying.take_file(desk, result.explanation, TOKEN, ".csv")["file"]
    assert base64.b64decode(file["data"]).startswith(b"token,position,reason,")
    page = base64.b64decode(whying.take_file(desk, result.explanation, TOKEN, ".html")["file"]["data"]).decode()
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "forgotten" in str(whying.take_file(Desk(), result.explanation, TOKEN, ".csv"))


def test_only_tokens_of_finished_results_are_asked_about(result: Result) -> None:
    desk = Desk()
    count = len(result.explanation.tokens)
    for token in (-1, count, None, "1", 1.0):
        assert whying.begin(desk, result.explanation, token, VISITOR) == {}
    assert whying.begin(desk, None, TOKEN, VISITOR) == {}
    assert whying.explanation_of(replace(result, finished=False)) is None


def test_the_next_question_empties_the_drawer(result: Result) -> None:
    desk = Desk()
    begun = whying.begin(desk, result.explanation, TOKEN, VISITOR)
    changes = handlers.begin(desk, replace(result.asked(), text="Another text"), VISITOR)
    assert changes["why"]["value"] is None
    assert list(whying.run(desk, result.explanation, TOKEN, VISITOR, begun["why_ticket"])) == [{}]


def test_a_link_asks_the_same_again(result: Result, decoder: TextModel) -> None:
    request = why.asked_about(result.explanation.request, TOKEN)
    assert from_link(to_code(request)) == request
    assert why.explained_by(request) == (result.explanation.request, TOKEN)
    study, watch = STUDIES[why.KEY], Watch()
    study.check(request)
    *_, found = study.run(decoder, request, watch)
    expected = tokimp.why(decoder, result.explanation, TOKEN)
    assert [reason.numbers for reason in found.reasons] == [reason.numbers for reason in expected.reasons]
    assert watch.evaluations == expected.evaluations + result.explanation.evaluations
    body = study.body(Studied(request, found))
    assert "<script" not in body
    assert found.reasons[0].numbers[0].name in body


@pytest.mark.parametrize("token", [None, "1", True, -1, 1.5])
def test_a_link_without_a_token_is_none(result: Result, token: Any) -> None:
    request = replace(result.explanation.request, view="why", options={"token": token})
    with pytest.raises(OptionError, match="No token"):
        STUDIES[why.KEY].check(request)
