"""ReAGent on real weights: plausible replacements across tokenizers, and telling words."""

from __future__ import annotations

import pytest

import tokimp
from tokimp.models.proposals import proposals
from tokimp.models.tokens import display
from tokimp.watch import Watch

pytestmark = pytest.mark.packs

SENTENCES = (
    ("This is a wonderful film.", "wonderful"),
    ("The acting was terrible.", "terrible"),
    ("What a boring movie.", "boring"),
)


@pytest.mark.parametrize("replacement", ["random", "mlm"])
@pytest.mark.parametrize(("text", "word"), SENTENCES)
def test_the_telling_word_comes_first(text: str, word: str, replacement: str) -> None:
    model = tokimp.load("minilm-sentiment")
    found = tokimp.explain(model, text, "reagent", runs=20, replacement=replacement)
    assert found.tokens[int(found.scores.argmax())].text == word
    assert found.attribution.notes[0].startswith("All 20 runs stopped")


@pytest.mark.parametrize(("kind", "countries"), [("self", {" Spain", " Egypt", " India"}), ("mlm", {" England"})])
def test_what_may_stand_for_france(kind: str, countries: set[str]) -> None:
    model = tokimp.load("smollm2-135m")
    inputs = model.encode("The capital of France is")
    found = proposals(model, inputs, kind, Watch())
    words = {display(model.tokenizer, [id_]) for id_ in found.table[3, : found.counts[3]].tolist()}
    assert countries < words
    assert " France" not in words
    first = {display(model.tokenizer, [id_]) for id_ in found.table[0, : found.counts[0]].tolist()}
    assert {"A"} < first
    assert "The" not in first
