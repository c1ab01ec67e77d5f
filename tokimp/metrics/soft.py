"""Metrics that keep each token in part: elements of its embedding, each with a probability that its score gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from tokimp.metrics.base import Metric, MetricInfo, Scoring, Setting, register
from tokimp.models.outputs import logits_at
from tokimp.models.scoring import batch_rows, in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Floats, Target
from tokimp.watch import Watch

DRAWS = 2
RETENTIONS = (0.25, 0.5, 0.75)
REMOVAL = "zeroed"

_INFO = partial(
    MetricInfo,
    family="faithfulness",
    low=0.0,
    higher_is_better=True,
    unit="",
    probe="soft",
    usual=False,
    needs=frozenset({"gradient"}),
)
_PLAIN = partial(
    _INFO,
    paper="Zhao & Shan 2024, section 4.3; Zhao & Aletras 2023",
    url="https://arxiv.org/abs/2402.00794",
    cost=f"{DRAWS} copies of the text, and as many for each random scoring",
)
_FIXED = partial(
    _INFO,
    paper="Huang & Chan 2026",
    url="https://arxiv.org/abs/2601.03089",
    cost=f"{DRAWS * len(RETENTIONS)} copies of the text, and as many for each random scoring",
)


class Distances(NamedTuple):
    """Hellinger distances from the answer to the whole text: of each level (level,), and of no token at all."""

    levels: Floats
    empty: float


class Soft:
    """Measures scorings of one input by keeping elements of embeddings; draws are the same for all scorings.

    The distance between two answers p and p′ over all classes or next tokens is Σ (√p′ − √p)² / √2,
    without the root around it that Hellinger's has, as ReAGent has it: at most √2. An output that
    stands for itself (several labels at once) has its yes and no for classes.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, model: TextModel, inputs: Encoded, target: Target, setting: Setting, watch: Watch) -> None:
        self.kind = REMOVAL
        self._model, self._inputs, self._target, self._watch = model, inputs, target, watch
        self._embeds = model.embed(inputs.ids)  # (token, hidden)
        self._noise = [self._uniform(1000 * setting.seed + draw) for draw in range(DRAWS)]
        self._plain: Tensor | None = None
        self._empty = 0.0

    def measure(self, metrics: Sequence[Metric], scorings: Sequence[Scoring]) -> list[Sequence[Distances]]:
        """Distances for each metric's own way to keep tokens by their shares.

        Cost: `DRAWS` copies for each level of each, and two more the first time.
        """
        free, count = self._inputs.free, len(scorings)
        soft = [cast("SoftMetric", metric) for metric in metrics]
        found = self.distances([keeps(metric, scoring.share, free) for metric in soft for scoring in scorings])
        return [found[place * count : (place + 1) * count] for place in range(len(metrics))]

    def distances(self, keeps: Sequence[Floats]) -> list[Distances]:
        """One for each of keeps (level, token): the probability with which a token's elements stay."""
        if self._plain is None:
            self._plain = self._answers([self._embeds])  # (1, class)
            empty = self._masked(np.zeros(len(self._inputs)), 0)
            self._empty = float(self._distance(self._answers([empty]))[0])
        rows = [(row, draw) for keep in keeps for row in keep for draw in range(DRAWS)]
        length, done, found = len(self._inputs), 0, []
        for batch, distances in in_batches(rows, batch_rows(self._model, length, length), self._run):
            found.append(distances)
            done += len(batch)
            self._watch(done / len(rows))
        each = np.concatenate(found).reshape(-1, DRAWS).mean(1)
        ends = np.cumsum([len(keep) for keep in keeps])[:-1]
        return [Distances(levels, self._empty) for levels in np.split(each, ends)]

    def _run(self, batch: Sequence[tuple[Floats, int]]) -> Floats:
        return self._distance(self._answers([self._masked(keep, draw) for keep, draw in batch]))

    def _masked(self, keep: Floats, draw: int) -> Tensor:
        kept = np.where(self._inputs.fixed, 1.0, keep)
        chance = torch.as_tensor(kept, dtype=torch.float32, device=self._embeds.device)
        return self._embeds * (self._noise[draw] < chance[:, None])

    def _answers(self, copies: Sequence[Tensor]) -> Tensor:
        """Roots of probabilities (copy, class or vocabulary)."""
        with torch.inference_mode():
            positions = [self._target.position] * len(copies)
            logits = logits_at(self._model, torch.stack(list(copies)), positions, 1, self._inputs.source)[:, 0]
        self._watch.count(len(copies))
        if self._model.link == "sigmoid":
            one = logits[:, self._target.index]
            return torch.stack([one, -one], dim=-1).sigmoid().sqrt()
        return logits.softmax(-1).sqrt()

    def _distance(self, roots: Tensor) -> Floats:
        assert self._plain is not None
        found: Floats = ((roots - self._plain) ** 2).sum(-1).double().cpu().numpy() / np.sqrt(2)
        return found

    def _uniform(self, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.rand(self._embeds.shape, generator=generator).to(self._embeds.device)


def shares(scores: Floats, free: Ids) -> Floats:
    """Scores (token,) brought to 0…1 over the positions `free`, by their least and largest; 1/2 where all are alike."""
    found = np.ones(len(scores))
    own = scores[free]
    spread = np.ptp(own) if len(own) else 0.0
    found[free] = (own - own.min()) / spread if spread > 0 else 0.5
    return found


def retained(share: Floats, free: Ids, mean: float) -> Floats:
    """Probabilities (token,) in proportion to the shares, at most 1, whose mean over `free` is `mean`.

    Where too few shares are above 0 for that, those are 1 and the others alike.
    """
    found = np.ones(len(share))
    own, wanted = share[free], mean * len(free)
    full = np.zeros(len(own), dtype=bool)
    while (own[~full] > 0).any():
        rest = np.where(full, 0, own)
        scaled = rest * (wanted - full.sum()) / rest.sum()
        over = ~full & (scaled > 1)
        if not over.any():
            found[free] = np.where(full, 1, scaled)
            return found
        full |= over
    found[free] = np.where(full, 1, (wanted - full.sum()) / max((~full).sum(), 1))
    return found


class SoftMetric(Protocol):
    """What tells the four apart: whether high scores are kept or taken, and at which expected retentions, if any."""

    takes: ClassVar[bool]
    retentions: ClassVar[tuple[float, ...]]


def keeps(metric: SoftMetric, share: Floats, free: Ids) -> Floats:
    """With which probability a token's elements stay (level, token)."""
    wanted = 1 - share if metric.takes else share
    return np.stack([retained(wanted, free, mean) for mean in metric.retentions]) if metric.retentions else wanted[None]


@register
@dataclass(frozen=True)
class SoftNS:
    info: ClassVar[MetricInfo] = _PLAIN(
        key="soft_ns",
        title="Soft-NS",
        tells="How much of the answer is still there if tokens are kept in part, as much as their scores say.",
        definition="max(0, d(no token) − d(tokens kept by score)) / d(no token); "
        "d = Σ (√p′ − √p)² / √2 over all answers, without an outer root.",
        high=1.0,
    )
    takes: ClassVar[bool] = False
    retentions: ClassVar[tuple[float, ...]] = ()

    def value(self, measured: Distances) -> float:
        return float(_kept(measured).mean())


@register
@dataclass(frozen=True)
class SoftNC:
    info: ClassVar[MetricInfo] = _PLAIN(
        key="soft_nc",
        title="Soft-NC",
        tells="How much the answer changes if tokens are taken away in part, as much as their scores say.",
        definition="d(tokens kept by 1 − score) / d(no token); d = Σ (√p′ − √p)² / √2 over all answers, "
        "without an outer root. Above 1 where less than nothing is left.",
        high=np.inf,
    )
    takes: ClassVar[bool] = True
    retentions: ClassVar[tuple[float, ...]] = ()

    def value(self, measured: Distances) -> float:
        return float(_lost(measured).mean())


@register
@dataclass(frozen=True)
class FixedSoftNS(SoftNS):
    """π-Soft-NS: every scoring is measured at the same expected probability π that an element is kept.

    That is the idea of Huang & Chan 2026, for NS and NC alike. How scores get there is ours: see `retained`;
    so are the three π, and that one number is the mean over them.
    """

    info: ClassVar[MetricInfo] = _FIXED(
        key="fixed_soft_ns",
        title="Soft-NS at fixed retention",
        tells="As Soft-NS, but as much is kept of every scoring: spread-out scores gain nothing by keeping more.",
        definition="Mean of Soft-NS over expected retentions of 25, 50 and 75 % of all tokens; "
        "probabilities in proportion to the scores, at most 1.",
        high=1.0,
    )
    retentions: ClassVar[tuple[float, ...]] = RETENTIONS

    def curve(self, measured: Distances) -> tuple[Floats, Floats]:
        return np.array(RETENTIONS), _kept(measured)


@register
@dataclass(frozen=True)
class FixedSoftNC(SoftNC):
    """π-Soft-NC, as `FixedSoftNS`."""

    info: ClassVar[MetricInfo] = _FIXED(
        key="fixed_soft_nc",
        title="Soft-NC at fixed retention",
        tells="As Soft-NC, but as much is kept of every scoring: peaked scores gain nothing by taking less.",
        definition="Mean of Soft-NC over expected retentions of 25, 50 and 75 % of all tokens; "
        "probabilities in proportion to 1 − scores, at most 1.",
        high=np.inf,
    )
    retentions: ClassVar[tuple[float, ...]] = RETENTIONS

    def curve(self, measured: Distances) -> tuple[Floats, Floats]:
        return np.array(RETENTIONS), _lost(measured)


def _kept(measured: Distances) -> Floats:
    """Soft-NS (level,); 0 where taking everything away changes nothing, as there is nothing to keep."""
    if measured.empty == 0:
        return np.zeros(len(measured.levels))
    return np.maximum(0.0, 1 - measured.levels / measured.empty)


def _lost(measured: Distances) -> Floats:
    """Soft-NC (level,); 0 where taking everything away changes nothing."""
    return measured.levels / measured.empty if measured.empty else np.zeros(len(measured.levels))
