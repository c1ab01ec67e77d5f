"""The way in: every family and task gets reasons, cheap ones first, counted, stoppable, without a trace."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tokimp
from tests import toys
from tests.models import ROWS, TEXTS, shared, tiny
from tests.traces import no_trace
from tokimp.errors import InputError, OptionError
from tokimp.models.scoring import Scorer
from tokimp.reasons import Reasons
from tokimp.types import Floats, Task
from tokimp.why import case, reasons, without_sinks

ORDER = ["token", "without", "instead", "moved", "removals", "chance", "sink", "methods", "interactions", "repeats"]
HOSTILE = 'the <script>alert(1)</script> ${7*7} {{x}} "film" \\n'


class Stopped(Exception):
    pass


@pytest.mark.parametrize(("family", "task"), ROWS)
def test_every_family_and_task_gets_reasons_for_every_token(family: str, task: Task) -> None:
    model = shared(family, task)
    explanation = tokimp.explain(model, TEXTS[task], "gradient_x_input")
    with no_trace(model):
        for token in (1, len(explanation.tokens) - 1):
            found = tokimp.why(model, explanation, token=token)
            assert found.finished
            kinds = [reason.kind for reason in found.reasons]
            assert kinds == [kind for kind in ORDER if kind in kinds]
            assert {"token", "without", "chance", "sink", "methods"} <= set(kinds)
            assert Reasons.from_json(found.to_json()) == found
            assert all(np.isfinite(row.value) for reason in found.reasons for row in reason.numbers)
        sinks = without_sinks(model, explanation)
    assert 0 <= sinks.share <= 1


@pytest.mark.parametrize("task", ["classification", "next-token", "masked-lm"])
def test_reasons_come_one_by_one(task: Task) -> None:
    model = shared({"classification": "bert", "next-token": "gpt2", "masked-lm": "bert"}[task], task)
    explanation = tokimp.explain(model, TEXTS[task], "integrated_gradients", steps=2, adaptive=False)
    steps = list(reasons(model, explanation, 1))
    assert [len(each.reasons) for each in steps] == list(range(1, len(steps) + 1))
    assert [reason.kind for reason in steps[-1].reasons] == ORDER
    assert [each.finished for each in steps] == [False] * (len(steps) - 1) + [True]
    costs = [each.evaluations for each in steps]
    assert costs == sorted(costs)
    assert "is not known yet" in steps[0].sentence
    assert steps[-1]["chance"].numbers
    with pytest.raises(KeyError):
        steps[0]["chance"]


def test_progress_grows_to_the_end_and_evaluations_are_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    model = shared("bert", "classification")
    explanation = tokimp.explain(model, TEXTS["classification"], "gradient_x_input")
    asked: list[bytes] = []
    before = Scorer._run

    def run(self: Scorer, batch: list, *rest: object) -> Floats:  # type: ignore[type-arg]
        asked.extend(copy.ids.tobytes() for _, copy in batch)
        return before(self, batch, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Scorer, "_run", run)
    fractions: list[float] = []
    found = tokimp.why(model, explanation, 4, lambda fraction, _: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len(asked) == len(set(asked))  # a copy is scored once, whichever reason asks for it
    assert len(asked) < found.evaluations < len(asked) + 40


def test_work_stops_within_one_batch() -> None:
    model = shared("gpt2", "next-token")
    explanation = tokimp.explain(model, TEXTS["next-token"], "gradient_x_input")
    calls = 0

    def stop(_fraction: float, _partial: Floats | None) -> None:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise Stopped

    with no_trace(model), pytest.raises(Stopped):
        tokimp.why(model, explanation, 1, stop)
    assert calls == 9


def test_the_same_is_said_twice() -> None:
    model = shared("bert", "classification")
    explanation = tokimp.explain(model, TEXTS["classification"], "integrated_gradients", steps=4)
    first, second = (json.loads(tokimp.why(model, explanation, 2).to_json()) for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_what_a_token_is_called_stays_data() -> None:
    model = shared("gpt2", "next-token")
    explanation = tokimp.explain(model, HOSTILE, "gradient_x_input")
    at = next(i for i, token in enumerate(explanation.tokens) if "<" in token.text)
    found = tokimp.why(model, explanation, at)
    assert ("“" + explanation.tokens[at].text + "”", "strong") in found.headline
    for reason in found.reasons:
        assert {element for _, element in reason.parts} <= {"", "strong"}
    assert "<script" not in found._repr_html_()


def test_another_models_explanation_is_turned_away() -> None:
    model = shared("bert", "classification")
    explanation = tokimp.explain(model, TEXTS["classification"], "gradient_x_input")
    with pytest.raises(InputError, match="another model"):
        tokimp.why(shared("gpt2", "next-token"), explanation, 1)
    with pytest.raises(InputError, match="another model"):
        tokimp.why(shared("roberta", "classification"), explanation, 1)
    for token in (-1, len(explanation.tokens)):
        with pytest.raises(OptionError, match="There is no token"):
            tokimp.why(model, explanation, token)


def test_questions_of_every_form_are_asked_again_as_they_were() -> None:
    model = shared("bert", "masked-lm")
    two = tokimp.explain(model, "The [MASK] was [MASK] good", "gradient_x_input", mask=1, target="unun", output="prob")
    assert len(two.target.ids) > 1
    found = tokimp.why(model, two, 2)
    assert found["without"].numbers[0].value == pytest.approx(two.output, rel=1e-5)
    decoder = shared("gpt2", "next-token")
    held = tokimp.explain(
        decoder, "The film was not", "gradient_x_input", target=" good", contrast=" bad", output="log_prob"
    )
    assert tokimp.why(decoder, held, 3)["without"].numbers[0].value == pytest.approx(held.output, rel=1e-5)


def test_a_model_with_one_output_has_no_probabilities() -> None:
    model = tiny("bert", "classification", num_labels=1)
    assert model.link == "identity"
    explanation = tokimp.explain(model, TEXTS["classification"], "gradient_x_input")
    found = tokimp.why(model, explanation, 4)
    assert "the value is" in found["without"].sentence
    assert not [row for reason in found.reasons for row in reason.numbers if row.unit == "probability"]


def test_one_token_alone_is_unclear() -> None:
    model = shared("gpt2", "next-token")
    found = tokimp.why(model, tokimp.explain(model, "the", "gradient_x_input"), 0)
    assert found.sentence.startswith("Unclear: there is no other token")


def test_a_longer_text_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "MOST", 5)
    model = shared("gpt2", "next-token")
    explanation = tokimp.explain(model, "the film was not good and the girl was not bad", "gradient_x_input")
    found = tokimp.why(model, explanation, 2)
    chance = found["chance"]
    assert found["interactions"].notes[-1].startswith("Looked for among 4 tokens drawn at random")
    assert "drawn at random" in chance.sentence
    assert chance.numbers[0].stderr is not None


def test_a_toy_of_one_telling_word() -> None:
    model = toys.toy("first")
    model.offers = frozenset({"gradient"})
    found = tokimp.why(model, tokimp.explain(model, "good film bad not", "occlusion", target="yes"), 1)
    assert found.sentence.startswith(
        "A real effect: the removal of “good” changes the value more than that of any other token"
    )
    nothing = tokimp.why(model, tokimp.explain(model, "good film bad not", "occlusion", target="yes"), 3)
    assert nothing.sentence.startswith("A small effect")
