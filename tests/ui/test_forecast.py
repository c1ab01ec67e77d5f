"""What an explained answer will take, said beforehand: what its tokens share counts once, and runs do as much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tokimp.estimating import Estimate
from tokimp.generating import explain_generation
from tokimp.methods.base import build
from tokimp.methods.work import work_of
from tokimp.models.text_model import TextModel
from tokimp.types import Value
from tokimp.ui import revisions, work
from tokimp.ui.desk import Desk
from tokimp.ui.generating import handlers
from tokimp.ui.generating.drafts import Draft, drafted
from tokimp.ui.generating.forecast import forecast
from tokimp.ui.studies import Studied, generation, rows
from tokimp.ui.studies.generation import KEY
from tokimp.ui.studies.rows import TOGETHER, estimate_of_answer, work_of_answer
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", KEY)
TEXT = TEXTS["next-token"]
ANSWER = tuple(range(20, 31))
"""Ids: more than one graph serves, and none like another, as copies that are alike are read once."""

TOKENS = len(ANSWER)
MANY = 30

SHARED: list[tuple[str, dict[str, Value]]] = [
    ("saliency", {}),
    ("attn_lrp", {}),
    ("smoothgrad", {"samples": 3}),
    ("integrated_gradients", {"steps": 4, "adaptive": False}),
    ("occlusion", {}),
    ("occlusion", {"earlier": False}),
]
APART: list[tuple[str, dict[str, Value]]] = [
    ("occlusion", {"replacement": "random"}),
    ("occlusion", {"players": "words"}),
    ("value_zeroing", {"earlier": False}),
    ("gradient_x_attention", {"earlier": False}),
    ("value_zeroing", {}),
    ("attention", {}),
]


def asked(method: str, **options: Any) -> Draft:
    return drafted((TEXT, "", "tiny", method, {"max_new_tokens": 3} | options, False, ""))


def told(lines: list[dict[str, Any]]) -> str:
    return " ".join("".join(text for text, _ in line["parts"]) for line in lines)


@pytest.mark.parametrize(("method", "options"), SHARED + APART)
def test_as_many_evaluations_are_said_as_are_done(decoder: TextModel, method: str, options: dict[str, Value]) -> None:
    found = explain_generation(decoder, TEXT, ANSWER, method=method, **options)  # type: ignore[arg-type]
    expected = work_of_answer(decoder, found.request)
    assert expected.rows == TOKENS
    assert expected.tokens == len(found.rows[-1].tokens)
    assert expected.evaluations == sum(row.evaluations for row in found.rows)
    assert expected.shared == ((method, options) in SHARED)
    each = [
        work_of(build(method, _own(options)), decoder.encode(TEXT, None, row.request.generated)) for row in found.rows
    ]
    if expected.shared:
        assert expected.evaluations < sum(one.evaluations for one in each)


def test_rows_that_share_take_less_than_as_many_alone(decoder: TextModel) -> None:
    request = explain_generation(decoder, TEXT, ANSWER, method="attn_lrp").request
    gradients, copies = (
        work_of_answer(decoder, replace(request, method=method)) for method in ("attn_lrp", "occlusion")
    )
    assert gradients.passes == pytest.approx(TOGETHER * TOKENS * gradients.last, rel=1e-12)
    assert copies.passes == copies.last
    apart = work_of_answer(decoder, replace(request, method="occlusion", options={"replacement": "random"}))
    assert apart.passes < TOKENS * apart.last  # rows before it are shorter
    one = replace(request, options={"first": 2, "end": 3})
    alone = work_of_answer(decoder, one)
    assert (alone.rows, alone.shared, alone.passes) == (1, False, alone.last)


def test_an_answer_that_is_not_written_has_as_many_tokens_as_it_may_have(decoder: TextModel) -> None:
    open_end = asked("occlusion", max_new_tokens=TOKENS).put_to(decoder)
    written = explain_generation(decoder, TEXT, ANSWER, method="occlusion").request
    assert work_of_answer(decoder, open_end) == work_of_answer(decoder, written)


def test_the_time_is_that_of_the_last_row_as_often_as_rows_take(
    decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = explain_generation(decoder, TEXT, None, 4, span=(1, 3), method="lime", samples=16).request  # type: ignore[arg-type]
    expected = work_of_answer(decoder, request)
    seen: list[Any] = []

    def estimated(question: Any, method: str, options: Any) -> Estimate:
        seen.append((question.target.index, question.generated, method, options))
        return Estimate(10, 3.0, 5, 7)

    monkeypatch.setattr(rows, "estimated", estimated)
    found = estimate_of_answer(decoder, request, expected)
    assert seen == [(request.generated[2], request.generated[:2], "lime", {"samples": 16})]
    assert found.seconds == pytest.approx(3.0 * expected.passes / expected.last, rel=1e-12)
    assert found.evaluations == expected.evaluations


def test_much_work_is_said_beforehand(desk: Desk, decoder: TextModel) -> None:
    few, slow = asked("attn_lrp"), asked("shap_text", max_new_tokens=MANY)
    assert forecast(few) == []
    most = sum(min(2 ** (6 + row), 500) for row in range(MANY))
    assert told(forecast(slow)) == f"This takes up to {most:,} evaluations for {MANY} tokens of the answer."
    shown = desk.study(few, lambda _: None)
    pace = replace(shown, seconds=10.0)
    before, now = (work_of_answer(decoder, request) for request in (shown.request, slow.put_to(decoder)))
    written = 3 + 1  # evaluations: a token each, and one reads them all
    assert shown.evaluations == before.evaluations + written
    minutes = 10.0 * now.tokens * now.passes / (before.tokens * (before.passes + written)) / 60
    assert told(forecast(slow, pace)).startswith(f"This takes about {minutes:.0f} min: up to {most:,}")
    other = replace(pace, request=replace(shown.request, model="other"))
    assert forecast(slow, other) == forecast(slow)
    assert f"shared by {MANY} tokens" in told(forecast(asked("smoothgrad", max_new_tokens=MANY)))
    assert "answer" in told(handlers.begin(desk, slow, VISITOR)["status"]["lines"])
    assert forecast(asked("guessing")) == []


def test_nothing_is_said_of_a_model_that_is_not_loaded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "held", lambda _name, _task: None)
    assert forecast(asked("shap_text", max_new_tokens=MANY)) == []
    assert desk.turns.current(VISITOR) is None


@pytest.mark.parametrize("answer", ["", " the girl was"])
def test_the_time_is_said_once_the_answer_stands_there_and_nothing_of_it_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(work, "BEAT", 0.0)
    monkeypatch.setattr(generation, "MANY", 0)
    monkeypatch.setattr(generation, "LONG", 0.0)
    moments: list[work.Moment[Studied]] = []
    question = replace(asked("occlusion"), answer=answer)
    desk.study(question, moments.append)
    said = [place for place, moment in enumerate(moments) if moment.sentence.startswith("This takes about ")]
    first = next(place for place, moment in enumerate(moments) if moment.value is not None and moment.value.value.rows)
    written = [
        place for place, moment in enumerate(moments) if moment.value is not None and not moment.value.value.rows
    ]
    assert len(said) == 1
    assert written[-1] < said[0] < first
    changes = handlers.begin(Desk(), question, VISITOR)
    last = list(handlers.run(desk, question, VISITOR, desk.turns.begin(VISITOR)))[-1]
    assert changes["status"]["lines"]
    assert last["status"]["lines"] == []


def _own(options: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in options.items() if name != "earlier"}
