"""Sinks: a planted one is named, a planted cause is not, and what is measured is what was planted."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests import toys
from tests.models import ROWS, TEXTS, shared
from tests.traces import no_trace
from tests.why.planted import TEXT, planted
from tokimp.errors import MethodUnavailableError
from tokimp.internals.attention_maps import attention_map, every_map
from tokimp.reasons import Reason
from tokimp.types import Task
from tokimp.watch import Watch
from tokimp.why import sinks
from tokimp.why.case import case_of
from tokimp.why.flow import flow_of
from tokimp.why.sinks import Thresholds, Verdict, verdict


def number(reason: Reason, name: str) -> float:
    (found,) = [row.value for row in reason.numbers if row.name == name]
    return found


def test_a_planted_sink_is_named() -> None:
    model = planted("sink")
    found = tokimp.why(model, tokimp.explain(model, TEXT, "attention"), token=0)
    assert found.sink is True
    assert found.sentence.startswith("Probably an attention sink: “the”, the first token, receives 75\u202f%")
    sink = found["sink"]
    assert number(sink, "attention received") == pytest.approx(0.75, abs=1e-3)
    assert number(sink, "attention of an ordinary token that carries as much") == pytest.approx(0, abs=1e-3)
    assert number(sink, "change of the value without it") == pytest.approx(0, abs=1e-4)
    assert number(sink, "change without another token, mean") > 1e-3
    assert "an attention sink." in sink.sentence


def test_a_planted_cause_is_none() -> None:
    model = planted("cause", token=4)
    explanation = tokimp.explain(model, TEXT, "gradient_x_input")
    found = tokimp.why(model, explanation, token=4)
    assert explanation.tokens[4].text == " bad"
    assert found.sink is False
    assert found.sentence.startswith(
        "A real effect: the removal of “ bad” changes the value more than that of any other token"
    )
    even = number(found["sink"], "attention if spread evenly")
    assert number(found["sink"], "attention received") > 2 * even
    assert "it carries something" in found["sink"].sentence


def test_what_the_answer_hangs_on_is_none_though_its_attention_carries_nothing() -> None:
    """Without the token the heads that rested on it read others: its removal changes everything."""
    model = planted("valve")
    found = tokimp.why(model, tokimp.explain(model, TEXT, "attention"), token=0)
    assert found.sink is False
    assert number(found["sink"], "attention of an ordinary token that carries as much") == pytest.approx(0, abs=1e-3)
    assert "more than a sink" in found["sink"].sentence
    assert "though the attention it gets carries little" in found.sentence


def test_a_decoders_first_token_is_told_from_what_comes_first_without_it() -> None:
    """The planted sink is one by what it is, not by where it stands: the next token takes nothing over."""
    model = planted("sink")
    sink = tokimp.why(model, tokimp.explain(model, TEXT, "attention"), token=0)["sink"]
    rest = model.encode(TEXT[3:])
    taken = flow_of(model, rest, len(rest) - 1, Watch()).received[0]
    assert number(sink, "attention that the next token receives as the first") == pytest.approx(taken, abs=1e-6)
    assert "Without it “ film” comes first" in sink.sentence


def test_a_first_token_counts_by_others_in_its_place_where_its_removal_moves_the_place() -> None:
    """A sink by where it stands, whatever stands there: without it the text changes, with another it does not."""
    found = Verdict(0.6, 0.2, attended=True, empty=True, weak=True, effect=2.0, replaced=0.5, typical=1.0)
    assert found.sink is True
    model = planted("valve")
    case = case_of(model, tokimp.explain(model, TEXT, "attention"), 0, Watch())
    flow = flow_of(model, case.inputs, case.question.target.position, Watch())
    told = verdict(case, flow)
    copies = [case.instead(id_) for id_ in case.alternatives[0]]
    assert told.replaced == pytest.approx(np.abs(case.values(copies) - case.whole).mean())
    assert told.effect is not None
    assert told.typical is not None
    assert told.weak is (min(told.effect, told.replaced) <= told.typical)
    behind = verdict(case_of(model, case.explanation, 2, Watch()), flow)
    assert behind.replaced is None


def test_the_view_without_sinks_says_what_it_hides() -> None:
    model = planted("sink")
    explanation = tokimp.explain(model, TEXT, "attention")
    found = tokimp.without_sinks(model, explanation)
    sizes = np.abs(explanation.scores)
    assert found.positions == (0,)
    assert found.share == pytest.approx(sizes[0] / sizes.sum())
    assert found.share > 0.5
    seen = found.hidden(explanation.scores)
    assert seen[0] == 0
    assert seen[1:].tolist() == explanation.scores[1:].tolist()
    assert explanation.scores[0] > 0


@pytest.mark.parametrize(("family", "task"), ROWS)
@pytest.mark.parametrize("at_once", [1, 16])
def test_sinks_are_those_that_each_token_alone_is_called(
    family: str, task: Task, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every token that can be taken away is a suspect here, so effects of all sizes are told apart."""
    monkeypatch.setattr(sinks, "THRESHOLDS", Thresholds(attention=0.0, worth=1e9))
    monkeypatch.setattr(sinks, "_AT_ONCE", at_once)
    model = shared(family, task)
    explanation = tokimp.explain(model, TEXTS[task], "gradient_x_input")
    cases = [case_of(model, explanation, token, Watch()) for token in range(len(explanation.tokens))]
    flow = flow_of(model, cases[0].inputs, cases[0].question.target.position, Watch())
    expected = [each.token for each in cases if each.removable(each.token) and verdict(each, flow).sink]
    fractions: list[float] = []
    found = tokimp.without_sinks(model, explanation, lambda fraction, _: fractions.append(fraction))
    assert list(found.positions) == expected
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_a_sink_is_known_before_each_removal_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "_AT_ONCE", 1)
    text = "bad " + " ".join(["the film was not"] * 8)
    model = planted("sink", text)
    found = tokimp.without_sinks(model, tokimp.explain(model, text, "attention"))
    assert found.positions == (0,)
    assert found.evaluations < len(model.encode(text)) / 2


