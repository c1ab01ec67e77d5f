"""Explanations whose scores are given, and what the toys say by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tokimp
from tests import models
from tests.models import TEXTS
from tokimp.models.text_model import TextModel
from tokimp.score import Score
from tokimp.types import Attribution, Explanation, Task

WORDS = "good film not bad"
WORTH = (2.0, 1.0, 0.5, -1.0)
"""What these words are worth to the additive toy."""


def given(model: TextModel, text: str, scores: Sequence[float], **asked: Any) -> Explanation:
    """An explanation with these scores for the text's own tokens, and 9 for special ones, which must not matter."""
    question = tokimp.ask(model, text, **asked)
    found = np.full(len(question.inputs), 9.0)
    found[question.inputs.free] = scores
    return question.explanation(Attribution(found), "occlusion")


def some(family: str, task: Task, seed: int = 0, **asked: Any) -> Explanation:
    """An explanation of a tiny model with random scores."""
    model = models.shared(family, task)
    count = len(tokimp.ask(model, TEXTS[task], target=1).inputs.free)
    return given(model, TEXTS[task], np.random.default_rng(seed).normal(size=count).tolist(), **{"target": 1} | asked)


def number(score: Score) -> float:
    """Its value, which there must be."""
    assert score.value is not None
    return score.value


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
