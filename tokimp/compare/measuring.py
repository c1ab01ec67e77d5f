"""Several explanations of one text measured against chance, which is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tokimp.metrics import Setting, evaluating
from tokimp.metrics.base import chosen
from tokimp.models.text_model import TextModel
from tokimp.score import Curve, Score
from tokimp.types import Explanation
from tokimp.watch import Watch


class Bands:
    """Chance by metric, measured once a text: of metrics that only read the order of the scores.

    Random orders are drawn from the number of tokens and the seed, so that those of one method are those of all.
    """

    def __init__(self, metrics: Sequence[str] | None = None) -> None:
        self.metrics = metrics
        self._first: dict[str, Score] = {}
        self._shared = all(metric.info.probe == "removal" for metric in chosen(metrics))

    def measure(self, model: TextModel, explanation: Explanation, watch: Watch) -> Iterator[tuple[Score, ...]]:
        """The scores so far, again and again; cost: without random orders where they are known already."""
        own = explanation.scores[[not token.special for token in explanation.tokens]]
        alike = len(own) == 0 or bool(np.ptp(own) == 0)  # without an order there is only chance to be measured
        known = bool(self._first) and not alike
        found: list[Score] = []
        for found in evaluating(model, explanation, self.metrics, Setting(randoms=0 if known else None), watch):
            yield tuple(self._beside_chance(score) if known else score for score in found)
        if self._shared and not known and not alike:
            self._first = {score.metric: score for score in found}

    def _beside_chance(self, score: Score) -> Score:
        first = self._first[score.metric]
        notes = (*score.notes, *(note for note in first.notes if note.startswith("Chance:")))
        return replace(score, chance=first.chance, curve=_with_band(score.curve, first.curve), notes=notes)


def _with_band(curve: Curve | None, first: Curve | None) -> Curve | None:
    if curve is None or first is None or curve.fractions != first.fractions:
        return curve
    return replace(curve, low=first.low, mean=first.mean, high=first.high)
