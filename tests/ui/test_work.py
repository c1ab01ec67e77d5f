"""Work in the background: refined, bounded, and over within one batch once nobody waits for it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.models import TEXTS
from tests.ui.gate import Gate
from tokimp.errors import Cancelled, EmptyTextError, OptionError, TextTooLongError
from tokimp.models.text_model import TextModel
from tokimp.types import Task
from tokimp.ui import handlers, long_texts, work
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked, Result
from tokimp.ui.turns import Turns
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "classification")
MANY = {"replacement": "random", "repeats": 100}  # batches enough to be stopped among


def asked(model: TextModel, method: str = "occlusion", **more: object) -> Asked:
    fields: dict[str, object] = {"text": TEXTS[model.task], "model": model.key, "task": model.task, "method": method}
    return Asked(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture(params=["classifier", "decoder", "filler"])
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TextModel:
    chosen: TextModel = request.getfixturevalue(request.param)
    monkeypatch.setattr(work, "model_for", lambda _asked: chosen)
    return chosen


def test_last_moment_is_the_result(model: TextModel) -> None:
    question = asked(model)
    moments = list(work.watched(lambda report: work.answer(question, report), lambda: True))
    result = moments[-1].value
    assert [moment.done for moment in moments] == [False] * (len(moments) - 1) + [True]
    assert result is not None
    assert result.finished
    assert result.explanation.request.text == question.text


def test_drafts_have_finite_scores_and_say_that_they_are_drafts(model: TextModel) -> None:
    drafts: list[Result] = []
    work.answer(asked(model), lambda moment: drafts.append(moment.value) if moment.value is not None else None)
    assert drafts
    assert not any(draft.finished for draft in drafts)


def test_moments_count_the_evaluations_so_far(model: TextModel) -> None:
    counts: list[int] = []
    work.answer(asked(model), lambda moment: counts.append(moment.evaluations))
    assert counts == sorted(counts)
    assert counts[-1] >= len(model.encode(TEXTS[model.task]).free)


def test_precision_is_part_of_the_question(model: TextModel) -> None:
    result = work.answer(asked(model, precision="bf16"), lambda _: None)
    assert result.explanation.request.precision == "bf16"
    assert result.asked().precision == "bf16"
    assert model.precision == "fp32"


def test_closing_ends_the_work_within_one_batch(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(model, monkeypatch, last=3)
    moments = work.watched(lambda report: work.answer(asked(model, options=MANY), report), lambda: True)
    gate.until_reached(moments)
    moments.close()  # type: ignore[attr-defined]
    gate.until_over()
    assert gate.batches == 3


def test_stop_ends_the_work_and_says_so(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(model, monkeypatch, last=3)
    desk, question = Desk(), asked(model, options=MANY)
    turn = handlers.begin(desk, question, VISITOR)["turn"]
    changes = handlers.run(desk, question, None, VISITOR, turn)
    gate.until_reached(changes)
    handlers.stop(desk, None, VISITOR, (turn, turn))
    last = list(changes)[-1]
    gate.until_over()
    assert gate.batches == 3
    assert "Stopped" in last["status"]["lines"][0]["parts"][0][0]


def test_the_next_question_ends_the_one_before_without_a_word(
    model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(model, monkeypatch, last=3)
    desk, question = Desk(), asked(model, options=MANY)
    turn = handlers.begin(desk, question, VISITOR)["turn"]
    changes = handlers.run(desk, question, None, VISITOR, turn)
    gate.until_reached(changes)
    handlers.begin(desk, question, VISITOR)
    assert list(changes)[-1] == {}
    gate.until_over()
    assert gate.batches == 3


def test_errors_reach_the_reader() -> None:
    def work_that_fails(_report: object) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(work.watched(work_that_fails, lambda: True))


def test_work_of_a_turn_that_is_over_never_begins() -> None:
    begun: list[object] = []
    with pytest.raises(Cancelled):
        list(work.watched(begun.append, lambda: False))
    assert begun == []


def test_grid_has_a_column_for_each_likely_output(model: TextModel) -> None:
    question = asked(model)
    grid = work.grid(question, lambda _: None)
    result = work.answer(question, lambda _: None)
    count = min(work.GRID_OUTPUTS, len(result.prediction.candidates))
    assert grid.scores.shape == (len(result.explanation.tokens), count)
    assert grid.labels == tuple(candidate.label for candidate in result.prediction.candidates[:count])
    np.testing.assert_allclose(grid.scores[:, 0], result.explanation.scores, rtol=0, atol=1e-5)


def test_grid_shows_the_explained_output_also_when_it_is_unlikely(
    decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    likely = work.answer(asked(decoder), lambda _: None).prediction.candidates
    unlikely = next(i for i in range(len(decoder.embeddings)) if i not in [each.index for each in likely])
    question = asked(decoder, target=unlikely)
    grid = work.grid(question, lambda _: None)
    explained = work.answer(question, lambda _: None).explanation
    np.testing.assert_allclose(grid.scores[:, 0], explained.scores, rtol=0, atol=1e-5)


def test_attention_is_the_same_for_every_output(model: TextModel) -> None:
    assert len(work.grid(asked(model, "attention"), lambda _: None).labels) == 1


@pytest.mark.parametrize(
    ("text", "error"), [("", EmptyTextError), (" \n", EmptyTextError), ("a" * 20_001, TextTooLongError)]
)
def test_lengths_are_checked_behind_the_browser_too(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        work.check_length(text)


def test_tokens_are_limited(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[Task, int] = {model.task: 3}
    monkeypatch.setattr(work, "MOST_TOKENS", limits)
    with pytest.raises(TextTooLongError, match=r"3 are the limit of Attention rollout here\. Choose Occlusion with"):
        work.answer(asked(model, "attention_rollout"), lambda _: None)
    assert work.answer(asked(model), lambda _: None).finished
    monkeypatch.setattr(long_texts, "MOST_WITHOUT_ATTENTION", 3)
    with pytest.raises(TextTooLongError, match="3 are the limit of Occlusion here"):
        work.answer(asked(model), lambda _: None)


def test_long_texts_are_pointed_to_larger_players() -> None:
    long, cjk = "a word " * 130, "日本語" * 100
    for text in (long, cjk):
        assert "sentences or paragraphs" in str(long_texts.players_hint(text, "shapley_sampling", {}))
    nothing = [
        (long[:800], "shapley_sampling", {}),
        (long, "shapley_sampling", {"players": "paragraphs"}),
        (long, "gradient_x_input", {}),
        (long, "guessing", {}),
        ("", "occlusion", {}),
    ]
    assert all(long_texts.players_hint(*each)["lines"] == [] for each in nothing)


def test_a_space_takes_models_of_its_list_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKIMP_ALLOW_ANY_MODEL", raising=False)
    monkeypatch.setenv("SPACE_ID", "someone/page")
    question = Asked("classification", "someone/model", "A text.", "occlusion")
    with pytest.raises(OptionError, match="not in this page's list"):
        work.model_for(question)


def test_turns_are_forgotten_in_the_order_of_their_beginning() -> None:
    turns = Turns(most=2)
    first = turns.begin(("one", "task"))
    assert turns.current(("one", "task")) == first
    assert turns.begin(("one", "task")) != first
    turns.begin(("two", "task"))
    turns.begin(("three", "task"))
    assert turns.current(("one", "task")) is None
    turns.end(("two", "task"))
    assert turns.current(("two", "task")) is None
    assert turns.current(("three", "task")) is not None


def test_time_left_counts_down_between_batches() -> None:
    def work_in_two_batches(report: work.Report[str]) -> str:
        report(work.Moment(fraction=0.5))
        assert read.wait(60)
        return "done"

    read = threading.Event()
    lefts: list[float] = []
    for moment in work.watched(work_in_two_batches, lambda: True):
        if moment.fraction == 0.5 and moment.left is not None:
            lefts.append(moment.left)
        if len(lefts) == 2:
            read.set()
    assert lefts[1] <= lefts[0]
