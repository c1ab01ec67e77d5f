"""A visitor's words → a target, and what the model would say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from tests import models
from tokimp.errors import NoMaskError, TextTooLongError, UnknownTargetError
from tokimp.models.targets import answer_logits, prediction, reading_position, resolve
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Output, Prediction, Target

PROMPT = "the little"


def asked(
    model: TextModel,
    text: str,
    target: str | int | None,
    contrast: str | int | None = None,
    output: Output = "logit",
    mask: int = 0,
) -> tuple[Encoded, Target]:
    inputs = model.encode(text)
    position = reading_position(model, inputs, mask)
    return resolve(model, inputs, answer_logits(model, inputs, position), position, target, contrast, output)


def pieces(model: TextModel, ids: Sequence[int]) -> list[str]:
    found: list[str] = model.tokenizer.convert_ids_to_tokens(list(ids))
    return found


def likelier(model: TextModel, text: str, *words: str) -> str:
    """The piece that the model finds likelier behind the text."""
    inputs = model.encode(text)
    logits = answer_logits(model, inputs, len(inputs) - 1)
    return max(words, key=lambda word: float(logits[model.tokenizer.convert_tokens_to_ids(word)]))


def test_a_leading_space_counts_when_typed(decoder: TextModel) -> None:
    _, target = asked(decoder, PROMPT, " girl")
    assert pieces(decoder, target.ids) == ["Ġgirl"]
    assert target.label == " girl"
    assert target.position == 1


@pytest.mark.parametrize("prompt", [PROMPT, "the girl was", "not a", "good and"])
def test_without_a_space_the_likelier_spelling_is_meant(decoder: TextModel, prompt: str) -> None:
    _, target = asked(decoder, prompt, "girl")
    assert pieces(decoder, target.ids) == [likelier(decoder, prompt, "girl", "Ġgirl")]


def test_both_spellings_are_ever_the_likelier(decoder: TextModel) -> None:
    prompts = ("the", "little", "was not", "the film", "good", "a bad", "you", "of the")
    assert {asked(decoder, prompt, "girl")[1].label for prompt in prompts} == {"girl", " girl"}


def test_the_spelling_of_fewer_tokens_is_meant() -> None:
    model = models.shared("llama", "next-token")
    _, target = asked(model, PROMPT, "girl")
    assert pieces(model, target.ids) == ["▁girl"]
    assert target.label == " girl"


def test_a_space_already_typed_is_not_typed_again(decoder: TextModel) -> None:
    assert pieces(decoder, asked(decoder, "the little ", "girl")[1].ids)[0] in ("girl", "Ġgirl")
    assert pieces(decoder, asked(decoder, "the little ", " girl")[1].ids) == ["Ġgirl"]


def test_a_word_of_several_tokens_is_explained_by_log_probability(decoder: TextModel) -> None:
    inputs, target = asked(decoder, PROMPT, " girls")
    assert pieces(decoder, target.ids) == ["Ġgirl", "s"]
    assert (target.output, target.label, target.position) == ("log_prob", " girls", 1)
    assert len(inputs) == 2
    assert asked(decoder, PROMPT, " girls", output="prob")[1].output == "prob"
    assert asked(decoder, PROMPT, " girl", " girls")[1].output == "log_prob"


def test_a_word_of_several_tokens_grows_the_mask(filler: TextModel) -> None:
    inputs, target = asked(filler, "a [MASK] and [MASK]", "girls", mask=1)
    assert pieces(filler, target.ids) == ["girl", "##s"]
    assert target.position == 4
    assert inputs.masks == (2, 4, 5)
    assert pieces(filler, inputs.ids)[4:6] == ["[MASK]", "[MASK]"]


def test_in_a_mask_words_of_one_length_are_compared(filler: TextModel) -> None:
    _, target = asked(filler, "a [MASK]", "girls", "films")
    assert pieces(filler, target.contrast_ids) == ["film", "##s"]
    with pytest.raises(UnknownTargetError, match=r"'girls' is 2 and 'film' 1 tokens long\..*same number"):
        asked(filler, "a [MASK]", "girls", "film")


def test_one_of_several_masks_is_chosen(filler: TextModel) -> None:
    inputs = filler.encode("a [MASK] and <mask>")
    assert [reading_position(filler, inputs, mask) for mask in (0, 1)] == [2, 4]
    for wrong in (2, -1):
        with pytest.raises(NoMaskError, match=f"There are 2 masks, counted from 0; there is no mask {wrong}"):
            reading_position(filler, inputs, wrong)


def test_a_text_without_a_mask(filler: TextModel) -> None:
    with pytest.raises(NoMaskError, match=r"no \[MASK\] in the text\. Type \[MASK\], or click"):
        reading_position(filler, filler.encode("a film"))


def test_the_other_tasks_read_at_the_end_or_not_at_all(classifier: TextModel, decoder: TextModel) -> None:
    assert reading_position(classifier, classifier.encode("a film")) == 0
    assert reading_position(decoder, decoder.encode("the film was")) == 2


def test_without_a_target_the_models_own_answer_is_explained(classifier: TextModel, decoder: TextModel) -> None:
    for model in (classifier, decoder):
        inputs = model.encode(PROMPT)
        logits = answer_logits(model, inputs, reading_position(model, inputs))
        assert asked(model, PROMPT, None)[1].index == int(logits.argmax())


@pytest.mark.parametrize("spelling", ["neutral", "Neutral", " NEUTRAL ", 1])
def test_a_class_by_name_or_number(classifier: TextModel, spelling: str | int) -> None:
    _, target = asked(classifier, PROMPT, spelling)
    assert (target.index, target.label, target.contrast, target.output) == (1, "neutral", None, "logit")


def test_an_exact_class_name_wins_over_one_in_other_case() -> None:
    model = models.tiny("bert", "classification", id2label={0: "YES", 1: "yes"}, label2id={"YES": 0, "yes": 1})
    assert [asked(model, PROMPT, name)[1].index for name in ("YES", "yes", "Yes")] == [0, 1, 0]


def test_an_unknown_class(classifier: TextModel) -> None:
    with pytest.raises(UnknownTargetError, match=r"'good' is no class of this model\..*negative, neutral, positive"):
        asked(classifier, PROMPT, "good")


@pytest.mark.parametrize("index", [-1, 3])
def test_a_class_number_that_is_not_there(classifier: TextModel, index: int) -> None:
    with pytest.raises(UnknownTargetError, match=f"no output {index}.*0 to 2"):
        asked(classifier, PROMPT, index)


def test_a_token_by_its_id(decoder: TextModel) -> None:
    id_ = decoder.tokenizer.convert_tokens_to_ids("Ġgirl")
    assert asked(decoder, PROMPT, id_)[1] == asked(decoder, PROMPT, " girl")[1]
    with pytest.raises(UnknownTargetError, match="no output 302"):
        asked(decoder, PROMPT, 302)


def test_an_empty_word(decoder: TextModel) -> None:
    with pytest.raises(UnknownTargetError, match="is empty"):
        asked(decoder, PROMPT, "")


@pytest.mark.parametrize(("blank", "token"), [(" ", "Ġ"), ("\n", "Ċ")])
def test_white_space_is_a_word_where_the_model_has_a_token_for_it(decoder: TextModel, blank: str, token: str) -> None:
    assert asked(decoder, PROMPT, blank)[1].ids == (decoder.tokenizer.convert_tokens_to_ids(token),)


def test_white_space_is_no_word_in_a_mask(filler: TextModel) -> None:
    with pytest.raises(UnknownTargetError, match="no token for"):
        asked(filler, "a [MASK]", " ")


def test_a_word_without_tokens(filler: TextModel) -> None:
    with pytest.raises(UnknownTargetError, match="no token for '😀'"):
        asked(filler, "a [MASK]", "😀")


@pytest.mark.parametrize(("target", "contrast"), [(" girl", " girl"), (None, None), (" girls", " girls")])
def test_a_contrast_equal_to_the_target(decoder: TextModel, target: str | None, contrast: str | None) -> None:
    own = asked(decoder, PROMPT, None)[1].index
    with pytest.raises(UnknownTargetError, match="cannot be told from itself"):
        asked(decoder, PROMPT, target, own if contrast is None else contrast)


def test_a_contrast_is_looked_up_like_a_target(decoder: TextModel) -> None:
    _, target = asked(decoder, PROMPT, " girl", " films")
    assert pieces(decoder, target.contrast_ids) == ["Ġfilm", "s"]
    assert target.contrast_label == " films"


def test_room_for_the_word_is_counted(decoder: TextModel, filler: TextModel) -> None:
    full = "good" + " good" * (models.LIMIT - 1)
    assert len(asked(decoder, full, " girl")[0]) == models.LIMIT
    with pytest.raises(TextTooLongError, match="With the 2 tokens of the word"):
        asked(decoder, full, " girls")
    with pytest.raises(TextTooLongError, match="With the 2 tokens of the word"):
        asked(decoder, full, " girl", " girls")
    full = "[MASK]" + " good" * (models.LIMIT - 3)
    with pytest.raises(TextTooLongError, match="With the 2 tokens of the word"):
        asked(filler, full, "girls")


def test_a_model_with_one_output() -> None:
    model = models.tiny("bert", "classification", num_labels=1, id2label={0: "score"}, label2id={"score": 0})
    _, target = asked(model, PROMPT, None, output="prob")
    assert (target.index, target.label, target.output) == (0, "score", "logit")
    answer = predict(model, PROMPT)
    assert answer.entropy is None
    assert answer.candidates[0].prob == answer.candidates[0].logit


def predict(model: TextModel, text: str, count: int = 10) -> Prediction:
    inputs = model.encode(text)
    position = reading_position(model, inputs)
    return prediction(model, inputs, position, answer_logits(model, inputs, position), count)


def test_candidates_come_in_order_with_their_probabilities(decoder: TextModel) -> None:
    answer = predict(decoder, PROMPT)
    with torch.no_grad():
        logits = decoder.network(input_ids=torch.tensor(decoder.tokenizer(PROMPT)["input_ids"])[None]).logits
    logits = logits[0, -1].double().numpy()
    probs = np.exp(logits - logits.max())
    probs /= probs.sum()
    order = np.argsort(-probs)[:10]
    assert [each.index for each in answer.candidates] == order.tolist()
    np.testing.assert_allclose([each.prob for each in answer.candidates], probs[order], rtol=1e-5)
    np.testing.assert_allclose([each.logit for each in answer.candidates], logits[order], rtol=1e-5)
    assert answer.entropy == pytest.approx(float(-(probs * np.log(probs)).sum()), rel=1e-5)
    assert (answer.position, answer.masks) == (1, ())


def test_classes_are_all_candidates(classifier: TextModel) -> None:
    answer = predict(classifier, PROMPT)
    assert {each.label for each in answer.candidates} == set(models.LABELS)
    assert sum(each.prob for each in answer.candidates) == pytest.approx(1, abs=1e-6)
    assert len(predict(classifier, PROMPT, count=2).candidates) == 2


def test_independent_labels() -> None:
    model = models.tiny("bert", "classification", problem_type="multi_label_classification")
    answer = predict(model, PROMPT)
    for each in answer.candidates:
        assert each.prob == pytest.approx(1 / (1 + np.exp(-each.logit)), rel=1e-5)
    assert answer.entropy is None
