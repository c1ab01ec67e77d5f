"""The look through the logit lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.internals.logit_lens import LogitLens, logit_lens
from tokimp.internals.looks.base import Aim, Findings, LookInfo, layer_option, register, token_option
from tokimp.internals.looks.words import words_of


@register
@dataclass(frozen=True)
class LensLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="logit_lens",
        title="Logit lens",
        tells="What each layer would say if it were the last, and how the answer comes up.",
        paper="nostalgebraist 2020",
        url="https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens",
        cost="2 evaluations, and the head at each layer",
        marks=("layer", "token"),
        tasks=("next-token", "masked-lm"),
        elsewhere="A classifier has no words to say at each layer.",
        needs=frozenset({"layers"}),
    )
    layer: int | None = layer_option()
    token: int | None = token_option()

    def see(self, aim: Aim) -> Findings:
        """Arrays: positions (position,); top, top_probability (layer, position, rank), ids and their
        probabilities; answer (position,), its probability and rank (layer, position). Facts: words, by id.

        With a target, followed is its first token at all positions, else the model's own answer at each.
        """
        inside, watch = aim.inside, aim.watch
        watch(0.0)
        answer = None if aim.request.target is None else aim.target()[1].index

        def read() -> LogitLens:
            watch.count(2)
            return logit_lens(inside.model, inside.inputs, answer=answer, watch=watch)

        lens = inside.kept(f"lens of {answer}", read)
        arrays = {
            "positions": _ints(lens.positions),
            "top": lens.top,
            "top_probability": lens.top_probability,
            "answer": lens.answer,
            "probability": lens.probability,
            "rank": lens.rank,
        }
        return Findings(arrays, {"words": words_of(inside.model, lens.top, lens.answer)})


def _ints(values: tuple[int, ...]) -> np.ndarray:
    return np.array(values, dtype=np.int64)
