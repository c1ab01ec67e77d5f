"""Whole answers: rows that share work say what separate questions say, and add up."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests import models
from tokimp.errors import EmptyTextError, InputError, OptionError
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import METHODS
from tokimp.models.text_model import TextModel
from tokimp.models.writing import Decoding, choose
from tokimp.question import ask_again
from tokimp.types import Request, Value

PROMPT = "The film was not good"
ANSWER = (7, 12, 9, 30, 11)
CHEAP: dict[str, dict[str, Value]] = {
    "gradient_shap": {"samples": 10},
    "integrated_gradients": {"steps": 6, "adaptive": False},
    "smoothgrad": {"samples": 4},
    "lime": {"samples": 40},
    "kernel_shap": {"samples": 40},
    "shapley_sampling": {"budget": 40},
    "banzhaf": {"budget": 40},
    "shap_text": {"max_evals": 40},
    "reagent": {"max_steps": 4, "runs": 2},
}
FAMILIES = ("llama", "gpt2", "opt", "gemma3_text")


@pytest.fixture(scope="module", params=FAMILIES)
def decoder(request: pytest.FixtureRequest) -> TextModel:
    return models.tiny(request.param, "next-token")


@pytest.fixture(scope="module")
def llama() -> TextModel:
    return models.tiny("llama", "next-token")


def separately(model: TextModel, row: tokimp.Explanation) -> tokimp.Explanation:
    """The same row, asked by its own request."""
    return ask_again(model, row.request).explain(row.request.method, row.request.options, row.request.seed)


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_shared_work_says_what_separate_questions_say(llama: TextModel, method: str, earlier: bool) -> None:
    options = CHEAP.get(method, {})
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, method=method, earlier=earlier, seed=3, **options)
    assert len(found.rows) == len(ANSWER)
    for row in found.rows:
        alone = separately(llama, row)
        assert alone.tokens == row.tokens
        assert alone.target == row.target
        assert row.output == pytest.approx(alone.output, abs=1e-5)
        scale = max(1.0, float(np.abs(alone.scores).max()))
        np.testing.assert_allclose(row.scores, alone.scores, atol=1e-4 * scale)


@pytest.mark.parametrize("method", ["saliency", "gradient_x_input", "attn_lrp", "integrated_gradients", "occlusion"])
def test_every_family_shares_rightly(decoder: TextModel, method: str) -> None:
    found = tokimp.explain_generation(decoder, PROMPT, ANSWER, method=method, **CHEAP.get(method, {}))
    for row in (found.rows[0], found.rows[-1]):
        np.testing.assert_allclose(row.scores, separately(decoder, row).scores, atol=1e-4)


@pytest.mark.parametrize("method", ["occlusion", "gradient_x_input"])
def test_a_span_scores_what_its_tokens_score_together(llama: TextModel, method: str) -> None:
    """Of the prompt and of what stands before the span, asked as one word of several tokens."""
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, span=(1, 4), method=method)
    assert found.total is not None
    first = found.rows[0]
    together = tokimp.ask(llama, PROMPT, output="log_prob", generated=ANSWER[:1])
    target = found.total.target
    assert target.ids == ANSWER[1:4]
    as_one = METHODS[method]().attribute(llama, together.inputs, target, tokimp.watch.Watch())
    np.testing.assert_allclose(found.total.scores, as_one.scores, atol=1e-5)
    np.testing.assert_allclose(found.matrix.sum(0)[: len(first.scores)], as_one.scores, atol=1e-5)
    assert found.total.output == pytest.approx(sum(found.log_probs[1:4]), abs=1e-6)


def test_the_matrix_holds_rows_and_nothing_behind_a_row(llama: TextModel) -> None:
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, method="occlusion")
    assert found.matrix.shape == (len(ANSWER), len(found.tokens))
    assert [token.id for token in found.answer] == list(ANSWER)
    for place, row in enumerate(found.rows):
        count = found.start + place
        assert len(row.scores) == count
        np.testing.assert_array_equal(found.matrix[place, :count], row.scores)
        assert not found.matrix[place, count:].any()
        assert row.output == found.log_probs[place]


def test_complete_rows_add_up_to_what_was_said(llama: TextModel) -> None:
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, method="integrated_gradients")
    for row in found.rows:
        assert row.completeness_gap is not None
        assert row.baseline_output is not None
        assert abs(row.completeness_gap) <= 0.011 * max(abs(row.output - row.baseline_output), 0.02)


def test_what_the_model_writes_is_what_it_finds_likeliest(llama: TextModel) -> None:
    found = tokimp.explain_generation(llama, PROMPT, max_new_tokens=6, method="gradient_x_input")
    said: list[int] = []
    for token, log_prob in zip(found.answer, found.log_probs, strict=True):
        best = tokimp.ask(llama, PROMPT, generated=said).prediction.candidates[0]
        assert token.id == best.index
        assert log_prob == pytest.approx(np.log(best.prob), abs=1e-4)
        said.append(token.id)


def test_a_drawn_answer_is_drawn_again_by_its_seed(llama: TextModel) -> None:
    def drawn(seed: int) -> list[int]:
        found = tokimp.explain_generation(
            llama, PROMPT, max_new_tokens=8, temperature=1.5, seed=seed, method="saliency"
        )
        return [token.id for token in found.answer]

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(4)}) > 1


def test_tokens_are_drawn_as_often_as_they_are_likely_within_top_p() -> None:
    probs = np.array([0.1, 0.4, 0.3, 0.2])
    rng = np.random.default_rng(0)

    def share(decoding: Decoding) -> list[float]:
        drawn = [choose(np.log(probs), decoding, rng) for _ in range(20_000)]
        return list(np.bincount(drawn, minlength=4) / len(drawn))

    assert share(Decoding(temperature=0.0)) == [0, 1, 0, 0]
    assert share(Decoding(temperature=1.0, top_p=0.35)) == [0, 1, 0, 0]
    np.testing.assert_allclose(share(Decoding(temperature=1.0)), probs, atol=0.015)
    np.testing.assert_allclose(share(Decoding(temperature=1.0, top_p=0.7)), [0, 4 / 7, 3 / 7, 0], atol=0.015)
    squared = probs**2 / (probs**2).sum()
    np.testing.assert_allclose(share(Decoding(temperature=0.5)), squared, atol=0.015)


@pytest.mark.parametrize("earlier", [True, False])
def test_a_link_holds_the_answer_and_leads_to_the_same(llama: TextModel, earlier: bool) -> None:
    found = tokimp.explain_generation(
        llama, PROMPT, max_new_tokens=4, temperature=1.0, seed=9, earlier=earlier, method="occlusion"
    )
    request = Request.from_link(found.link("https://example.org/"))
    assert request == found.request
    assert request.generated == tuple(token.id for token in found.answer)
    again = list(tokimp.generating.explaining(llama, request, tokimp.watch.Watch()))[-1]
    np.testing.assert_allclose(again.matrix, found.matrix, atol=1e-5)
    assert again.request == request
    assert Request.from_link(found.rows[2].link("https://example.org/")) == found.rows[2].request


def test_json_keeps_everything(llama: TextModel) -> None:
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, span=(2, 5), method="occlusion")
    again = GenerationExplanation.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    np.testing.assert_array_equal(again.matrix, found.matrix)
    with pytest.raises(ValueError, match="generation"):
        GenerationExplanation.from_json(found.rows[0].to_json())


def test_pieces_come_one_by_one(llama: TextModel) -> None:
    request = Request(
        llama.key, llama.revision, "next-token", PROMPT, "occlusion", options={"max_new_tokens": 3}, output="log_prob"
    )
    states = [(len(each.answer), len(each.rows), each.finished) for each in _run(llama, request)]
    writing = [(1, 0, False), (2, 0, False), (3, 0, False)]
    assert states == [*writing, (3, 0, False), (3, 1, False), (3, 2, False), (3, 3, False), (3, 3, True)]


def _run(model: TextModel, request: Request) -> list[GenerationExplanation]:
    return list(tokimp.generating.explaining(model, request, tokimp.watch.Watch()))


def test_occlusion_reads_each_copy_once_for_the_whole_answer(llama: TextModel) -> None:
    """One copy a token of the prompt and one a token of the answer but the last, the whole, and one reading."""
    found = tokimp.explain_generation(llama, PROMPT, ANSWER, method="occlusion")
    free = sum(not token.special for token in found.tokens)
    assert found.evaluations == (free - 1) + 1 + 1


def test_a_given_answer_is_read_as_it_stands_behind_the_prompt(llama: TextModel) -> None:
    found = tokimp.explain_generation(llama, PROMPT, " and bad", method="saliency")
    assert "".join(token.text for token in found.answer) == " and bad"
    whole = llama.encode(PROMPT + " and bad")
    assert [token.id for token in found.tokens] == whole.ids.tolist()


def test_what_cannot_be_explained_is_said(llama: TextModel) -> None:
    with pytest.raises(EmptyTextError):
        tokimp.explain_generation(llama, PROMPT, "  ")
    with pytest.raises(OptionError, match="between"):
        tokimp.explain_generation(llama, PROMPT, ANSWER, span=(5, 6))
    with pytest.raises(OptionError, match="method"):
        tokimp.explain_generation(llama, PROMPT, ANSWER, method="no_method")
    classifier = models.tiny("bert", "classification")
    with pytest.raises(InputError, match="writes no text"):
        tokimp.explain_generation(classifier, PROMPT, ANSWER)


def test_a_stop_ends_the_work(llama: TextModel) -> None:
    class Stopped(Exception):
        pass

    seen: list[float] = []

    def watch(fraction: float, _partial: object) -> None:
        seen.append(fraction)
        if fraction > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        tokimp.explain_generation(llama, PROMPT, ANSWER, method="kernel_shap", samples=60, watch=watch)
    assert seen == sorted(seen)
