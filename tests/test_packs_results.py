"""Results on real weights: the packs of requirements-packs.txt, and the two small models built on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import tokimp
from tokimp.models.text_model import TextModel

pytestmark = pytest.mark.packs

SEED_PROMPT = (
    "On a sunny afternoon in the countryside, villagers set up colorful tents and wooden stalls for the annual harvest"
    " celebration. Children chased butterflies near the fields, while parents prepared traditional dishes over open"
    " fires. Music from flutes and drums filled the air as stories were shared under the shade of tall oak trees."
    " Among the crowd stood a kind-hearted little"
)
CAPITAL = "The capital of France is"


@pytest.fixture(scope="module", autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def smollm2() -> TextModel:
    return tokimp.load("smollm2-135m")


@pytest.fixture(scope="module")
def sentiment() -> TextModel:
    return tokimp.load("minilm-sentiment")


@pytest.mark.parametrize(("prompt", "word", "prob"), [(SEED_PROMPT, " girl", 0.466), (CAPITAL, " Paris", 0.773)])
def test_what_comes_next(smollm2: TextModel, prompt: str, word: str, prob: float) -> None:
    answer = tokimp.predict(smollm2, prompt)
    assert answer.candidates[0].label == word
    assert answer.candidates[0].prob == pytest.approx(prob, abs=0.01)
    assert len(answer.tokens) == {SEED_PROMPT: 68, CAPITAL: 5}[prompt]


@pytest.mark.parametrize("typed", [" girl", "girl"])
def test_a_word_is_found_in_its_context(smollm2: TextModel, typed: str) -> None:
    asked = tokimp.ask(smollm2, SEED_PROMPT, target=typed)
    assert asked.target.label == " girl"
    assert asked.probability == pytest.approx(0.466, abs=0.01)


def scores_of(found: tokimp.Explanation) -> dict[str, float]:
    return {token.text.strip(): float(score) for token, score in zip(found.tokens, found.scores, strict=True)}


def test_occlusion_of_paris(smollm2: TextModel) -> None:
    """Against the text without each word, read by transformers alone."""
    found = tokimp.explain(smollm2, CAPITAL, "occlusion", target=" Paris")
    ids = smollm2.encode(CAPITAL).ids
    for i in range(len(ids)):
        with torch.no_grad():
            logits = smollm2.network(input_ids=torch.as_tensor(np.delete(ids, i))[None]).logits[0, -1]
        assert found.scores[i] == pytest.approx(found.output - float(logits[found.target.index]), abs=1e-3)


def test_what_makes_it_paris_rather_than_london(smollm2: TextModel) -> None:
    """Without the contrast "is" is ahead: behind "The capital of France" no city follows."""
    scores = scores_of(tokimp.explain(smollm2, CAPITAL, "occlusion", target=" Paris", contrast=" London"))
    assert max(scores, key=scores.__getitem__) == "France"


def test_integrated_gradients_of_paris_add_up(smollm2: TextModel) -> None:
    found = tokimp.explain(smollm2, CAPITAL, "integrated_gradients", target=" Paris", contrast=" London")
    assert found.baseline_output is not None
    assert abs(found.completeness_gap or 0) <= 0.01 * abs(found.output - found.baseline_output)
    assert found.attribution.notes == ()
    scores = scores_of(found)
    assert max(scores, key=scores.__getitem__) == "France"


@pytest.mark.parametrize(
    ("text", "label", "word"),
    [
        ("This is a wonderful film.", "positive", "wonderful"),
        ("The acting was terrible.", "negative", "terrible"),
        ("What a boring movie.", "negative", "boring"),
    ],
)
@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients"])
def test_the_telling_word_comes_first(sentiment: TextModel, method: str, text: str, label: str, word: str) -> None:
    found = tokimp.explain(sentiment, text, method)
    assert found.target.label == label
    assert found.probability > 0.7
    assert found.tokens[int(found.scores.argmax())].text == word