def test_without_a_sink_nothing_is_hidden() -> None:
    model = planted("cause", token=4)
    explanation = tokimp.explain(model, TEXT, "gradient_x_input")
    assert 4 not in tokimp.without_sinks(model, explanation).positions


@pytest.mark.parametrize(("family", "task"), ROWS)
def test_attention_received_is_read_off_the_maps(family: str, task: Task) -> None:
    model = shared(family, task)
    inputs = model.encode(TEXTS[task])
    position = len(inputs) - 1 if task == "next-token" else 0
    with no_trace(model):
        flow = flow_of(model, inputs, position, Watch())
    maps = np.stack([attention_map(model, inputs, layer) for layer in range(len(model.blocks))])
    causal = model.architecture.decoder
    for key in range(len(inputs)):
        queries = [query for query in range(len(inputs)) if query != key and (not causal or query > key)]
        expected = maps[:, queries, key].mean() if queries else 0
        assert flow.received[key] == pytest.approx(expected, abs=1e-9)
        even = np.mean([1 / (query + 1) if causal else 1 / len(inputs) for query in queries]) if queries else 0
        assert flow.even[key] == pytest.approx(even)


def test_what_attention_carries_is_in_units_of_an_ordinary_token() -> None:
    """From maps in half precision of ‖α f(x)‖ and of α, whose ratio is ‖f(x)‖."""
    model = shared("bert", "classification")
    inputs = model.encode(TEXTS["classification"])
    flow = flow_of(model, inputs, 0, Watch())
    weights = every_map(model, inputs).astype(float)
    moved = every_map(model, inputs, "norms").astype(float)
    ordinary = np.median((moved / weights).mean(2).mean(1), axis=-1)  # (layer,)
    others = ~np.eye(len(inputs), dtype=bool)
    carried = np.mean([(moved[i].mean(0) / ordinary[i] * others).sum(0) / others.sum(0) for i in range(2)], axis=0)
    rows = moved.sum(1) / moved.sum((1, 3), keepdims=False)[..., None]
    assert flow.carried == pytest.approx(carried, rel=5e-3)
    assert flow.share == pytest.approx((rows.mean(0) * others).sum(0) / others.sum(0), rel=5e-3)


def test_a_model_without_attention_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toys.toy("additive")
    explanation = tokimp.explain(model, toys.TEXT, "occlusion", target="yes")
    monkeypatch.setattr(model, "offers", frozenset({"gradient"}))
    found = tokimp.why(model, explanation, token=1)
    assert found.sink is None
    assert "shows no attention" in found["sink"].sentence
    assert any("needs attention weights" in note for note in found["methods"].notes)
    with pytest.raises(MethodUnavailableError):
        tokimp.without_sinks(model, explanation)
