"""The text and the answer may each have as many tokens as the model takes."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests.models import LIMIT, shared, tiny
from tokimp.errors import OptionError, TextTooLongError
from tokimp.internals.answer import with_answer
from tokimp.models.writing import Decoding, writing
from tokimp.types import Task
from tokimp.watch import Watch

ROOM = LIMIT - 1  # behind the token that the decoder begins with


def text_of(model: tokimp.models.text_model.TextModel, count: int) -> str:
    """A text of exactly so many tokens with the special ones."""
    text = "film"
    while len(model.tokenizer(text)["input_ids"]) < count:
        text += " a" if len(model.tokenizer(text + " a")["input_ids"]) <= count else "!"
    assert len(model.tokenizer(text)["input_ids"]) == count
    return text


@pytest.mark.parametrize("family", ["bart", "marian"])
def test_each_has_the_models_own_limit(family: str) -> None:
    model = shared(family, "seq2seq")
    text, answer = text_of(model, LIMIT), tuple(range(20, 20 + ROOM))
    inputs = model.encode(text, generated=answer)
    assert (inputs.source, len(inputs)) == (LIMIT, 2 * LIMIT)
    with pytest.raises(TextTooLongError, match=f"The text has {LIMIT + 1} tokens; {LIMIT} are") as found:
        model.encode(text_of(model, LIMIT + 1))
    assert found.value.next_step == "Shorten it."
    with pytest.raises(TextTooLongError, match=f"The answer has {LIMIT} tokens, behind 1 .* {LIMIT} are") as found:
        model.encode(text, generated=(*answer, 7))
    assert found.value.next_step == "Shorten the answer: the text fits."
    with pytest.raises(TextTooLongError, match="The text has 48 tokens; 40 are"):
        model.encode(text, 40)
    assert len(with_answer(model, text, LIMIT, answer)) == 2 * LIMIT


def test_the_longest_of_both_is_explained_and_no_more_is_written() -> None:
    model = shared("bart", "seq2seq")
    text, answer = text_of(model, LIMIT), tuple(range(20, 20 + ROOM - 1))
    asked = tokimp.ask(model, text, 20, generated=answer)
    assert np.isfinite(asked.explain("occlusion").scores).all()
    behind = model.encode(text, generated=answer)
    assert len(list(writing(model, behind, Decoding(9), 0, Watch()))) == 1
    model = tiny("bart", "seq2seq")
    model.network.generation_config.suppress_tokens = [model.tokenizer.eos_token_id]
    assert len(list(writing(model, model.encode(text), Decoding(2 * LIMIT), 0, Watch()))) == ROOM


def test_a_word_must_fit_into_the_answers_line() -> None:
    model = shared("bart", "seq2seq")
    text, answer = text_of(model, LIMIT), tuple(range(20, 20 + ROOM - 2))
    word = tokimp.ask(model, text, "good film", generated=answer[:-3]).target
    assert len(word.ids) > 1
    with pytest.raises(TextTooLongError, match="the answer is longer than the model takes"):
        tokimp.ask(model, text, "good film film film film", generated=answer)


@pytest.mark.parametrize(("family", "task"), [("gpt2", "next-token"), ("t5", "seq2seq")])
@pytest.mark.parametrize("strange", [-1, 10**7, 2**70])
def test_ids_that_are_no_tokens_are_refused(family: str, task: Task, strange: int) -> None:
    model = shared(family, task)
    with pytest.raises(OptionError, match=f"There is no token {strange}"):
        model.encode("the film was", None, (5, strange))
