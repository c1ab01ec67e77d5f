"""Functions of texts: the numbers of the model behind them, closed forms, and what goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tokimp.errors import (
    BlackBoxError,
    Cancelled,
    EmptyTextError,
    EndpointError,
    MethodUnavailableError,
    NoBaselineError,
    OptionError,
    UnknownTargetError,
)
from tokimp.methods.base import METHODS, why_not
from tokimp.models.black_box import BlackBox

WORTH = {"good": 2.0, "bad": -3.0, "not": -1.0, "film": 0.5}
TEXT = "The film was not good."
WITHOUT_GRADIENTS = [key for key, method in METHODS.items() if not method.info.needs - {"candidates"}]


def logit(text: str) -> float:
    return sum(WORTH.get(word, 0.0) for word in re.findall(r"\w+", text.lower()))


def judged(texts: Sequence[str]) -> list[list[float]]:
    """Probabilities of no and yes: log-odds are the sum of what the words are worth."""
    yes = 1 / (1 + np.exp(-np.array([logit(text) for text in texts])))
    return np.stack([1 - yes, yes], axis=1).tolist()


class Recorded:
    """Remembers what it was asked."""

    def __init__(self, fn: Callable[[list[str]], Any] = judged) -> None:
        self.fn, self.calls = fn, list[list[str]]()

    def __call__(self, texts: list[str]) -> Any:
        self.calls.append(list(texts))
        return self.fn(texts)


def box(fn: Callable[[list[str]], Any] = judged, **asked: Any) -> BlackBox:
    return tokimp.black_box(fn, **{"labels": ["no", "yes"]} | asked)


def test_every_method_without_gradients_runs() -> None:
    refused = {key: why_not(box(), METHODS[key]) for key in METHODS if key not in WITHOUT_GRADIENTS}
    assert {"integrated_gradients", "attention", "attn_lrp", "value_zeroing"} <= set(refused)
    assert all(refused.values())
    assert {"reagent", "shapley_sampling", "occlusion", "lime", "kernel_shap", "banzhaf", "shap_text"} <= set(
        WITHOUT_GRADIENTS
    )
    with pytest.raises(MethodUnavailableError):
        tokimp.explain(box(), TEXT, "saliency")


@pytest.mark.parametrize("key", ["occlusion", "shapley_sampling", "kernel_shap", "banzhaf", "lime", "shap_text"])
def test_the_log_odds_of_additive_words_are_shared_out_exactly(key: str) -> None:
    found = tokimp.explain(box(), TEXT, key, target="yes", contrast="no")
    assert [token.text for token in found.tokens] == ["The", " film", " was", " not", " good", "."]
    np.testing.assert_allclose(found.scores, [0, 0.5, 0, -1, 2, 0], atol=1e-6)
    assert found.target.output == "log_prob"
    assert found.probability == pytest.approx(judged([TEXT])[0][1])


def test_reagent_finds_the_word_that_tells() -> None:
    fn = Recorded(lambda texts: [[0.05, 0.95] if "good" in text else [0.95, 0.05] for text in texts])
    found = tokimp.explain(box(fn), "The old film was really good yesterday", "reagent", target="yes")
    assert found.tokens[int(found.scores.argmax())].text == " good"
    words = set(re.findall(r"\w+", " ".join(text for call in fn.calls for text in call)))
    assert words == {"The", "old", "film", "was", "really", "good", "yesterday"}  # the text's own, no others
    more = Recorded(fn.fn)
    tokimp.explain(box(more, vocabulary=["green", "tea"]), "The film was good", "reagent", target="yes", runs=2)
    assert any("green" in text or "tea" in text for call in more.calls for text in call)


def bert(texts: Sequence[str]) -> torch.Tensor:
    """The tiny BERT, asked by texts, with its own tokenizer."""
    model = models.shared("bert", "classification")
    rows = []
    for text in texts:
        ids = model.tokenizer(text)["input_ids"]
        rows.append(model.answers(np.array([ids]), None)[0].softmax(-1))
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("key", "mask"), [("occlusion", "[MASK]"), ("shapley_sampling", "[MASK]"), ("occlusion", None)]
)
@pytest.mark.parametrize("tokenizer", [True, False])
def test_numbers_are_those_of_the_model_asked_directly(key: str, mask: str | None, tokenizer: bool) -> None:
    model = models.shared("bert", "classification")
    asked: dict[str, Any] = {"target": 1, "contrast": 2, "output": "log_prob"}
    made = tokimp.black_box(bert, model.tokenizer if tokenizer else None, labels=models.LABELS, mask=mask)
    mine = tokimp.explain(made, TEXT, key, **asked)
    theirs = tokimp.explain(model, TEXT, key, replacement="mask" if mask else "delete", **asked)
    own = theirs.scores[[not token.special for token in theirs.tokens]]
    if not tokenizer and mask is None:
        assert len(mine.scores) == len(own)
    np.testing.assert_allclose(mine.scores, own, atol=1e-5)
    assert mine.output == pytest.approx(theirs.output, abs=1e-5)


def test_no_text_is_asked_twice_and_no_batch_is_too_large() -> None:
    fn = Recorded()
    made = box(fn, batch=4)
    for key in ("occlusion", "shapley_sampling", "lime"):
        tokimp.explain(made, TEXT, key, target="yes")
    texts = [text for call in fn.calls for text in call]
    assert len(texts) == len(set(texts)) == 2**6
    assert max(map(len, fn.calls)) == 4


def test_it_stops_within_one_batch() -> None:
    fn = Recorded()

    def stop(_share: float, _partial: Any) -> None:
        if len(fn.calls) >= 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        tokimp.explain(box(fn, batch=2), TEXT, "shapley_sampling", watch=stop)
    assert len(fn.calls) == 4


def test_metrics_comparisons_and_reasons_take_it() -> None:
    made = box()
    found = tokimp.explain(made, TEXT, "occlusion", target="yes")
    scores = tokimp.evaluate(made, found, ["comprehensiveness", "deletion", "soft_ns"], randoms=4)
    assert [score.value is not None for score in scores] == [True, True, False]
    whole, parts = (
        judged([TEXT])[0][1],
        judged(["The film was not.", "The film not.", "film not.", "film not", "not", ""]),
    )
    assert scores[0].value == pytest.approx(np.mean([whole - part[1] for part in parts]), abs=0.2)
    compared = tokimp.compare(made, TEXT, methods=["occlusion", "shapley_sampling", "saliency"], target="yes")
    assert len(compared.explanations) == 2
    prompts = tokimp.compare_prompts(made, [TEXT, "The film was bad."], keywords=["film"], method="occlusion")
    assert len(prompts.explanations) == 2
    assert tokimp.why(made, found, 4).finished
    assert tokimp.randomised(made, found)[0].value is None
    assert tokimp.shifted(made, found)[0].value is None
    assert tokimp.Explanation.from_json(found.to_json()).request.model == "judged"


@pytest.mark.parametrize("text", ["我喜欢猫", "مرحبا good بالعالم", "so  good \n👍🏽 e\u0301"])
def test_the_whole_text_is_asked_as_it_was_typed(text: str) -> None:
    fn = Recorded()
    found = tokimp.explain(box(fn), text, "occlusion")
    assert fn.calls[0] == [text]
    assert "".join(token.text for token in found.tokens) == text
    gone = [text[: token.start] + text[token.end :] for token in found.tokens]
    asked = [each for call in fn.calls[1:] for each in call]
    assert [each.split() for each in asked] == [each.split() for each in gone]


def bad(how: str) -> Callable[[list[str]], Any]:
    def fn(texts: list[str]) -> Any:
        if how == "raises":
            raise ValueError("out of cheese")
        rows: Any = judged(texts)
        changes: dict[str, Callable[[], Any]] = {
            "count": lambda: rows[:-1] if len(rows) > 1 else rows * 2,
            "nan": lambda: [[float("nan"), 1.0]] * len(texts),
            "negative": lambda: [[-0.5, 1.5]] * len(texts),
            "sum": lambda: [[0.5, 0.6]] * len(texts),
            "shape": lambda: [0.5] * len(texts),
            "ragged": lambda: [[0.5, 0.5], [1.0]],
            "classes": lambda: [[0.2, 0.3, 0.5]] * len(texts),
        }
        return changes[how]()

    return fn


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raises", "raised ValueError: out of cheese"),
        ("count", "rows for"),
        ("nan", "NaN"),
        ("negative", "negative probabilities"),
        ("sum", "sum to 1.1"),
        ("shape", "shape"),
        ("ragged", "no table of numbers"),
        ("classes", "3 numbers a text instead of 2"),
    ],
)
def test_what_cannot_be_used_is_a_clear_error_that_keeps_what_was_had(how: str, said: str) -> None:
    """A function that goes wrong after two batches is asked for the rest only, once it is mended."""
    with pytest.raises(BlackBoxError, match=said):
        tokimp.explain(box(bad(how)), TEXT, "occlusion")
    broken = bad(how)

    class Passing(Recorded):
        mended = False

        def __call__(self, texts: list[str]) -> Any:
            if len(self.calls) == 2 and not self.mended:
                return broken(texts)
            return super().__call__(texts)

    fn = Passing()
    made = box(fn, batch=2)
    if how != "ragged":  # which a batch of the other size would not be
        with pytest.raises(BlackBoxError, match=said):
            tokimp.explain(made, TEXT, "occlusion")
        had = [text for call in fn.calls for text in call]
        fn.mended = True
        found = tokimp.explain(made, TEXT, "occlusion", target="yes", contrast="no")
        np.testing.assert_allclose(found.scores, [0, 0.5, 0, -1, 2, 0], atol=1e-6)
        assert len([text for call in fn.calls for text in call]) == len({text for call in fn.calls for text in call})
        assert set(had) <= {text for call in fn.calls for text in call}


def test_part_of_a_batch_that_an_endpoint_had_is_kept() -> None:
    seen: list[list[str]] = []

    def fn(texts: list[str]) -> Any:
        seen.append(texts)
        if len(seen) == 2:
            raise EndpointError("Gone.", partial=[*judged(texts[:3]), *[None] * (len(texts) - 3)])
        return judged(texts)

    made = box(fn)
    with pytest.raises(EndpointError, match="Gone"):
        tokimp.explain(made, TEXT, "occlusion")
    tokimp.explain(made, TEXT, "occlusion")
    assert seen[2] == seen[1][3:]


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptionError):
        tokimp.black_box(judged, task="masked-lm")
    with pytest.raises(OptionError):
        tokimp.black_box(judged, batch=0)
    with pytest.raises(OptionError):
        tokimp.black_box(judged, answer="one text")
    with pytest.raises(EmptyTextError):
        tokimp.explain(box(), "  ", "occlusion")
    with pytest.raises(UnknownTargetError, match=r"no class of this model.*no, yes"):
        tokimp.explain(box(), TEXT, "occlusion", target="maybe")
    with pytest.raises(NoBaselineError):
        tokimp.explain(box(), TEXT, "occlusion", replacement="pad")
    assert tokimp.predict(tokimp.black_box(judged), TEXT).candidates[0].label in ("0", "1")


def test_where_nobody_says_how_a_method_without_gradients_explains() -> None:
    assert tokimp.explain(box(), TEXT).request.method == "occlusion"
    assert tokimp.estimate(box(), TEXT).evaluations == tokimp.estimate(box(), TEXT, "occlusion").evaluations
    written = tokimp.black_box(lambda texts: [[-1.0] for _ in texts], answer=[" good"])
    assert tokimp.explain_generation(written, TEXT).request.method == "occlusion"
    model = models.shared("gpt2", "next-token")
    assert tokimp.explain(model, "the film was").request.method == "integrated_gradients"
    assert tokimp.explain_generation(model, "the film was", max_new_tokens=1).request.method == "attn_lrp"
