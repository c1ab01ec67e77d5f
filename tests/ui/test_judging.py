"""What metrics say of a result comes by itself, is kept with it, and ends with the visitor's next question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tokimp.errors import OutOfMemoryError, TooMuchWorkError
from tokimp.metrics import evaluating
from tokimp.models.text_model import TextModel
from tokimp.ui import handlers, judging, trusting, work
from tokimp.ui.desk import Desk
from tokimp.ui.limits import Limits
from tokimp.ui.state import Asked, Result
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "next-token")


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion"), lambda _: None)


def ran(desk: Desk, result: Result) -> list[dict[str, Any]]:
    begun = judging.begin(desk, result, VISITOR)
    return list(judging.run(desk, result, VISITOR, begun["judge"]))


def test_a_finished_result_is_judged_once_it_stands_there(result: Result, decoder: TextModel) -> None:
    desk = Desk()
    turn = handlers.begin(desk, result.asked(), VISITOR)["turn"]
    last = list(handlers.run(desk, result.asked(), None, VISITOR, turn))[-1]
    assert last["judge"]["turn"] == desk.turns.current(Visitor("a session", "next-token judged"))
    changes = list(judging.run(desk, last["shown"], VISITOR, last["judge"]))
    whole = changes[-1]["shown"]
    *_, expected = evaluating(decoder, result.explanation, trusting.CHOSEN)
    assert [score.metric for score in whole.trust] == list(trusting.CHOSEN)
    assert [score.value for score in whole.trust] == [score.value for score in expected]
    assert [score.chance for score in whole.trust] == [score.chance for score in expected]
    assert "Asking the model" not in str(changes[-1]["trust"])
    assert judging.begin(desk, whole, VISITOR) == {}


def test_what_is_known_is_kept_with_the_result(result: Result) -> None:
    desk = Desk()
    whole = ran(desk, desk.results.keep(result))[-1]["shown"]
    found = desk.results.find(result.explanation.request)
    assert found is not None
    assert found.trust == whole.trust
    assert desk.results.keep(result).trust == whole.trust
    again = Result.from_json(found.to_json())
    assert [score.value for score in again.trust] == pytest.approx([score.value for score in whole.trust], rel=1e-6)
    assert judging.judged(desk, result, _nothing).trust == whole.trust


def test_the_next_question_ends_it(result: Result) -> None:
    desk = Desk()
    begun = judging.begin(desk, result, VISITOR)
    handlers.begin(desk, replace(result.asked(), text="Another text"), VISITOR)
    assert list(judging.run(desk, result, VISITOR, begun["judge"])) == [{}]
    assert list(judging.run(desk, result, VISITOR, None)) == [{}]


def test_a_limit_leaves_what_is_known_by_then(result: Result) -> None:
    with pytest.raises(TooMuchWorkError):
        trusting.judged(result, _nothing, replace(Limits(), evaluations=1))
    everything = trusting.judged(result, _nothing, Limits())
    most = everything[0].evaluations - 1
    known = trusting.judged(result, _nothing, replace(Limits(), evaluations=most))
    assert [score.value for score in known] == [score.value for score in everything]
    assert known[0].chance is not None
    assert everything[0].chance is not None
    assert known[0].chance.randoms < everything[0].chance.randoms


def test_an_error_is_told_where_the_numbers_would_stand(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: Any) -> None:
        raise OutOfMemoryError("There is no room for this.", "Shorten the text.")

    monkeypatch.setattr(trusting, "judged", fails)
    (last,) = [changes for changes in ran(Desk(), result) if "Not worked out" in str(changes)]
    assert "There is no room for this." in str(last["trust"])
    assert "shown" not in last


def _nothing(_moment: work.Moment[Result]) -> None:
    return None
