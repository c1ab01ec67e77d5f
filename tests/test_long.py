"""Long texts: paragraphs first, then one of them looked into; and what that takes, said beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tokimp
from tests import models
from tokimp import estimating
from tokimp.errors import OptionError, TextTooLongError
from tokimp.estimating import Estimate, estimated
from tokimp.methods.base import METHODS, why_not
from tokimp.question import ask_again
from tokimp.types import Role, Task
from tokimp.units import units_of

TEXT = "the film was good. not bad\n\nyou and the girl.\nthe little film.\n \nparis was good"


def parts(text: str, kind: str, roles: tuple[Role, ...] = ()) -> list[str]:
    inputs = models.shared("gpt2", "next-token").encode(text, roles=roles)
    units = units_of(text, inputs.tokens, kind)
    spans = [[token for token, unit in zip(inputs.tokens, units, strict=True) if unit == each] for each in set(units)]
    return [text[span[0].start : span[-1].end].strip() for span in spans]


def test_paragraphs_end_at_blank_lines_or_else_at_lines() -> None:
    assert parts("a film.\n\nyou. and\nme\n \n girl", "paragraphs") == ["a film.", "you. and\nme", "girl"]
    assert parts("a film.\nyou. and\nme\n", "paragraphs") == ["a film.", "you. and", "me"]
    assert parts("a film. you", "paragraphs") == ["a film. you"]
    with pytest.raises(OptionError, match="There are no 'pages'"):
        parts("a film", "pages")


def test_no_unit_goes_from_one_message_into_the_next() -> None:
    assert parts("[ ]good film you and", "sentences") == ["[ ]good film you and"]
    roles: tuple[Role, ...] = ((0, 3, "template"), (3, 12, "system"), (12, 20, "user"))
    assert parts("[ ]good film you and", "sentences", roles) == ["[ ]", "good film", "you and"]


@pytest.mark.parametrize(("family", "text"), [("gpt2", TEXT), ("llama", TEXT)])
@pytest.mark.parametrize("kind", ["words", "sentences", "paragraphs"])
def test_looking_into_one_unit_pins_all_others(family: str, text: str, kind: str) -> None:
    model = models.tiny(family, "next-token", **{"n_positions" if family == "gpt2" else "max_position_embeddings": 256})
    whole = tokimp.explain(model, text, "shapley_sampling", target=" good", contrast=" film", players=kind, budget=32)
    token = next(i for i, each in enumerate(whole.tokens) if each.text.strip() == "girl")
    request = tokimp.zoom(whole, token)
    assert (request.target, request.contrast, request.text) == (" good", " film", text)
    assert dict(request.options) == {"budget": 32}
    asked = ask_again(model, request)
    inside = asked.explain(request.method, request.options, request.seed)
    units = units_of(text, whole.tokens, kind)
    free = np.array([each.segment != "pinned" and not each.special for each in inside.tokens])
    np.testing.assert_array_equal(free, (units == units[token]) & [not each.special for each in whole.tokens])
    np.testing.assert_array_equal(inside.scores[~free], 0)
    assert inside.output == pytest.approx(whole.output, abs=1e-6)
    assert inside.request == replace(request, revision=inside.request.revision)
    assert tokimp.Request.from_link(request.link("https://example.org/")) == request


def test_the_unit_s_own_effect_is_shared_out_among_its_tokens() -> None:
    """All tokens of one sentence gone is what the sentence gone was."""
    model = models.tiny("gpt2", "next-token", n_positions=256)
    whole = tokimp.explain(model, TEXT, "occlusion", target=10, players="sentences")
    first = np.array([unit == 0 for unit in units_of(TEXT, whole.tokens, "sentences")])
    request = tokimp.zoom(whole, 0)
    inside = ask_again(model, request).explain("shapley_sampling", {"budget": 64})
    assert inside.baseline_output is not None
    assert inside.output - inside.baseline_output == pytest.approx(whole.scores[first].sum(), abs=1e-5)


def test_looking_into_what_was_generated_and_at_nothing() -> None:
    model = models.tiny("gpt2", "next-token", n_positions=256)
    e = tokimp.ask(model, "good film. bad film.", target=10, generated=[100, 101, 102]).explain("occlusion")
    inside = ask_again(model, tokimp.zoom(e, 0)).explain("occlusion")
    assert np.flatnonzero(inside.scores).max() < 3
    with pytest.raises(OptionError, match="nothing to look into at token 99"):
        tokimp.zoom(e, 99)
    bert = tokimp.explain(models.shared("bert", "classification"), "good film", "occlusion")
    with pytest.raises(OptionError, match="nothing to look into at token 0"):
        tokimp.zoom(bert, 0)


@pytest.mark.parametrize("family", ["bert", "gpt2"])
@pytest.mark.parametrize("method", METHODS)
def test_no_method_asks_more_often_than_it_says(family: str, method: str) -> None:
    task: Task = "classification" if family == "bert" else "next-token"
    model = models.shared(family, task)
    assert why_not(model, METHODS[method]) is None
    question = tokimp.ask(model, "the film was good", target=1, contrast=2)
    found = estimated(question, method)
    spent = question.explain(method).evaluations - question.evaluations
    assert spent <= found.evaluations
    if method in ("occlusion", "smoothgrad", "saliency", "value_zeroing", "gradient_shap"):
        assert spent == pytest.approx(found.evaluations, abs=1)
    assert found.seconds > 0
    assert found.memory > 0
    assert found.tokens == len(question.inputs)


def test_words_of_several_tokens_cost_more_and_options_count() -> None:
    model = models.shared("gpt2", "next-token")
    one = tokimp.estimate(model, "the film was", "occlusion", target=" good")
    two = tokimp.estimate(model, "the film was", "occlusion", target=" good film", contrast=" bad")
    assert two.evaluations == 2 * one.evaluations  # the word goes on behind the text, and its contrast does not
    sentences = tokimp.estimate(model, "the film. was good", "occlusion", players="sentences")
    assert sentences.evaluations == 3
    assert tokimp.estimate(model, "the film was", "shapley_sampling", budget=4000).evaluations < 100  # all there are


def test_a_speed_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared("gpt2", "next-token")
    monkeypatch.setattr(estimating, "_seconds", {})
    timed: list[bool] = []

    def pretend(_question: object, *, backward: bool) -> float:
        timed.append(backward)
        return 2.0 if backward else 1.0

    monkeypatch.setattr(estimating, "_timed", pretend)
    question = tokimp.ask(model, "the film was good")
    count = len(question.inputs)
    assert estimated(question, "occlusion").seconds == pytest.approx((count + 1) / 2)
    assert estimated(question, "smoothgrad", {"samples": 7}).seconds == pytest.approx(14)
    assert estimated(question, "gradient_shap", {"samples": 20}).seconds == pytest.approx(61)
    assert timed == [False, True]


def test_it_says_what_it_takes() -> None:
    assert str(Estimate(512, 40.2, 10, 1900)) == "about 40 s on this machine: 512 evaluations of 1,900 tokens"
    assert str(Estimate(1, 0.01, 10, 5)) == "about 0.1 s on this machine: 1 evaluation of 5 tokens"
    early = Estimate(4096, 7300.0, 10, 4096, at_most=True)
    assert str(early) == "at most about 2 h on this machine: 4,096 evaluations of 4,096 tokens"


def test_4096_tokens_are_explained_by_paragraphs_and_one_more_are_refused() -> None:
    model = models.tiny("llama", "next-token", max_position_embeddings=4096, num_hidden_layers=1)
    line = "the film was not good and the girl was little.\n"
    each = len(model.encode(line * 2)) - len(model.encode(line))
    text = (line * (1020 // each) + "\n") * 4
    e = tokimp.explain(model, text, "occlusion", target=10, players="paragraphs")
    assert 3800 < len(e.tokens) <= 4096
    assert e.attribution.notes[-1].startswith("Scores are of whole paragraphs, 4 in number")
    assert len(np.unique(e.scores)) <= 5
    with pytest.raises(TextTooLongError, match="4096 are the limit here"):
        tokimp.explain(model, text + text, "occlusion", target=10)
