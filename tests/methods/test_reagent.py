"""ReAGent: when it stops, what it says of its way there, and how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokimp
from tests import models
from tests.models import TEXTS, tiny
from tests.references import question, widened
from tests.toys import toy
from tokimp.errors import MethodUnavailableError
from tokimp.methods import reagent
from tokimp.models.text_model import TextModel
from tokimp.types import Task

TELLING = "good girl of the little film you"  # "yes" where the first word is worth more than 1.5: only "good" is


def telling() -> TextModel:
    return toy(lambda values: values[:, 1] - 1.5)


def runs_of(found: tokimp.Explanation) -> list[list[dict[str, Any]]]:
    """Each run's facts, step by step."""
    rows = [facts for row in found.attribution.iterations for facts in row["runs"]]
    return [[facts for facts in rows if facts["run"] == run] for run in range(1 + max(row["run"] for row in rows))]


def test_a_run_stops_when_the_telling_word_is_among_the_kept() -> None:
    """ "good" alone makes it "yes": the test is passed if and only if it is kept."""
    for seed in range(5):
        found = tokimp.explain(telling(), TELLING, "reagent", target="yes", seed=seed)
        for run in runs_of(found):
            assert [facts["rank"] for facts in run] == [1 if 1 in facts["kept"] else 2 for facts in run]
            assert [facts["stopped"] for facts in run] == [False] * (len(run) - 1) + [True]
            assert all(len(facts["kept"]) == 3 and len(facts["replaced"]) == 2 for facts in run)  # of 7 tokens
        steps = [len(run) for run in runs_of(found)]
        assert f"All 10 runs stopped, after {min(steps)}" in found.attribution.notes[0]
        assert "with all but the best 3 of 7 tokens replaced, “yes” was still first." in found.attribution.notes[0]


def test_the_telling_word_comes_first_on_average() -> None:
    scores, errors = [], []
    for seed in range(6):
        found = tokimp.explain(telling(), TELLING, "reagent", target="yes", seed=seed, runs=20, keep=0.05)
        assert found.stderr is not None
        scores.append(found.scores)
        errors.append(found.stderr)
    mean = np.mean(scores, axis=0)
    assert mean.argmax() == 1
    assert mean[1] > 3 * np.delete(mean, 1).max()
    # The spread between seeds is what the standard errors say.
    np.testing.assert_allclose(np.std(scores, axis=0, ddof=1).mean(), np.mean(errors), rtol=0.5)


def test_without_passing_it_ends_after_the_last_step() -> None:
    model = toy(lambda values: 0.25 - (values[:, 1] - 2).abs() - (values[:, 2] - 1).abs())  # needs both, and keeps one
    found = tokimp.explain(model, "good film", "reagent", target="yes", max_steps=7)
    assert len(found.attribution.iterations) == 7
    assert all(row["rank"] == 2 for row in found.attribution.iterations)
    assert notes(found)[0] == (
        "Not converged: 10 of 10 runs took all 7 steps; "
        "with all but the best 1 of 2 tokens replaced, “yes” is not first."
    )
    alone = tokimp.explain(model, "good film", "reagent", target="yes", max_steps=1, runs=1)
    assert notes(alone)[0].startswith("Not converged: the run took all 1 step; with all but")


def test_an_unlikely_target_is_asked_for_no_better_than_its_own_rank() -> None:
    model = models.shared("gpt2", "next-token")
    said = tokimp.predict(model, TEXTS["next-token"], count=12)
    found = tokimp.explain(model, TEXTS["next-token"], "reagent", target=said.candidates[9].index, max_steps=3)
    label = said.candidates[9].label
    assert any(
        note == f"“{label}” ranks only 10 on the whole text, so the test asks for no more." for note in notes(found)
    )
    assert {row["top"] for row in found.attribution.iterations} == {10}


@pytest.mark.parametrize(("labels", "top_k", "top"), [(2, 3, 1), (3, 3, 1), (6, 3, 3), (6, 1, 1), (28, 3, 3)])
def test_of_few_classes_the_better_half_counts(labels: int, top_k: int, top: int) -> None:
    names = {str(i): i for i in range(labels)}
    model = tiny("bert", "classification", id2label={i: name for name, i in names.items()}, label2id=names)
    found = tokimp.explain(model, "good film", "reagent", top_k=top_k, max_steps=2)
    assert {row["top"] for row in found.attribution.iterations} == {top}


