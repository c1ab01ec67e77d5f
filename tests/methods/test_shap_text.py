"""shap's own explainer on token ids: additive, and exact where its hierarchy is worked through."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests import models
from tests.references import EVERY_CASE, EVERY_OUTPUT, Game, owen, question, shapley
from tests.toys import toy
from tokimp.methods.shap_text import _phrases
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Task
from tokimp.watch import Watch

LONG = "the little girl was not good and the film was bad, a little bad."


def game_of(asked: tokimp.api.Question) -> Game:
    """Value of a coalition of the maskable tokens: the others are masked, or deleted where there is no mask."""
    free = asked.inputs.free
    edit = masking(asked.model, asked.inputs, asked.target)
    scorer = Scorer(asked.model, [asked.target], Watch())

    def game(coalition: frozenset[int]) -> float:
        keep = np.zeros((1, len(asked.inputs)), dtype=bool)
        keep[0, free[sorted(coalition)]] = True
        return float(scorer(edit.copies(keep))[0])

    return game


@EVERY_OUTPUT
@EVERY_CASE
def test_values_and_base_add_up(family: str, task: Task, output: Output) -> None:
    found = question(family, task, output).explain("shap_text")
    assert found.completeness_gap == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("max_evals", [10, 11, 30, 63, 64, 65, 100, 200])
@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("gpt2", "next-token")])
def test_a_budget_too_small_still_adds_up_and_is_kept(family: str, task: Task, max_evals: int) -> None:
    asked = tokimp.ask(models.shared(family, task), LONG)
    found = asked.explain("shap_text", {"max_evals": max_evals})
    assert found.completeness_gap == pytest.approx(0, abs=1e-4)
    assert found.evaluations - asked.evaluations <= max_evals
    assert found.attribution.notes == (
        f"{max_evals} evaluations were not enough to tell all tokens apart: some share evenly.",
    )


@EVERY_CASE
def test_they_are_the_owen_values_of_the_hierarchy(family: str, task: Task) -> None:
    asked = question(family, task)
    found = asked.explain("shap_text")
    assert found.attribution.notes == ()
    players = len(asked.inputs.free)
    wanted = owen(players, _phrases(asked.inputs), game_of(asked))
    np.testing.assert_allclose(found.scores[asked.inputs.free], wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.scores[asked.inputs.fixed], 0)


@pytest.mark.parametrize("text", ["good film", "bad girl"])
@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("gpt2", "next-token")])
def test_two_words_get_their_shapley_values(family: str, task: Task, text: str) -> None:
    asked = tokimp.ask(models.shared(family, task), text)
    found = asked.explain("shap_text")
    np.testing.assert_allclose(found.scores[asked.inputs.free], shapley(2, game_of(asked)), rtol=1e-4, atol=1e-5)


def test_pairs_that_do_not_interact_get_their_shapley_values() -> None:
    """Where interaction stays inside the hierarchy's phrases, Owen values are Shapley values."""
    model = toy(lambda v: v[:, 1] * v[:, 2] + v[:, 3].clamp_min(v[:, 4]))
    asked = tokimp.ask(model, "good film. not bad", target="yes")
    merges = [set(map(int, row[:2])) for row in _phrases(asked.inputs)]
    assert {0, 1} in merges
    found = asked.explain("shap_text")
    game = game_of(asked)
    wanted = owen(5, _phrases(asked.inputs), game)
    np.testing.assert_allclose(found.scores[asked.inputs.free], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(wanted[:2], shapley(5, game)[:2], rtol=1e-6)


def test_pieces_of_a_word_stay_together() -> None:
    inputs = models.shared("bert", "classification").encode("a girls film")
    assert [token.text for token in inputs.tokens] == ["[CLS]", "a", "girl", "s", "film", "[SEP]"]
    first = _phrases(inputs)[0]
    assert set(map(int, first[:2])) == {1, 2}  # "girl" and "s", among the maskable tokens


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_pieces_of_a_word_stay_together_without_marks(family: str) -> None:
    inputs = models.shared(family, "next-token").encode("good girls film")
    texts = [inputs.tokens[i].text for i in inputs.free]
    assert texts == ["good", " girl", "s", " film"]
    assert set(map(int, _phrases(inputs)[0][:2])) == {1, 2}


def test_one_word_gets_everything(classifier: TextModel) -> None:
    found = tokimp.explain(classifier, "good", "shap_text")
    assert found.baseline_output is not None
    np.testing.assert_allclose(found.scores, [0, found.output - found.baseline_output, 0], atol=1e-6)


def test_no_word_at_all_gets_nothing(filler: TextModel) -> None:
    found = tokimp.explain(filler, "[MASK]", "shap_text")
    np.testing.assert_array_equal(found.scores, [0, 0, 0])
    assert found.completeness_gap == pytest.approx(0, abs=1e-6)


def test_seeds_give_the_same_again_and_leave_numpys_generator_alone(classifier: TextModel) -> None:
    np.random.seed(7)
    before = str(np.random.get_state())
    one, again = (tokimp.explain(classifier, LONG, "shap_text", max_evals=30, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.scores, again.scores)
    assert str(np.random.get_state()) == before


def test_it_refines_with_more_evaluations(decoder: TextModel) -> None:
    seen: list[np.ndarray] = []
    asked = tokimp.ask(decoder, LONG)
    found = asked.explain(
        "shap_text", {"max_evals": 300}, watch=lambda _, scores: None if scores is None else seen.append(scores)
    )
    assert len(seen) == 2  # 64, 300
    for scores in seen:
        assert scores.sum() == pytest.approx(seen[-1].sum(), abs=1e-4)
    np.testing.assert_array_equal(seen[-1], found.scores)
