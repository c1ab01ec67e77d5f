"""Whether the tokens with the highest scores carry the answer: what the model says without them, and of them alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from tokimp.metrics.base import MetricInfo, register
from tokimp.metrics.removal import Profile
from tokimp.types import Floats

_INFO = partial(
    MetricInfo,
    family="faithfulness",
    cost="2 × fractions copies of the text, shared by all metrics of removal; as many for each pair of random orders",
    probe="removal",
)


@register
@dataclass(frozen=True)
class Comprehensiveness:
    info: ClassVar[MetricInfo] = _INFO(
        key="comprehensiveness",
        title="Comprehensiveness",
        tells="How much of the target's probability is lost when the highest-scored tokens are taken away.",
        definition="Mean over fractions of p(whole text) − p(text without that share of the highest-scored tokens).",
        paper="DeYoung et al. 2020, section 4.2 (AOPC)",
        url="https://arxiv.org/abs/1911.03429",
        low=-1.0,
        high=1.0,
        higher_is_better=True,
        unit="probability",
    )

    def value(self, measured: Profile) -> float:
        return float((measured.probability(measured.whole) - measured.probability(measured.without)).mean())


@register
@dataclass(frozen=True)
class Sufficiency:
    info: ClassVar[MetricInfo] = _INFO(
        key="sufficiency",
        title="Sufficiency",
        tells="How much of the target's probability is lost when only the highest-scored tokens stay.",
        definition="Mean over fractions of p(whole text) − p(that share of the highest-scored tokens alone).",
        paper="DeYoung et al. 2020, section 4.2 (AOPC)",
        url="https://arxiv.org/abs/1911.03429",
        low=-1.0,
        high=1.0,
        higher_is_better=False,
        unit="probability",
    )

    def value(self, measured: Profile) -> float:
        return float((measured.probability(measured.whole) - measured.probability(measured.only)).mean())


@register
@dataclass(frozen=True)
class LogOdds:
    info: ClassVar[MetricInfo] = _INFO(
        key="log_odds",
        title="Log-odds",
        tells="By how much the target's log-probability changes without the highest-scored tokens; below 0 it falls.",
        definition="Mean over fractions of ln p(text without that share of the highest-scored tokens) − ln p(whole).",
        paper="Chen et al. 2019, section 5; Sanyal & Ren 2021, section 4.2",
        url="https://arxiv.org/abs/2108.13654",
        low=-np.inf,
        high=np.inf,
        higher_is_better=False,
        unit="nats",
    )

    def value(self, measured: Profile) -> float:
        return float((measured.without - measured.whole).mean())


@register
@dataclass(frozen=True)
class Deletion:
    info: ClassVar[MetricInfo] = _INFO(
        key="deletion",
        title="Deletion",
        tells="The target's mean probability while tokens go, the highest-scored first: small where it falls early.",
        definition="Area below p(text without the share x of the highest-scored tokens), x from 0 to 1, by trapezoids.",
        paper="Samek et al. 2017; Petsiuk et al. 2018, section 4.2",
        url="https://arxiv.org/abs/1806.07421",
        low=0.0,
        high=1.0,
        higher_is_better=False,
        unit="probability",
    )

    def value(self, measured: Profile) -> float:
        return _area(*self.curve(measured))

    def curve(self, measured: Profile) -> tuple[Floats, Floats]:
        return _through(measured, measured.without, measured.whole, measured.empty)


@register
@dataclass(frozen=True)
class Insertion:
    info: ClassVar[MetricInfo] = _INFO(
        key="insertion",
        title="Insertion",
        tells="The target's mean probability while tokens come, the highest-scored first: large where it rises early.",
        definition="Area below p(the share x of the highest-scored tokens alone), x from 0 to 1, by trapezoids.",
        paper="Petsiuk et al. 2018, section 4.2",
        url="https://arxiv.org/abs/1806.07421",
        low=0.0,
        high=1.0,
        higher_is_better=True,
        unit="probability",
    )

    def value(self, measured: Profile) -> float:
        return _area(*self.curve(measured))

    def curve(self, measured: Profile) -> tuple[Floats, Floats]:
        return _through(measured, measured.only, measured.empty, measured.whole)


def _through(measured: Profile, logs: Floats, start: float, end: float) -> tuple[Floats, Floats]:
    """Fractions and probabilities (step,) from 0 to 1, both ends included once."""
    inner = measured.fractions < 1
    fractions = np.concatenate([[0.0], measured.fractions[inner], [1.0]])
    return fractions, measured.probability(np.concatenate([[start], logs[inner], [end]]))


def _area(fractions: Floats, values: Floats) -> float:
    return float(((values[1:] + values[:-1]) / 2 * np.diff(fractions)).sum())
