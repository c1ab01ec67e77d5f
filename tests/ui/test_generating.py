"""What the tab Generation does: an answer written or pasted, its rows as they come, spans, links, programs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tokimp
from tests.models import TEXTS
from tests.ui.posted import as_posted
from tests.views.examples import HOSTILE
from tokimp.errors import TokimpError
from tokimp.generating import explain_generation
from tokimp.generation import GenerationExplanation
from tokimp.models.text_model import TextModel
from tokimp.share import from_link, to_code
from tokimp.types import Request
from tokimp.ui import arguments, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing import opening as comparing_opening
from tokimp.ui.comparing.kinds import KINDS
from tokimp.ui.desk import Desk
from tokimp.ui.forms import Choice, OptionForm
from tokimp.ui.generating import display, forms, handlers, opening
from tokimp.ui.generating.drafts import Draft, draft_of, drafted, of_span
from tokimp.ui.generating.first import first_answer, stored
from tokimp.ui.inside import opening as inside_opening
from tokimp.ui.state import asked_of
from tokimp.ui.studies import STUDIES, Studied
from tokimp.ui.studies.generation import KEY, MOST_NEW_TOKENS
from tokimp.ui.visitors import Visitor
from tokimp.views.embed import figures_embed

VISITOR = Visitor("a session", KEY)
TEXT = TEXTS["next-token"]


def asked(text: str = TEXT, answer: str = "", method: str = "attn_lrp", **options: Any) -> Draft:
    return drafted((text, answer, "tiny", method, {"max_new_tokens": 3} | options, False, ""))


def ran(desk: Desk, question: Any) -> list[dict[str, Any]]:
    changes = handlers.begin(desk, question, VISITOR)
    if "turn" not in changes:
        return [changes]
    return [changes, *handlers.run(desk, question, VISITOR, changes["turn"])]


def told(payload: dict[str, Any]) -> str:
    return " ".join("".join(text for text, _ in line["parts"]) for line in payload.get("value", payload)["lines"])


@pytest.mark.parametrize("answer", ["", " the girl was"])
def test_a_run_ends_with_what_the_package_finds(desk: Desk, decoder: TextModel, answer: str) -> None:
    last = ran(desk, asked(answer=answer))[-1]
    found: GenerationExplanation = last["shown"].value
    expected = explain_generation(decoder, TEXT, answer or None, 3)
    assert found.request.generated == expected.request.generated
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=0, atol=1e-6)
    assert last["shown"].finished
    assert last["stop"]["interactive"] is False
    assert desk.turns.current(VISITOR) is None
    payload = last["explained"]["value"]
    assert payload["finished"]
    assert [from_link(stop["code"]) for stop in payload["stops"][1:]] == [row.request for row in found.rows]
    json.dumps(payload, allow_nan=False)


def test_tokens_come_first_and_then_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.0)
    moments: list[work.Moment[Studied]] = []
    desk.study(asked(method="occlusion"), moments.append)
    values = [moment.value.value for moment in moments if moment.value is not None]
    assert [len(value.log_probs) for value in values][:3] == [1, 2, 3]
    rows = [len(value.rows) for value in values]
    assert rows == sorted(rows)
    assert rows[-1] == 3
    assert {2, 1, 0} <= set(rows)
    assert values[-1].total is not None


def test_what_was_answered_before_is_shown_without_a_turn(desk: Desk) -> None:
    first = ran(desk, asked())[-1]["shown"]
    again = handlers.begin(desk, replace(asked(), revision=first.request.revision), VISITOR)
    assert "turn" not in again
    assert again["shown"] is first
    assert desk.studying.find(first.request) is first  # by the answer that came, too: as its link asks


def test_a_pasted_answer_is_never_taken_for_another(desk: Desk) -> None:
    whole = ran(desk, asked(answer=" the girl"))[-1]["shown"]
    other = replace(asked(answer=" the boy"), revision=whole.request.revision)
    assert desk.studied(other) is None
    assert "turn" in handlers.begin(desk, other, VISITOR)


def test_a_span_of_what_is_shown_is_explained_alone(desk: Desk) -> None:
    shown = ran(desk, asked(method="occlusion"))[-1]["shown"]
    changes = handlers.begin_span(desk, shown, [1, 3], VISITOR)
    last = list(handlers.run(desk, changes["question"], VISITOR, changes["turn"]))[-1]
    found = last["shown"].value
    assert found.span == (1, 3)
    assert found.request.generated == shown.request.generated
    for one, row in zip(found.rows, shown.value.rows[1:], strict=True):
        np.testing.assert_allclose(one.scores, row.scores, rtol=0, atol=1e-6)
    assert of_span(found.request, 0, 3).options == {"max_new_tokens": 3}
    for wrong in ([3, 1], [0], "x", [0, "1"], None):
        assert handlers.begin_span(desk, shown, wrong, VISITOR) == {}
    assert "Press Explain" in told(handlers.begin_span(desk, None, [0, 1], VISITOR)["status"])


def test_stopping_keeps_what_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.0)
    begun = handlers.begin(desk, asked(method="occlusion"), VISITOR)
    last: dict[str, Any] = {}
    for last in handlers.run(desk, begun["question"], VISITOR, begun["turn"]):
        if "explained" in last and "shown" not in last:
            desk.turns.end(VISITOR)
    if last["shown"].finished:  # the last piece was as fast as the stop
        return
    assert told(last["status"]) == "Stopped."
    assert last["share"]["value"] is None
    assert last["explained"]["state"] == "ready"


def test_stopping_in_the_queue_undims(desk: Desk) -> None:
    begun = handlers.begin(desk, asked(), VISITOR)
    assert begun["explained"]["state"] == "stale"
    changes = handlers.stop(desk, VISITOR, (begun["turn"], begun["turn"] - 1))
    assert changes["explained"]["state"] == "ready"
    assert "explained" not in handlers.stop(desk, VISITOR, (begun["turn"], begun["turn"]))
    assert "busy" in told(handlers.busy(desk, VISITOR)["status"])


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (asked(" "), "There is no text yet."),
        (asked("x" * (work.MOST_CHARACTERS + 1)), f"{work.MOST_CHARACTERS:,} are the limit"),
        (asked(max_new_tokens=MOST_NEW_TOKENS + 1), f"At most {MOST_NEW_TOKENS} tokens"),
        (asked(temperature=-1), "temperature"),
        (asked(method="integrated_gradients", steps=0), "steps"),
        (asked(method="guessing"), "There is no method"),
    ],
)
def test_what_will_not_do_is_said_at_once(desk: Desk, question: Draft, sentence: str) -> None:
    changes = ran(desk, question)[-1]
    assert "turn" not in changes
    assert sentence.lower() in told(changes["status"]).lower()


@pytest.mark.parametrize("question", [asked(answer=" "), replace(asked(), system="Be brief.")])
def test_the_model_says_what_only_it_knows(desk: Desk, question: Draft) -> None:
    last = ran(desk, question)[-1]
    assert last["status"]["lines"][0]["kind"] == "error"
    assert last["explained"]["state"] == "ready"


def test_hostile_texts_are_data(desk: Desk) -> None:
    last = ran(desk, asked(HOSTILE[8:25], " <b>${7}"))[-1]
    assert last["shown"].finished
    assert "<script>" not in last["share"]["value"]["embed"][1]
    assert "<script" not in STUDIES[KEY].body(last["shown"])
    assert "<script" not in last["shown"].value.to_html()


def test_the_form_asks_what_the_link_asks(desk: Desk) -> None:
    arrival = Arrival(hub_reachable=False, desk=desk)
    question = replace(asked(method="occlusion", temperature=0.5, seed=7), model="smollm2-135m")
    request = question.request("")
    form = opening.form(arrival, request)
    model, method = (as_posted(Choice(render=False), form[name]) for name in ("model", "method"))
    options = as_posted(OptionForm(render=False), form["options"])
    assert drafted((form["text"], form["answer"], model, method, options, form["is_chat"], "")) == question


def test_of_a_chat_there_stands_what_was_said(desk: Desk) -> None:
    text = "<s>Be brief.<u>Hello<a>"
    roles = ((0, 3, "template"), (3, 12, "system"), (12, 15, "template"), (15, 20, "user"), (20, 23, "template"))
    request = Request("smollm2-135m", "", "next-token", text, "occlusion", view=KEY, roles=roles)  # type: ignore[arg-type]
    form = opening.form(Arrival(hub_reachable=False, desk=desk), request)
    assert (form["text"], form["is_chat"], form["system"]["value"]) == ("Hello", True, "Be brief.")


def test_a_link_opens_its_own_tab_and_shows_what_is_there(desk: Desk) -> None:
    arrival = Arrival(hub_reachable=False, desk=desk)
    query = {"r": to_code(ran(desk, asked())[-1]["shown"].request)}
    assert all(comparing_opening.linked(query, kind) is None for kind in KINDS)
    assert inside_opening.linked(query) is None
    linked = opening.linked(query)
    assert linked is not None
    assert len(linked.generated) == 3
    changes = opening.opened(arrival, linked, VISITOR)
    assert (changes["text"], changes["shown"].finished) == (TEXT, True)
    assert opening.linked({}) is opening.linked({"r": "1damaged"}) is None


@pytest.mark.parametrize("wrong", [{"method": "guessing"}, {"options": {"max_new_tokens": "<b>"}}, {"target": "cat"}])
def test_a_hostile_link_fills_what_will_do_and_says_so(desk: Desk, wrong: dict[str, Any]) -> None:
    request = replace(Request("smollm2-135m", "", "next-token", TEXT, "occlusion", view=KEY), **wrong)
    changes = opening.opened(Arrival(hub_reachable=False, desk=desk), request, VISITOR)
    assert "turn" not in changes
    assert changes["status"]["lines"][0]["kind"] == "error"
    assert changes["options"]["fields"]


def test_a_row_opens_as_an_explanation_of_its_own(desk: Desk) -> None:
    found = ran(desk, asked(method="occlusion"))[-1]["shown"].value
    row = found.rows[2]
    again = desk.answer(asked_of(from_link(to_code(row.request))), lambda _: None).explanation
    assert [token.text for token in again.tokens] == [token.text for token in row.tokens]
    np.testing.assert_allclose(again.scores, row.scores, rtol=0, atol=1e-5)


def test_files_hold_all_of_it(desk: Desk) -> None:
    shown = ran(desk, asked())[-1]["shown"]
    for suffix in (".html", ".csv", ".json"):
        assert handlers.take_file(shown, suffix)["file"]["name"] == f"{KEY}{suffix}"
    assert "There is no such format" in told(handlers.take_file(shown, ".exe")["status"])
    assert "Press Explain" in told(handlers.take_file(None, ".csv")["status"])
    assert handlers.take_file(shown, 7) == {}
    assert GenerationExplanation.from_json(stored(shown)).request == shown.value.request


def test_what_a_program_asks_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "check_model", lambda _name: None)
    given: dict[str, Any] = {"text": TEXT, "model": "tiny", "method": "occlusion", "answer": None, "system": None}
    given |= {"chat": False, "seed": 0, "precision": "fp32", "options": {"max_new_tokens": 3, "window": 2}}
    assert arguments.problems(given) == {}
    assert draft_of(given).options == {"max_new_tokens": 3, "window": 2}
    assert draft_of(given | {"answer": " so"}).options == {"window": 2}
    assert draft_of(given | {"chat": True}).system == ""
    for wrong in ({"options": {"colour": 1}}, {"options": {"max_new_tokens": 10**6}}):
        assert set(arguments.problems(given | wrong)) == {"text"}
    for name, value in (("answer", 7), ("chat", 1), ("system", "x" * (work.MOST_CHARACTERS + 1)), ("method", "no")):
        assert set(arguments.problems(given | {name: value})) == {name}


def test_the_first_answer_is_what_the_form_asks_first() -> None:
    first = first_answer()
    assert first is not None
    question = forms.first(first.request.model)
    assert replace(question.request(first.request.revision), generated=first.request.generated) == first.request
    assert first.value.finished
    desk = Desk()
    Arrival(hub_reachable=False, desk=desk)
    found = desk.studied(replace(question, revision=first.request.revision))
    assert found is first
    assert display.SCREEN.displayed(first)["share"]["value"]["code"]


@pytest.mark.packs
def test_the_first_answer_is_that_of_the_model_that_is_shipped() -> None:
    first = first_answer()
    assert first is not None
    model = tokimp.load(first.request.model)
    assert first.request.revision == model.revision
    written = explain_generation(model, first.request.text, None, 3).request.generated
    assert written == first.request.generated[:3]


@pytest.mark.parametrize("wrong", [{"target": 3}, {"generated": tuple(range(600))}])
def test_studies_refuse_what_is_no_answer(wrong: dict[str, Any]) -> None:
    request = replace(Request("tiny", "", "next-token", TEXT, "occlusion", view=KEY), **wrong)
    with pytest.raises(TokimpError):
        STUDIES[KEY].check(request)


def test_an_embed_is_chosen_without_script(desk: Desk) -> None:
    shown = ran(desk, asked())[-1]["shown"]
    page = figures_embed(STUDIES[KEY].heading(shown), STUDIES[KEY].body(shown)).html
    assert ":checked" in page
    assert page.count('type="radio"') == 4
    assert "<script" not in page
