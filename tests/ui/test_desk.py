"""One place for every question: found before it is computed, computed once, ended at its limits."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.models import TEXTS
from tests.ui.gate import Gate
from tokimp.errors import (
    BusyError,
    Cancelled,
    EmptyTextError,
    LinkError,
    OptionError,
    OutOfMemoryError,
    TooMuchWorkError,
    UnknownTargetError,
)
from tokimp.models.text_model import TextModel
from tokimp.store import open_store
from tokimp.ui import background, controls, revisions, wanted, work
from tokimp.ui import desk as desks
from tokimp.ui.desk import Desk, Limits
from tokimp.ui.results import Results
from tokimp.ui.state import Asked, Result

MANY = {"replacement": "random", "repeats": 100}


@pytest.fixture
def model(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> TextModel:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return decoder


@pytest.fixture
def listed(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> TextModel:
    """The model as one of the catalogue's, whose revision is known beforehand."""
    for module in (desks, wanted):
        monkeypatch.setattr(module, "CATALOG", {model.key: None})
    monkeypatch.setattr(revisions, "own", lambda _name, _task: model.revision)
    return model


def question(model: TextModel, **more: Any) -> Asked:
    return replace(Asked(model.task, model.key, TEXTS[model.task], "occlusion"), **more)


def silent(_moment: work.Moment[Any]) -> None:
    return


def forbidden(*_: object) -> Any:
    pytest.fail("this was not to be done")


def finished(desk: Desk) -> None:
    """Waits for what is computed in the background."""
    thread = desk._background._thread
    if thread is not None:
        thread.join(60)
        assert not thread.is_alive()


