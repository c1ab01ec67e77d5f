"""Every method finds the one token that a copying model copies."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests.copy_task import NAMES, copier
from tokimp.methods.base import METHODS

OPTIONS: dict[str, dict[str, int]] = {"reagent": {"runs": 50}}  # a run stops as soon as the name is among the best
TEXTS = [(f"the film was{name} and good", name, 3) for name in NAMES] + [
    ("you and the little girl of", " girl", 4),
    ("was paris good and not bad", " paris", 1),
]
EVERY_TEXT = pytest.mark.parametrize(("text", "name", "at"), TEXTS)


@EVERY_TEXT
def test_it_copies(text: str, name: str, at: int) -> None:
    answer = tokimp.predict(copier(), text)
    assert answer.candidates[0].label == name == answer.tokens[at].text
    assert answer.candidates[0].prob > 0.9
    assert copier().attentions(copier().encode(text).ids)[0][0, -1, at] > 0.99


@EVERY_TEXT
@pytest.mark.parametrize("key", [key for key, method in METHODS.items() if method.info.targeted])
def test_the_copied_token_counts_most(key: str, text: str, name: str, at: int) -> None:
    found = tokimp.explain(copier(), text, key, target=name, **OPTIONS.get(key, {}))
    size = np.abs(found.scores)
    assert size.argmax() == at
    assert np.partition(size, -2)[-2] < size[at]
    if found.attribution.signed:
        assert found.scores[at] > 0
