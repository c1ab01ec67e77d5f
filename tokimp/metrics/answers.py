"""Whether sources that score high carry the answer: sentences or words taken away, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.metrics.base import Metric, MetricInfo, Scoring, Setting, register
from tokimp.metrics.removal import Removals
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats, Target
from tokimp.units import KINDS, units_of
from tokimp.watch import Watch

Rows = npt.NDArray[np.bool_]

TOP = (1, 3, 5)
ABLATIONS = 64
SOURCES = ("auto", "tokens", *KINDS)
FEWEST_SENTENCES = 4
"""Where a text has fewer, its words are taken for sources."""

_INFO = partial(
    MetricInfo,
    family="faithfulness",
    paper="Cohen-Wang et al. 2024, section 2",
    url="https://arxiv.org/abs/2409.00729",
    higher_is_better=True,
    usual=False,
)


class Drops(NamedTuple):
    """By how much the log-probability falls (step,) without that share of the sources (step,), the highest first."""

    fractions: Floats
    drops: Floats


class Predictions(NamedTuple):
    """Log-probabilities of ablated texts (ablation,), and the sums of the scores that stay in each (ablation,)."""

    logs: Floats
    sums: Floats


class Sources:
    """The parts of a text that go as one, and what each is worth to an explanation."""

    def __init__(self, model: TextModel, inputs: Encoded, target: Target, setting: Setting, watch: Watch) -> None:
        """Raises OptionError for unknown sources or an unknown removal, NoBaselineError for one that is lacking."""
        self.removals = Removals(model, inputs, target, setting, watch)
        self.kind = self.removals.kind
        self.members, named = sources_of(inputs, setting.sources)  # (source, token)
        self.notes: tuple[str, ...] = (f"Taken away are whole {named}, {len(self.members)} in number.",)

    def __len__(self) -> int:
        return len(self.members)

    def worths(self, scoring: Scoring) -> Floats:
        """What each source is worth (source,): the sum over its tokens; at random, these sums dealt out anew."""
        sums = self.members @ scoring.scores
        if not scoring.dealt:
            return np.asarray(sums)
        dealt = np.empty(len(self))
        dealt[np.argsort(self._ranks(scoring))] = np.sort(sums)[::-1]
        return dealt

    def order(self, scoring: Scoring) -> npt.NDArray[np.int64]:
        """Sources from the largest worth down, equal ones as their first tokens stand in the scoring's order."""
        order: npt.NDArray[np.int64] = np.lexsort((self._ranks(scoring), -self.worths(scoring)))
        return order

    def _ranks(self, scoring: Scoring) -> npt.NDArray[np.int64]:
        ranks = np.zeros(self.members.shape[1], dtype=np.int64)
        ranks[scoring.order] = np.arange(len(scoring.order))
        return np.asarray(ranks[self.members.argmax(1)])


class TopSources(Sources):
    """Measures what the highest-scored sources take with them."""

    def measure(self, metrics: Sequence[Metric], scorings: Sequence[Scoring]) -> list[Sequence[Drops]]:
        """Cost: a copy for each number of sources in `TOP`, those that are alike once; the whole text once."""
        counts = np.unique(np.minimum(TOP, len(self)))
        rows = [np.ones((1, self.members.shape[1]), dtype=bool)]
        for scoring in scorings:
            ranks = np.argsort(self.order(scoring))
            gone = ranks < counts[:, None]  # (step, source)
            rows.append(~(gone @ self.members))
        whole, *rest = self.removals.logs(np.concatenate(rows))
        drops = whole - np.array(rest).reshape(len(scorings), len(counts))
        return [[Drops(counts / max(len(self), 1), each) for each in drops]] * len(metrics)


class Ablations(Sources):
    """Measures how well sums of scores foretell what the model says to any part of the sources."""

    def __init__(self, model: TextModel, inputs: Encoded, target: Target, setting: Setting, watch: Watch) -> None:
        super().__init__(model, inputs, target, setting, watch)
        self._stays = ablations(len(self), np.random.default_rng([setting.seed, 3]))  # (ablation, source)
        self.notes = (*self.notes, f"{len(self._stays)} texts, in each of which a source stays or goes by a coin.")

    def measure(self, metrics: Sequence[Metric], scorings: Sequence[Scoring]) -> list[Sequence[Predictions]]:
        """Cost: `ABLATIONS` copies at most, the same for all scorings."""
        logs = self.removals.logs(~(~self._stays @ self.members))
        return [[Predictions(logs, self._stays @ self.worths(scoring)) for scoring in scorings]] * len(metrics)


@register
@dataclass(frozen=True)
class TopKDrop:
    info: ClassVar[MetricInfo] = _INFO(
        key="top_k_drop",
        title="Top-k drop",
        tells="By how much the answer's log-probability falls without the highest-scored sentences or words.",
        definition="Mean over k = 1, 3, 5 of ln p(whole text) − ln p(text without the k highest-scored sources).",
        low=-np.inf,
        high=np.inf,
        unit="nats",
        cost="at most 3 copies of the text; as many for each random order",
        probe="top",
    )

    def value(self, measured: Drops) -> float:
        return float(measured.drops.mean())

    def curve(self, measured: Drops) -> tuple[Floats, Floats]:
        return measured.fractions, measured.drops


@register
@dataclass(frozen=True)
class LinearDatamodelling:
    """The paper's own scores are fitted to logit-scaled probabilities. The number is one of ranks, which are the
    same for probabilities, their logarithms and their logits."""

    info: ClassVar[MetricInfo] = _INFO(
        key="lds",
        title="LDS",
        tells="Whether sums of scores foretell which texts, with sources taken away at random, keep the answer likely.",
        definition="Spearman's ρ between ln p(a random part of the sources) and the sum of that part's scores.",
        paper="Park et al. 2023, definition 2.3; Cohen-Wang et al. 2024, section 2",
        low=-1.0,
        high=1.0,
        unit="",
        cost=f"{ABLATIONS} copies of the text at most, shared with all random scores",
        probe="ablations",
    )

    def value(self, measured: Predictions) -> float:
        return rank_correlation(measured.logs, measured.sums)


def sources_of(inputs: Encoded, kind: str) -> tuple[Rows, str]:
    """Which tokens each source holds (source, token), and what sources are; fixed tokens belong to none.

    "auto" are sentences where there are at least `FEWEST_SENTENCES`, else words, else tokens.
    """
    if kind not in SOURCES:
        raise OptionError(f"There are no sources {kind!r}.", f"There are: {', '.join(SOURCES)}.")
    for each in ("sentences", "words", "tokens") if kind == "auto" else (kind,):
        units = np.arange(len(inputs)) if each == "tokens" else units_of(inputs.text, inputs.tokens, each)
        found = np.unique(units[inputs.free])
        if each in (kind, "tokens") or len(found) >= FEWEST_SENTENCES:
            break
    return (units == found[:, None]) & ~inputs.fixed, each


def ablations(count: int, rng: np.random.Generator) -> Rows:
    """Which of `count` sources stay (ablation, source): every part there is, or `ABLATIONS` drawn with even chances."""
    if 2**count <= ABLATIONS:
        return np.asarray(np.arange(2**count)[:, None] >> np.arange(count) & 1 == 1)
    return rng.random((ABLATIONS, count)) < 0.5


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's ρ, ties with their mean rank; 0 where all of one side are alike: they tell nothing."""
    from scipy.stats import rankdata

    ranks = np.array([rankdata(each.round(9)) for each in (one, other)])
    if not np.ptp(ranks, axis=1).all():
        return 0.0
    return float(np.clip(np.corrcoef(ranks)[0, 1], -1, 1))
