"""Comparisons of made-up scores, over texts that try to break a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.views.examples import HOSTILE, explain, tokens_of, with_specials
from tokimp.compare.agreement import compared
from tokimp.compare.alignment import aligned
from tokimp.compare.keywords import Keywords, spread, tracks
from tokimp.compare.templates import Variation
from tokimp.comparison import Comparison
from tokimp.prompt_comparison import PromptComparison
from tokimp.score import Chance, Score
from tokimp.types import Candidate, Explanation

TEXT = "a b c d e"


def by(method: str, scores: Sequence[float] | None, text: str = TEXT, *, signed: bool = True) -> Explanation:
    made = explain(text, with_specials(tokens_of(text)) if text == HOSTILE else tokens_of(text), scores, signed=signed)
    return replace(made, request=replace(made.request, method=method))


def score(value: float | None, metric: str = "comprehensiveness", *, higher: bool | None = True) -> Score:
    return Score(metric, metric.capitalize(), value, Chance(0.1, 0.2, 0.3), higher, "probability", "mask")


def methods() -> Comparison:
    explained = [
        by("attention", [5, 0, 3, 2, 1], signed=False),
        by("occlusion", [0, 5, -3, 2, 1]),
        by("lime", [0, 4, -3, 2, 1.5]),
    ]
    scores = {"attention": (score(0.2),), "occlusion": (score(0.5),), "lime": (score(0.05),)}
    made = compared(TEXT, explained[0].tokens, explained, failed={"saliency": "Saliency <needs> gradients."})
    return replace(made, scores=scores)


def hostile_methods() -> Comparison:
    explained = [by("occlusion", None, HOSTILE), by("attention", None, HOSTILE, signed=False)]
    made = compared(HOSTILE, explained[0].tokens, explained, failed={"lime": "<script>alert(1)</script>"})
    wild = replace(score(None, "<b>"), title="<i>wild</i>", notes=("<script>",))
    return replace(made, scores={"occlusion": (score(0.4), wild), "attention": (score(0.2, higher=None),)})


def prompts(texts: Sequence[str], keywords: Sequence[str], method: str = "occlusion") -> PromptComparison:
    """Scores are the tokens' positions, with every second sign turned; the answer to the last is another."""
    run = []
    for place, text in enumerate(texts):
        tokens = tokens_of(text)
        numbers = np.arange(1.0, len(tokens) + 1) * np.resize([1.0, -1.0], len(tokens))
        made = explain(text, tokens, numbers.tolist())
        request = replace(made.request, method=method)
        run.append(replace(made, request=request, probability=0.9 - 0.8 * (place == len(texts) - 1)))
    answers = [Candidate(3, " girl", 0.9, 1.0)] * (len(texts) - 1) + [Candidate(7, " <boy>", 0.6, 1.0)]
    runs = {method: tuple(run)}
    return PromptComparison(
        prompts=tuple(texts),
        runs=runs,
        answers=tuple(answers),
        alignment=aligned([each.tokens for each in run]),
        keywords=tracks([Variation(text) for text in texts], runs, Keywords(tuple(keywords))),
        probability=spread([each.probability for each in run]),
        failed={"<script>": "There is <no> text."},
        unavailable={"lime": "<b>"},
    )


def hostile_prompts() -> PromptComparison:
    return prompts([HOSTILE, "a <script> b", "${7*7} مرحبا", "=1+1", "x\ny"], ["<script>", "${7*7}", "=1+1"])
