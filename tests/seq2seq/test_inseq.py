"""Numbers of encoder–decoder models are those of inseq, stored with its settings in data/inseq.json."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import tokimp
from tests.seq2seq.inseq_reference import FACTS, FILE, METHODS, OUTPUTS, SOURCE, STEPS, drawn
from tokimp.models.text_model import TextModel
from tokimp.types import Value

STORED = json.loads(FILE.read_text(encoding="utf-8"))
OPTIONS: dict[str, dict[str, Value]] = {
    "integrated_gradients": {"steps": STEPS, "adaptive": False, "baseline": "unk", "keep_first": False}
}


@cache
def model_of(family: str) -> TextModel:
    return drawn(family)


def test_every_method_of_every_family_was_asked() -> None:
    asked = {(case["family"], case["method"], case["output"]) for case in STORED["cases"]}
    assert asked == {(family, method, output) for family in FACTS for method in METHODS for output in OUTPUTS}


@pytest.mark.parametrize(
    "case", STORED["cases"], ids=lambda case: f"{case['family']}-{case['method']}-{case['output']}"
)
def test_each_token_of_the_answer_is_explained_alike(case: dict[str, Any]) -> None:
    model = model_of(case["family"])
    start, *answer = case["target_ids"]
    assert (start,) == model.starts_with
    assert model.encode(SOURCE).ids.tolist() == [*case["source_ids"], start]
    for step, target in enumerate(answer):
        asked = tokimp.ask(model, SOURCE, target, output=case["output"], generated=answer[:step])
        found = asked.explain(case["method"], OPTIONS.get(case["method"], {})).scores
        wanted = [*case["source"][step], *case["target"][step]]
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=2e-5 * np.abs(wanted).max())
