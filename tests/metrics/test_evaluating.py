"""One pass: what it yields, what it says of ties, contrasts and words of several tokens, and what it refuses."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

import tokimp
from tests.metrics.explained import WORDS, WORTH, given, sigmoid, some
from tests.models import TEXTS, shared, tiny
from tests.toys import toy
from tokimp.errors import InputError, OptionError
from tokimp.metrics import METRICS, Setting, default_randoms, evaluating
from tokimp.metrics.evaluating import FEWEST, MOST, TOO_FEW
from tokimp.score import Score
from tokimp.watch import Watch

EVERY = list(METRICS)
evaluating_module = sys.modules["tokimp.metrics.evaluating"]


def by_key(scores: list[Score]) -> dict[str, Score]:
    return {score.metric: score for score in scores}


def test_it_streams_first_the_values_then_narrower_and_narrower_knowledge_of_chance() -> None:
    model, e = shared("bert", "classification"), some("bert", "classification")
    seen = list(evaluating(model, e, EVERY, Setting(randoms=20)))
    assert [score.metric for score in seen[0]] == EVERY
    assert all(score.chance is None for score in seen[0])
    counts = [scores[0].chance.randoms for scores in seen[1:] if scores[0].chance]
    assert counts == [4, 8, 16, 20]
    for scores in seen[1:]:
        assert [score.value for score in scores] == [score.value for score in seen[0]]
        assert all(score.chance is not None for score in scores)
    assert seen[-1] == tokimp.evaluate(model, e, EVERY, randoms=20)
    evaluations = [scores[0].evaluations for scores in seen]
    assert evaluations == sorted(evaluations)


def test_progress_goes_up_to_one_and_evaluations_are_counted() -> None:
    model, e = shared("gpt2", "next-token"), some("gpt2", "next-token")
    told: list[float] = []
    watch = Watch(lambda fraction, _: told.append(fraction))
    scores = list(evaluating(model, e, EVERY, Setting(randoms=8), watch))[-1]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 4
    assert {score.evaluations for score in scores} == {watch.evaluations}


def test_a_band_ends_at_once_by_its_reader() -> None:
    model, e = shared("bert", "classification"), some("bert", "classification")
    watch = Watch()
    stream = evaluating(model, e, None, Setting(randoms=200), watch)
    next(stream), next(stream)
    before = watch.evaluations
    stream.close()
    assert watch.evaluations == before


def test_usual_metrics_are_those_of_removal() -> None:
    scores = tokimp.evaluate(shared("bert", "classification"), some("bert", "classification"), randoms=4)
    assert [score.metric for score in scores] == [
        "comprehensiveness",
        "sufficiency",
        "log_odds",
        "deletion",
        "insertion",
    ]


def test_scores_that_are_all_alike_are_worth_what_chance_is() -> None:
    model = toy("additive")
    first, *_, last = evaluating(model, given(model, WORDS, (0.0,) * 4, target="yes"), EVERY, Setting(randoms=8))
    assert [score.value for score in first] == [None] * len(EVERY)
    for score in last:
        assert score.chance is not None
        assert score.value == score.chance.mean
        assert score.better_than_chance is None
        assert "the value is that of chance" in score.notes[-1]
    curve = by_key(last)["deletion"].curve
    assert curve is not None
    assert curve.values == curve.mean


def test_ties_are_broken_both_ways_and_averaged() -> None:
    """Two words share a score: “film” (1) and “bad” (−1); what an order takes first, its opposite takes last."""
    model = toy("additive")
    e = given(model, WORDS, (0.0, 3.0, 1.0, 3.0), target="yes")
    tied = tokimp.evaluate(model, e, fractions=(0.25,), randoms=0)[0]
    either = [sigmoid(2.5) - sigmoid(2.5 - worth) for worth in (1.0, -1.0)]
    assert tied.value == pytest.approx(np.mean(either), abs=1e-6)
    assert "Some tokens share a score: the value is the mean over 4 orders of these." in tied.notes


def test_only_the_order_counts_where_tokens_are_removed() -> None:
    model = toy("additive")
    one, other = (
        tokimp.evaluate(model, given(model, WORDS, scores, target="yes"), randoms=8)
        for scores in (WORTH, (100.0, 0.3, 0.2, -7.0))
    )
    assert one == other


def test_with_a_contrast_it_is_the_probability_among_the_two() -> None:
    model = shared("bert", "classification")
    e = some("bert", "classification", contrast=2)
    score = by_key(tokimp.evaluate(model, e, randoms=0))["deletion"]
    question = tokimp.ask(model, TEXTS["classification"], target=1, contrast=2, output="logit")
    assert score.curve is not None
    assert score.curve.values[0] == pytest.approx(sigmoid(question.output), abs=1e-6)
    assert "Meant is the probability of “neutral” where only it and “positive” may come." in score.notes


def test_a_word_of_several_tokens_counts_as_a_whole() -> None:
    model = shared("gpt2", "next-token")
    question = tokimp.ask(model, TEXTS["next-token"], target=" zzz")
    assert question.target.continuation
    rng = np.random.default_rng(0)
    e = given(model, TEXTS["next-token"], rng.normal(size=len(question.inputs.free)).tolist(), target=" zzz")
    scores = by_key(tokimp.evaluate(model, e, ["deletion", "soft_nc"], randoms=0))
    curve = scores["deletion"].curve
    assert curve is not None
    assert curve.values[0] == pytest.approx(question.probability, rel=1e-4)
    assert any("product of their probabilities" in note for note in scores["deletion"].notes)
    assert any("the first token, not all of “ zzz”" in note for note in scores["soft_nc"].notes)


def test_what_is_explained_in_logits_is_measured_in_probabilities_all_the_same() -> None:
    model = shared("bert", "classification")
    one, other = (
        tokimp.evaluate(model, some("bert", "classification", output=output), randoms=0)
        for output in ("logit", "log_prob")
    )
    assert [score.value for score in one] == [score.value for score in other]


def test_a_value_without_a_probability_has_those_metrics_that_need_none() -> None:
    model = tiny("bert", "classification", num_labels=1, id2label={0: "grade"}, label2id={"grade": 0})
    assert model.link == "identity"
    count = len(tokimp.ask(model, TEXTS["classification"]).inputs.free)
    e = given(model, TEXTS["classification"], list(range(count)))
    found = by_key(tokimp.evaluate(model, e, EVERY, randoms=8))
    assert found["deletion"].unit == "value"
    assert found["deletion"].value is not None
    assert found["deletion"].chance is not None
    assert found["deletion"].curve is not None
    assert found["deletion"].curve.values[0] == pytest.approx(e.output, abs=1e-5)
    for key in ("log_odds", "soft_ns"):
        assert found[key].value is None
        assert found[key].chance is None
        assert "no probability" in found[key].notes[-1]


@pytest.mark.parametrize("text", ["[MASK]", "[MASK] good"])
def test_one_token_has_no_order(text: str) -> None:
    model = shared("bert", "masked-lm")
    scores = tokimp.evaluate(model, tokimp.explain(model, text, "occlusion", target=10), EVERY)
    assert [score.value for score in scores] == [None] * len(EVERY)
    assert {score.notes[-1] for score in scores} == {TOO_FEW}


def test_another_model_is_refused() -> None:
    e = some("bert", "classification")
    with pytest.raises(InputError, match=r"of tiny-bert \(classification\), and the model is tiny-gpt2"):
        tokimp.evaluate(shared("gpt2", "next-token"), e)
    with pytest.raises(InputError, match="Give the model that was explained"):
        tokimp.evaluate(shared("bert", "masked-lm"), e)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"metrics": ["deletions"]}, "Did you mean 'deletion'"),
        ({"fractions": ()}, "fractions will not do"),
        ({"fractions": (0.0, 0.5)}, "above 0"),
        ({"fractions": (1.5,)}, "up to 1"),
        ({"randoms": -1}, "randoms = -1 will not do"),
        ({"removal": "forget"}, "There is no removal"),
    ],
)
def test_what_is_outside_is_refused(asked: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        tokimp.evaluate(shared("bert", "classification"), some("bert", "classification"), **asked)  # type: ignore[arg-type]


def test_the_default_number_of_randoms_shrinks_as_work_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    model = shared("gpt2", "next-token")
    short, long = (tokimp.ask(model, "the film was not good " * times).inputs for times in (1, 7))
    assert default_randoms(model, short) == default_randoms(model, long) == 2 * MOST
    weights = sum(weight.numel() for weight in model.network.parameters()) - model.embeddings.numel()
    copies, steps = 2 * 10, 6
    monkeypatch.setattr(evaluating_module, "OPERATIONS", steps * 2 * weights * copies * len(long) / 2 * 1.001)
    assert default_randoms(model, long) == 2 * steps
    assert default_randoms(model, long, Setting(removal="pad")) == 2 * FEWEST
    assert default_randoms(model, short) == 2 * MOST


def test_an_odd_number_of_randoms_is_rounded_up_to_pairs() -> None:
    scores = tokimp.evaluate(shared("bert", "classification"), some("bert", "classification"), ["deletion"], randoms=5)
    assert scores[0].chance is not None
    assert scores[0].chance.randoms == 6
    assert "Chance: 6 random orders of the same scores" in scores[0].notes[-1]


def test_the_tokens_are_the_explanation_s_own() -> None:
    """A saved explanation is measured as it was made, and comes through JSON as it is."""
    model, e = shared("bert", "classification"), some("bert", "classification")
    again = tokimp.Explanation.from_json(e.to_json())
    assert tokimp.evaluate(model, again, randoms=4) == tokimp.evaluate(model, e, randoms=4)
    shorter = replace(e, request=replace(e.request, text="another text"))
    assert tokimp.evaluate(model, shorter, randoms=4) == tokimp.evaluate(model, e, randoms=4)
