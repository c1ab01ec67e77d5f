"""Every method ranks the telling word of a sentence first, on a trained classifier."""

from __future__ import annotations

from collections import defaultdict

import pytest

import tokimp
from tokimp.methods.base import METHODS
from tokimp.models.text_model import TextModel

pytestmark = pytest.mark.packs

SENTENCES = [
    ("The view from here is lovely", "positive", "lovely"),
    ("I am proud of my brother", "positive", "proud"),
    ("The people here were delightful", "positive", "delightful"),
    ("We are disappointed with the result", "negative", "disappointed"),
    ("I am furious with this phone", "negative", "furious"),
    ("We are angry with the result", "negative", "angry"),
]
EVERY_SENTENCE = pytest.mark.parametrize(("text", "label", "word"), SENTENCES)
OPTIONS: dict[str, dict[str, int]] = {"reagent": {"runs": 50}}  # a run stops as soon as the word is among the best


@pytest.fixture(scope="module")
def sentiment() -> TextModel:
    return tokimp.load("minilm-sentiment")


def words_of(found: tokimp.Explanation) -> dict[str, float]:
    """Scores of the words between spaces: sums over their tokens, special tokens left out."""
    sums: dict[str, float] = defaultdict(float)
    text = found.request.text
    for token, score in zip(found.tokens, found.scores, strict=True):
        if not token.special:
            before, behind = text[: token.end].split(" ")[-1], text[token.end :].split(" ")[0]
            sums[before + behind] += float(score)
    return sums


@EVERY_SENTENCE
def test_the_model_is_right_and_sure(sentiment: TextModel, text: str, label: str, word: str) -> None:
    answer = tokimp.predict(sentiment, text).candidates[0]
    assert answer.label == label
    assert answer.prob > 0.9
    assert len(set(text.split())) == len(text.split())
    assert word in text.split()


@EVERY_SENTENCE
@pytest.mark.parametrize("key", METHODS)
def test_the_telling_word_comes_first(sentiment: TextModel, key: str, text: str, label: str, word: str) -> None:
    words = words_of(tokimp.explain(sentiment, text, key, target=label, **OPTIONS.get(key, {})))
    assert list(words) == text.split()
    assert max(words, key=words.__getitem__) == word