def notes(found: tokimp.Explanation) -> tuple[str, ...]:
    return found.attribution.notes


@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("gpt2", "next-token")])
def test_the_history_ends_in_the_result(family: str, task: Task) -> None:
    found = question(family, task).explain("reagent", {"max_steps": 30}, seed=2)
    history, rows = found.attribution.history, found.attribution.iterations
    assert history is not None
    np.testing.assert_array_equal(history[-1], found.scores)
    np.testing.assert_allclose(history.sum(1), 1)
    np.testing.assert_array_equal(history[:, [token.special for token in found.tokens]], 0)
    assert [row["step"] for row in rows] == list(range(1, len(history) + 1))
    each = runs_of(found)
    for step, row in enumerate(rows):
        now = [run[min(step, len(run) - 1)] for run in each]
        assert row["rank"] == max(facts["rank"] for facts in now)
        assert row["probability"] == pytest.approx(np.mean([facts["probability"] for facts in now]))
    for run in each:
        for facts in run:
            assert len(facts["by"]) == len(facts["replaced"])
            assert -1 <= facts["change"] <= 1


def test_the_first_run_is_the_same_in_company_and_the_error_is_the_spread() -> None:
    asked = question("gpt2", "next-token", contrast=False)
    alone, both = (asked.explain("reagent", {"runs": runs, "max_steps": 10}, seed=4) for runs in (1, 2))
    for one, same in zip(runs_of(alone)[0], runs_of(both)[0], strict=True):
        assert one == {
            name: pytest.approx(fact, abs=1e-7) if isinstance(fact, float) else fact for name, fact in same.items()
        }
    second = 2 * both.scores - alone.scores
    np.testing.assert_allclose(both.stderr, np.abs(alone.scores - second) / 2 * widened(2), atol=1e-6)
    assert alone.stderr is None
    assert "One random run: how far it would vary is not known. Raise the runs." in notes(alone)
    assert "One random run" not in " ".join(notes(both))


def test_steps_drawn_ahead_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question("gpt2", "next-token", contrast=False)
    wanted = asked.explain("reagent", {"max_steps": 40}, seed=1)
    for look, first in ((1, 1), (64, 9)):
        monkeypatch.setattr(reagent, "LOOK", look)
        monkeypatch.setattr(reagent, "FIRST_STEPS", first)
        found = asked.explain("reagent", {"max_steps": 40}, seed=1)
        np.testing.assert_allclose(found.attribution.history, wanted.attribution.history, atol=1e-6)
        assert [row["rank"] for row in found.attribution.iterations] == [
            row["rank"] for row in wanted.attribution.iterations
        ]


def test_other_seeds_draw_otherwise() -> None:
    asked = question("gpt2", "next-token")
    one, other = (asked.explain("reagent", {"max_steps": 3}, seed=seed) for seed in (0, 1))
    assert np.abs(one.scores - other.scores).max() > 0.01


def test_scores_that_hardly_moved_say_so() -> None:
    model = toy(lambda values: values[:, 1] * 0.01 + 1)
    found = tokimp.explain(model, TELLING, "reagent", target="yes")
    assert "The steps moved the scores less than their random start: they say little yet." in notes(found)
    assert "random start" not in " ".join(notes(tokimp.explain(telling(), TELLING, "reagent", target="yes", runs=20)))


@pytest.mark.parametrize(("text", "scores"), [("good", [0, 1, 0]), ("[MASK]", [0, 0, 0])])
def test_without_two_tokens_there_is_nothing_to_compare(text: str, scores: list[float]) -> None:
    model = toy("first") if text == "good" else models.shared("bert", "masked-lm")
    found = tokimp.explain(model, text, "reagent")
    assert found.scores.tolist() == scores
    assert found.attribution.history is not None
    assert found.attribution.history.tolist() == [scores]
    assert len(found.attribution.iterations) == 1


def test_a_bare_number_has_no_probability() -> None:
    model = tiny("bert", "classification", id2label={0: "grade"}, label2id={"grade": 0})
    with pytest.raises(MethodUnavailableError, match="ReAGent needs probabilities"):
        tokimp.explain(model, "good film", "reagent")


def test_what_is_put_in_is_shown_as_text() -> None:
    found = question("gpt2", "next-token").explain("reagent", {"replacement": "random", "runs": 50, "top_k": 1})
    words = [word for run in runs_of(found) for facts in run for word in facts["by"]]
    assert any(word.startswith(" ") for word in words)
    assert not any("Ġ" in word for word in words)