def test_a_result_is_found_without_the_model(listed: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    first = desk.answer(question(listed), silent)
    monkeypatch.setattr(work, "model_for", forbidden)
    assert desk.answer(question(listed), silent) is first
    assert desk.found(question(listed)) is first
    assert desk.answer(first.asked(), silent) is first
    assert desk.found(question(listed, seed=1)) is None


def test_a_result_outlives_the_desk(model: TextModel, tmp_path: Path) -> None:
    path = str(tmp_path / "results.sqlite")
    first = Desk(Results(open_store(path, tmp_path)))
    before = first.grid(first.answer(question(model), silent), silent)
    first.close()
    second = Desk(Results(open_store(path, tmp_path)))
    after = second.found(before.asked())
    second.close()
    assert after is not None
    assert after.to_json() == before.to_json()


def test_the_same_question_at_once_is_computed_once(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, answers, calls = Desk(), [], []
    compute = work.answer
    start = threading.Barrier(8)
    monkeypatch.setattr(work, "answer", lambda *given: calls.append(1) or compute(*given))

    def ask() -> None:
        start.wait(60)
        answers.append(desk.answer(question(model), silent))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(calls) == 1
    assert len(answers) == 8
    assert len({id(answer) for answer in answers}) == 1


def test_page_programs_and_embeds_never_compute_at_the_same_time(
    listed: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, gate = Desk(), Gate(listed, monkeypatch, last=2)
    request = question(listed, seed=1).request(listed.revision)
    assert desk.wanted(request) is None
    assert gate.reached.wait(60)
    said: list[str] = []

    def leave(moment: work.Moment[Any]) -> None:
        said.append(moment.sentence)
        raise Cancelled

    for ask in (
        lambda: desk.answer(question(listed), leave),
        lambda: desk.predict(question(listed), 3, leave),
    ):
        with pytest.raises(Cancelled):
            ask()
    assert said == ["Waiting for a free turn …"] * 2
    assert gate.batches == 2
    gate.open.set()
    finished(desk)
    assert desk.wanted(request) is not None
    desk.close()


@pytest.mark.parametrize(
    ("limits", "taken"), [(Limits(evaluations=20), "20 evaluations"), (Limits(seconds=1e-9), "0 seconds")]
)
def test_work_ends_at_its_limit_and_keeps_what_it_has(model: TextModel, limits: Limits, taken: str) -> None:
    desk = Desk(limits=limits)
    result = desk.answer(question(model, options=MANY), silent)
    assert not result.finished
    assert result.stopped == " ".join(result.explanation.attribution.notes)
    assert f"Stopped after {taken}" in result.stopped
    assert 1 < result.explanation.evaluations < 100
    assert desk.results.find(result.explanation.request) is None
    assert desk.answer(question(model, options=MANY), silent) is result
    assert 'outcome="unfinished"} 1' in desk.counts.lines()


def test_without_scores_the_limit_is_an_error_that_says_what_to_do(model: TextModel) -> None:
    desk = Desk(limits=Limits(evaluations=1))
    with pytest.raises(TooMuchWorkError, match="Choose a cheaper method"):
        desk.answer(question(model, method="shapley_sampling", options={"budget": 5000}), silent)


def test_a_heatmap_is_kept_with_its_result(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    whole = desk.grid(desk.answer(question(model), silent), silent)
    assert whole.grid is not None
    monkeypatch.setattr(work, "grid", forbidden)
    assert desk.grid(replace(whole, grid=None), silent) is whole
    assert desk.answer(whole.asked(), silent).grid is not None


def test_memory_that_runs_out_is_told_and_the_desk_goes_on(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()

    def exhausted(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried")

    with monkeypatch.context() as patched:
        patched.setattr(model, "logits", exhausted)
        with pytest.raises(OutOfMemoryError) as caught:
            desk.answer(question(model), silent)
        assert caught.value.next_step
        with pytest.raises(OutOfMemoryError):
            desk.predict(question(model), 3, silent)
    assert desk.answer(question(model), silent).finished
    assert 'outcome="failed"} 1' in desk.counts.lines()


def test_an_embed_is_computed_behind_the_page(listed: TextModel) -> None:
    desk = Desk()
    request = question(listed).request("an older revision")
    assert desk.wanted(request, grid=True) is None
    finished(desk)
    result = desk.wanted(request, grid=True)
    assert result is not None
    assert result.grid is not None
    assert result.explanation.request == replace(request, revision=listed.revision)
    desk.close()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"text": " "}, EmptyTextError), ({"method": "guessing"}, OptionError), ({"model": "own/model"}, OptionError),
     ({"text": "half \ud800"}, LinkError)],
)  # fmt: skip
def test_an_embed_that_cannot_be_is_told_at_once(
    listed: TextModel, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Desk().wanted(replace(question(listed).request(listed.revision), **wrong))


def test_what_an_embed_ran_into_is_told_instead_of_tried_for_ever(
    listed: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, request = Desk(), question(listed, target=10**6).request(listed.revision)
    assert desk.wanted(request) is None
    finished(desk)
    monkeypatch.setattr(work, "answer", forbidden)
    with pytest.raises(UnknownTargetError):
        desk.wanted(request)
    desk.close()


def test_the_line_of_embeds_is_bounded_and_closing_ends_it_within_one_batch(
    listed: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, gate = Desk(limits=Limits(embeds=3, per_visitor=2)), Gate(listed, monkeypatch, last=3)

    def want(seed: int, visitor: str) -> Result | None:
        return desk.wanted(question(listed, seed=seed, options=MANY).request(listed.revision), visitor=visitor)

    assert want(1, "one") is None
    assert want(2, "one") is None
    assert want(2, "one") is None  # the same again takes no place
    with pytest.raises(BusyError):
        want(3, "one")
    assert want(4, "another") is None
    with pytest.raises(BusyError):
        want(5, "a third")
    assert gate.reached.wait(60)
    closing = threading.Thread(target=desk.close)
    closing.start()
    while not desk._background._closed:
        continue
    gate.open.set()
    closing.join(60)
    finished(desk)
    assert gate.batches == 3
    with pytest.raises(BusyError):
        want(6, "")


def test_an_embed_that_nobody_asks_for_any_more_is_given_up(listed: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, gate = Desk(), Gate(listed, monkeypatch, last=3)
    request = question(listed, options=MANY).request(listed.revision)
    assert desk.wanted(request) is None
    assert gate.reached.wait(60)
    monkeypatch.setattr(background, "LEASE", -1.0)
    gate.open.set()
    finished(desk)
    assert gate.batches == 3
    assert desk.results.find(request) is None


def test_another_revision_is_the_pages_own_where_no_other_is_taken(
    listed: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    mine = desk.answer(question(listed), silent)
    older = question(listed, revision="older")
    assert desk.found(older) is None  # this page may load it
    monkeypatch.setattr(controls, "any_model_allowed", lambda: False)
    assert desk.found(older) is mine


def test_others_go_first_once_a_visitor_had_their_share(model: TextModel) -> None:
    desk = Desk(limits=Limits(seconds=10.0, share=30.0))
    desk.visitors.spend("one", 12.0)
    assert desk.answer(question(model), silent, visitor="one").finished
    desk.visitors.line = lambda: ["one", "another"]
    with pytest.raises(BusyError, match="Others are waiting"):
        desk.answer(question(model, seed=1), silent, visitor="one")
    assert desk.answer(question(model, seed=1), silent, visitor="another").finished
    assert desk.answer(question(model, seed=1), silent, visitor="another").finished


def test_nothing_of_a_question_is_counted_but_that_it_was(model: TextModel) -> None:
    desk = Desk()
    desk.answer(question(model, text="umbrella"), silent, "api", "203.0.113.9")
    with pytest.raises(UnknownTargetError):
        desk.answer(question(model, target=10**6), silent, "page")
    lines = desk.counts.lines()
    assert 'tokimp_requests_total{kind="api",outcome="computed"} 1' in lines
    assert 'tokimp_requests_total{kind="page",outcome="refused"} 1' in lines
    assert not any(word in lines for word in ("umbrella", "203.0", model.key))
