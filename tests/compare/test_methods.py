"""Several methods on one text: asked once, streamed, stopped, and never stopped by one that cannot."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.models import ROWS, TEXTS, shared
from tests.toys import toy
from tokimp.api import ask, explain
from tokimp.compare.methods import DEFAULT, Methods, compare, comparing
from tokimp.comparison import Comparison
from tokimp.errors import Cancelled, OptionError, UnknownTargetError
from tokimp.evaluation import evaluate
from tokimp.methods import METHODS
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Task
from tokimp.watch import Watch

CHEAP = ("attention", "gradient_x_input", "occlusion")


@pytest.fixture(scope="module")
def bert() -> TextModel:
    return shared("bert", "classification")


@pytest.mark.parametrize("family,task", [row for row in ROWS if row[0] in ("bert", "gpt2", "llama")])  # noqa: PT006
def test_the_default_set_works_with_every_task(family: str, task: Task) -> None:
    found = compare(shared(family, task), TEXTS[task])
    assert (found.methods, found.failed) == (DEFAULT, {})
    assert found.agreement.spearman.diagonal() == pytest.approx(1.0)
    assert found.consensus.sum() == pytest.approx(1.0)
    assert {METHODS[key].info.family for key in DEFAULT} == {"attention", "gradient", "perturbation", "shapley"}
    assert {each.target for each in found.explanations} == {found.explanations[0].target}


def test_each_explanation_is_the_one_that_explain_gives(bert: TextModel) -> None:
    text = TEXTS["classification"]
    found = compare(bert, text, {"occlusion": {"window": 2}, "lime": {}}, target="positive", seed=3)
    for key, options in (("occlusion", {"window": 2}), ("lime", {})):
        alone = explain(bert, text, key, target="positive", seed=3, **options)
        assert found[key].scores == pytest.approx(alone.scores, abs=1e-9)
        assert found[key].evaluations == alone.evaluations
        assert found[key].request == alone.request
    with pytest.raises(KeyError):
        found["saliency"]


def test_a_method_that_cannot_be_used_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("additive")
    monkeypatch.setattr(model, "offers", frozenset({"attention"}))
    found = compare(model, "good film", ("saliency", "occlusion"))
    assert found.methods == ("occlusion",)
    assert found.failed == {"saliency": "Saliency needs gradients, and this model answers without them."}


def test_all_methods_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("additive")
    monkeypatch.setattr(model, "offers", frozenset())
    found = compare(model, "good film", ("saliency", "attention"))
    assert found.methods == ()
    assert set(found.failed) == {"saliency", "attention"}
    assert [token.text for token in found.tokens] == ["[CLS]", "good", "film", "[SEP]"]


def test_what_fails_at_work_is_told_too() -> None:
    """GPT-2's tokenizer has no mask token to put in place."""
    model = shared("gpt2", "next-token")
    found = compare(model, TEXTS["next-token"], {"occlusion": {"replacement": "mask"}, "saliency": {}})
    assert found.methods == ("saliency",)
    assert "mask" in found.failed["occlusion"]


@pytest.mark.parametrize(
    "methods", [(), ("no_such",), {"occlusion": {"no_such": 1}}, {"occlusion": {"window": -1}}, ("occlusion", "limee")]
)
def test_what_is_misspelt_is_told_before_anything_is_computed(bert: TextModel, methods: object) -> None:
    with pytest.raises(OptionError):
        compare(bert, "the film", methods)  # type: ignore[arg-type]
    with pytest.raises(UnknownTargetError):
        compare(bert, "the film", CHEAP, target="no such label")


def test_it_streams_after_each_method_and_reports_the_whole(bert: TextModel) -> None:
    said: list[float] = []
    counter = Watch()
    question = ask(bert, TEXTS["classification"])
    seen = list(comparing(question, Methods(CHEAP), lambda fraction, _: said.append(fraction), counter))
    assert [each.methods for each in seen] == [CHEAP[:1], CHEAP[:2], CHEAP]
    assert said == sorted(said)
    assert said[-1] == pytest.approx(1.0)
    own = [each.evaluations - question.evaluations for each in seen[-1].explanations]
    assert counter.evaluations == sum(own)


def test_it_stops_where_the_listener_has_gone(bert: TextModel) -> None:
    def leave(fraction: float, _partial: Floats | None) -> None:
        if fraction > 0.4:
            raise Cancelled

    stream = comparing(ask(bert, TEXTS["classification"]), Methods(CHEAP), leave)
    assert next(stream).methods == CHEAP[:1]
    with pytest.raises(Cancelled):
        next(stream)


def test_the_token_that_methods_are_known_to_disagree_on_is_named() -> None:
    """The toy attends to its first word, "the", which is worth nothing."""
    found = compare(toy("additive"), "the good film", ("attention", "occlusion"), target="yes", top_k=1)
    named = [found.tokens[place].text for place in found.at_odds]
    assert named[0] == "the"
    assert found.ranks[:, 1].tolist() == [1, 3]
    assert found["occlusion"].scores == pytest.approx([0, 0, 2, 1, 0])


def test_methods_that_are_exact_agree_on_an_additive_toy() -> None:
    exact = ("occlusion", "gradient_x_input", "integrated_gradients", "shapley_sampling")
    found = compare(toy("additive"), "not good film bad", exact, target="yes")
    assert found.agreement.spearman == pytest.approx(1.0)
    assert found.agreement.overlap == pytest.approx(1.0)
    assert found.votes(2) == (4, 0)
    assert found.at_odds == ()


def test_each_method_is_measured_beside_one_chance_for_all() -> None:
    """The band is measured with the first method; the others get what `evaluate` alone would give them."""
    model, text = shared("bert", "classification"), "not good film the bad"
    found = compare(model, text, ("saliency", "occlusion", "gradient_x_input"), evaluate=True)
    assert tuple(found.scores) == ("saliency", "occlusion", "gradient_x_input")
    for key, scores in found.scores.items():
        alone = evaluate(model, found[key])
        assert [each.metric for each in scores] == [each.metric for each in alone]
        for ours, theirs in zip(scores, alone, strict=True):
            assert ours.value == pytest.approx(theirs.value, abs=1e-6)
            assert asdict(ours.chance) == pytest.approx(asdict(theirs.chance), abs=1e-6)
            assert (ours.curve is None) == (theirs.curve is None)
            for name in ("fractions", "values", "low", "mean", "high") if ours.curve else ():
                assert getattr(ours.curve, name) == pytest.approx(getattr(theirs.curve, name), abs=1e-6)
            assert ours.better_than_chance == theirs.better_than_chance
    costs = [found.scores[key][0].evaluations for key in ("saliency", "occlusion")]
    assert costs[1] < costs[0]
    again = Comparison.from_json(found.to_json())
    assert again.scores == found.scores


def test_measuring_streams_and_stops() -> None:
    question = ask(shared("bert", "classification"), "not good film the bad")
    methods = Methods(("occlusion", "saliency"), evaluate=True, metrics=("comprehensiveness",))
    seen = [tuple(each.scores) for each in comparing(question, methods)]
    assert seen[:3] == [(), (), ("occlusion",)]
    assert seen[-1] == ("occlusion", "saliency")
    with pytest.raises(OptionError):
        Methods(evaluate=True, metrics=("no_such",))

    def leave(fraction: float, _partial: Floats | None) -> None:
        if fraction > 0.8:
            raise Cancelled

    measured = [None]
    stream = comparing(question, methods, leave)
    with pytest.raises(Cancelled):
        measured.extend(each.scores for each in stream)  # type: ignore[misc]
    assert set(measured[-1] or {}) == {"occlusion"}
