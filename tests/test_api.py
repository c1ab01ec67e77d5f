"""The way in, as a new user and the page use it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest

import tokimp
from tests import models
from tests.models import TEXTS
from tests.test_types import same
from tokimp.errors import EmptyTextError, NoMaskError, OptionError, TextTooLongError, UnknownTargetError
from tokimp.methods.base import METHODS
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Task
from tokimp.watch import Watch

EVERY_METHOD = pytest.mark.parametrize("method", METHODS)
MODELS: list[tuple[str, Task]] = [("bert", "classification"), ("bert", "masked-lm"), ("gpt2", "next-token")]


@EVERY_METHOD
@pytest.mark.parametrize(("family", "task"), MODELS)
def test_json_gives_the_same_explanation_back(family: str, task: Task, method: str) -> None:
    one = tokimp.explain(
        models.shared(family, task), TEXTS[task], method, contrast=3 if task != "classification" else 1
    )
    back = tokimp.Explanation.from_json(one.to_json())
    assert same(one, back)
    assert back.to_json() == one.to_json()


def test_a_request_holds_what_was_asked(filler: TextModel) -> None:
    found = tokimp.explain(
        filler,
        "a [MASK] and [MASK]",
        "occlusion",
        target="girl",
        contrast=5,
        output="prob",
        mask=1,
        seed=11,
        window=2,
        replacement="random",
    )
    assert found.request == tokimp.Request(
        model="tiny-bert",
        revision="seed-0",
        task="masked-lm",
        text="a [MASK] and [MASK]",
        method="occlusion",
        target="girl",
        contrast=5,
        output="prob",
        options={"window": 2, "replacement": "random"},
        seed=11,
        mask=1,
    )
    assert found.target.position == 4
    assert found.target.label == "girl"


def test_the_models_own_answer_is_asked_as_none(decoder: TextModel) -> None:
    found = tokimp.explain(decoder, "the little")
    assert found.request.target is None
    assert found.request.contrast is None
    assert found.request.method == "integrated_gradients"
    assert found.request.options == {}
    assert found.target.index == tokimp.predict(decoder, "the little").candidates[0].index


@EVERY_METHOD
def test_a_request_gives_the_same_result_again(decoder: TextModel, method: str) -> None:
    one = tokimp.explain(decoder, TEXTS["next-token"], method, target=" girls", contrast=" film", output="prob", seed=4)
    request = one.request
    again = tokimp.explain(
        decoder,
        request.text,
        request.method,
        target=request.target,
        contrast=request.contrast,
        output=request.output,
        seed=request.seed,
        mask=request.mask,
        **request.options,
    )
    np.testing.assert_array_equal(one.scores, again.scores)
    assert (one.output, one.probability, one.evaluations) == (again.output, again.probability, again.evaluations)


def test_output_and_probability_are_the_models(decoder: TextModel) -> None:
    best = tokimp.predict(decoder, "the little").candidates[0]
    plain = tokimp.explain(decoder, "the little", "saliency")
    assert plain.output == pytest.approx(best.logit, rel=1e-6)
    assert plain.probability == pytest.approx(best.prob, rel=1e-6)
    log_prob = tokimp.explain(decoder, "the little", "saliency", output="log_prob")
    assert log_prob.output == pytest.approx(np.log(best.prob), rel=1e-5)
    other = tokimp.explain(decoder, "the little", "saliency", contrast=5, output="prob")
    assert other.probability == pytest.approx(best.prob, rel=1e-6)
    assert other.output < best.prob


def test_a_word_of_several_tokens_has_the_probability_of_the_whole_word(decoder: TextModel) -> None:
    found = tokimp.explain(decoder, "the little", "occlusion", target=" girls")
    assert found.target.output == "log_prob"
    assert found.probability == pytest.approx(np.exp(found.output), rel=1e-5)
    assert found.attribution.notes[0] == "“ girls” is 2 tokens: explained is the sum of their log-probabilities."
    contrast = tokimp.explain(decoder, "the little", "occlusion", target=" girl", contrast=" films")
    assert contrast.attribution.notes[0].startswith("“ films” is 2 tokens")


def test_a_grown_mask_has_a_score_for_each_of_its_tokens(filler: TextModel) -> None:
    found = tokimp.explain(filler, "a [MASK] film", "occlusion", target="girls")
    assert [token.text for token in found.tokens] == ["[CLS]", "a", "[MASK]", "", "film", "[SEP]"]
    assert len(found.scores) == 6
    assert found.probability == pytest.approx(np.exp(found.output), rel=1e-5)


def test_a_model_with_one_output_explains_its_value() -> None:
    model = models.tiny("bert", "classification", num_labels=1, id2label={0: "score"}, label2id={"score": 0})
    found = tokimp.explain(model, "good film", "occlusion", output="prob")
    assert found.output == found.probability == tokimp.predict(model, "good film").candidates[0].logit
    assert found.target.output == "logit"


def test_independent_labels_are_explained_alone() -> None:
    model = models.tiny("bert", "classification", problem_type="multi_label_classification")
    found = tokimp.explain(model, "good film", "occlusion", target="neutral", output="prob")
    assert found.output == found.probability
    assert found.output == pytest.approx(1 / (1 + np.exp(-logit_of(model, "neutral"))), rel=1e-6)


def logit_of(model: TextModel, label: str) -> float:
    return next(each.logit for each in tokimp.predict(model, "good film").candidates if each.label == label)


@EVERY_METHOD
def test_evaluations_seconds_and_versions_are_there(classifier: TextModel, method: str) -> None:
    found = tokimp.explain(classifier, "good film", method)
    assert found.evaluations >= 2
    assert 0 < found.seconds < 60
    assert {"torch", "transformers", "numpy", "tokenizers"} <= set(found.versions)
    assert found.tokens == classifier.encode("good film").tokens


def test_one_question_many_methods(classifier: TextModel) -> None:
    asked = tokimp.ask(classifier, "not a good film", target="positive", contrast="negative")
    for method in METHODS:
        alone = tokimp.explain(classifier, "not a good film", method, target="positive", contrast="negative")
        found = asked.explain(method)
        np.testing.assert_array_equal(found.scores, alone.scores)
        assert found.evaluations == alone.evaluations


@EVERY_METHOD
@pytest.mark.parametrize(("family", "task"), MODELS)
def test_rows_of_a_heatmap_are_single_explanations(family: str, task: Task, method: str) -> None:
    model = models.shared(family, task)
    asked = tokimp.ask(model, TEXTS[task], output="log_prob", contrast=0 if task == "next-token" else None)
    targets = asked.others(3)
    assert [each.index for each in targets] == [each.index for each in asked.prediction.candidates[:3]]
    assert all(each.contrast is None and each.output == "log_prob" for each in targets)
    for target, row in zip(targets, asked.attribute_each(method, targets, seed=2), strict=True):
        alone = tokimp.explain(model, TEXTS[task], method, target=target.index, output="log_prob", seed=2)
        np.testing.assert_allclose(row.scores, alone.scores, atol=1e-5)


@EVERY_METHOD
def test_two_threads_get_what_one_gets(method: str) -> None:
    """Also where both use one model, and a sampling method its seed."""
    model = models.shared("gpt2", "next-token")
    texts = ["the little girl was not good", "a bad film and a good girl, the bad film", "you and the film"] * 4
    options = {"max_evals": 20} if method == "shap_text" else {}

    def explain(text: str) -> np.ndarray:
        return tokimp.explain(model, text, method, target=10, seed=1, **options).scores

    alone = [explain(text) for text in texts[:3]]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(explain, texts))
    for found, wanted in zip(together, alone * 4, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("text", "asked", "error"),
    [
        (" ", {}, EmptyTextError),
        ("good " * 60, {}, TextTooLongError),
        ("good film", {"target": "great"}, UnknownTargetError),
        ("good film", {"target": 3}, UnknownTargetError),
        ("good film", {"target": "neutral", "contrast": "neutral"}, UnknownTargetError),
        ("good film", {"output": "odds"}, OptionError),
        ("good film", {"method": "occlusoin"}, OptionError),
        ("good film", {"steps": 0}, OptionError),
        ("good film", {"stesp": 5}, OptionError),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(
    classifier: TextModel, text: str, asked: dict[str, str | int], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        tokimp.explain(classifier, text, **asked)  # type: ignore[arg-type]
    assert caught.value.next_step  # type: ignore[attr-defined]


def test_a_fill_mask_text_needs_its_mask(filler: TextModel) -> None:
    with pytest.raises(NoMaskError, match="Type"):
        tokimp.predict(filler, "good film")
    with pytest.raises(NoMaskError, match="there is no mask 1"):
        tokimp.explain(filler, "good [MASK]", mask=1)


def test_asking_keeps_to_a_smaller_limit(decoder: TextModel) -> None:
    with pytest.raises(TextTooLongError, match="3 are the limit here"):
        tokimp.ask(decoder, "a good film was", limit=3)


def test_methods_are_listed_with_their_facts() -> None:
    assert list(tokimp.methods()) == list(METHODS)
    for key, info in tokimp.methods().items():
        assert info is METHODS[key].info


def test_tasks_and_catalogue_are_listed() -> None:
    assert tokimp.tasks() == TASKS == ("classification", "next-token", "masked-lm", "seq2seq")
    catalog = tokimp.catalog()
    assert {entry.task for entry in catalog.values()} == set(TASKS)
    catalog.clear()
    assert tokimp.catalog()


def test_a_pair_of_objects_can_be_explained() -> None:
    plain = models.tiny("bert", "classification")
    model = tokimp.load((plain.network, plain.tokenizer))
    assert (model.task, model.revision) == ("classification", "object")
    np.testing.assert_array_equal(tokimp.explain(model, "good film").scores, tokimp.explain(plain, "good film").scores)


def test_public_names_exist() -> None:
    assert sorted(tokimp.__all__) == tokimp.__all__
    for name in tokimp.__all__:
        assert getattr(tokimp, name) is not None
    assert tokimp.__version__
    assert {field.name for field in fields(tokimp.Explanation)} >= {"request", "tokens", "target", "attribution"}


def test_half_precision_is_asked_for_and_says_so() -> None:
    model = models.shared("llama", "next-token")
    plain = tokimp.explain(model, TEXTS["next-token"], "gradient_x_input", target=1)
    half = tokimp.explain(model, TEXTS["next-token"], "gradient_x_input", target=1, precision="bf16")
    assert plain.request.precision == model.precision == "fp32"
    assert half.request.precision == "bf16"
    assert half.attribution.notes == ("Computed in bf16, with about three digits: close scores may change places.",)
    assert 0 < abs(half.output - plain.output) < 0.05 * abs(plain.output)
    np.testing.assert_allclose(half.scores, plain.scores, atol=0.05 * np.abs(plain.scores).max())
    with pytest.raises(OptionError, match="There is no precision 'fp8'"):
        tokimp.explain(model, TEXTS["next-token"], "gradient_x_input", precision="fp8")  # type: ignore[arg-type]


def test_a_counter_counts_while_it_runs() -> None:
    asked = tokimp.ask(models.shared("bert", "classification"), TEXTS["classification"])
    counter, seen = Watch(), []
    found = asked.explain("occlusion", watch=lambda *_: seen.append(counter.evaluations), counter=counter)
    assert seen[-1] == counter.evaluations == found.evaluations - asked.evaluations > 0
