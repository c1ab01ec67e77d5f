"""What a pass has so far for one metric, and the score that this makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tokimp.metrics.base import Drawn, Metric
from tokimp.metrics.chance import FEWEST_PAIRS, band, chance_of
from tokimp.score import Curve, Score
from tokimp.types import Floats

ALIKE = "All tokens have the same score, which orders nothing: the value is that of chance."


@dataclass
class Standing:
    """Values and curves of the explanation's own scores and of random ones.

    `alike`: its scores are all the same; `whole`: the size that rounding of probabilities is
    relative to; `refusal`: why there is no such number here; `valued`: the model gives a value and
    no probability.
    """

    metric: Metric
    kind: str
    alike: bool = False
    valued: bool = False
    refusal: str = ""
    notes: tuple[str, ...] = ()
    whole: float = 1.0
    own_value: float | None = None
    own_curve: Floats | None = None
    fractions: Floats | None = None
    values: list[float] = field(default_factory=list)
    curves: list[Floats] = field(default_factory=list)

    def take_own(self, measured: Sequence[Any]) -> None:
        """Of several ways to break ties, the mean."""
        self.own_value = float(np.mean([self.metric.value(each) for each in measured]))
        if isinstance(self.metric, Drawn):
            drawn = [self.metric.curve(each) for each in measured]
            self.fractions, self.own_curve = drawn[0][0], np.mean([values for _, values in drawn], axis=0)

    def take_random(self, measured: Sequence[Any]) -> None:
        """Of pairs: an order beside its reverse."""
        self.values += [self.metric.value(each) for each in measured]
        if isinstance(self.metric, Drawn):
            self.curves += [self.metric.curve(each)[1] for each in measured]

    def score(self, evaluations: int) -> Score:
        info, notes = self.metric.info, list(self.notes)
        chance = chance_of(self.values, self._scale, *self._range)
        value = self.own_value
        if chance is not None:
            notes.append(
                f"Chance: {chance.randoms} random orders of the same scores, every second one a reverse; the band "
                f"holds 95 % of single ones, and their mean is known to ± {chance.error:.1g}."
            )
        if self.alike:
            value = None if chance is None else chance.mean
            notes.append(ALIKE)
        if self.refusal:
            notes.append(self.refusal)
        return Score(
            metric=info.key,
            title=info.title,
            value=value,
            chance=chance,
            higher_is_better=info.higher_is_better,
            unit="value" if self.valued and not self.refusal else info.unit,
            removal=self.kind,
            curve=self._curve(),
            evaluations=evaluations,
            notes=tuple(notes),
        )

    @property
    def _range(self) -> tuple[float, float]:
        info = self.metric.info
        return (-np.inf, np.inf) if self.valued else (info.low, info.high)

    @property
    def _scale(self) -> float:
        return self.whole if self.metric.info.unit == "probability" else 1.0

    def _curve(self) -> Curve | None:
        if self.fractions is None or self.own_curve is None:
            return None
        own, ends = self.own_curve, []
        if len(self.curves) >= 2 * FEWEST_PAIRS:
            found = band(self.curves, self._scale)
            own = found.mean if self.alike else own
            low, high = self._range
            ends = [np.clip(each, low, high) for each in (found.low, found.mean, found.high)]
        elif self.alike:
            return None
        return Curve(*[tuple(each.tolist()) for each in (self.fractions, own, *ends)])
