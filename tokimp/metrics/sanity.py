"""Whether scores depend on what the model learned, stay under a change that changes nothing, and come out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import torch

from tokimp.errors import OptionError
from tokimp.metrics.base import MetricInfo
from tokimp.metrics.copied import copied, randomise, shift, stages
from tokimp.metrics.evaluating import inputs_of
from tokimp.metrics.part import Part
from tokimp.models.masking import Copy
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.registry import Registry
from tokimp.score import Chance, Curve, Score
from tokimp.types import Attribution, Explanation, Floats
from tokimp.watch import Watch

Explain = Callable[[TextModel, Explanation, int, Watch], Attribution]
"""Explains the same question on that model, with that seed; the methods are handed in by whoever knows them."""

SAME_OUTPUT = 1e-3
MOST_STEPS = 100
ADEBAYO = ("Adebayo et al. 2018, section 3", "https://arxiv.org/abs/1810.03292")
WEIGHTLESS = "This model does not hand out its weights, so that none can be made random."
UNMOVABLE = (
    "This network adds no table of positions to its embeddings as they are, so nothing can move them back exactly."
)


RANDOMISED = MetricInfo(
    key="randomised",
    title="Randomised model",
    family="sanity",
    tells="How alike the scores stay once the model has lost all it learned; scores that explain the model change.",
    definition="Spearman's ρ with the scores of a copy whose weights are random, from the head to the embeddings.",
    paper="Adebayo et al. 2018, section 3",
    url="https://arxiv.org/abs/1810.03292",
    low=-1.0,
    high=1.0,
    higher_is_better=None,
    unit="",
    cost="steps times the method",
    probe="explaining",
)
RANDOMISED_ABSOLUTE = replace(
    RANDOMISED,
    key="randomised_absolute",
    title="Randomised model, absolute",
    tells="As for the randomised model, of the sizes of scores, whatever their signs.",
    definition="Spearman's ρ of absolute scores with those of a copy whose weights are random.",
)
REPEATED_RANKS = MetricInfo(
    key="repeated_ranks",
    title="Same order again",
    family="sanity",
    tells="How alike the order of tokens is when the method draws again with other seeds.",
    definition="Mean of Spearman's ρ over all pairs of runs.",
    paper="Visani et al. 2022 on stability",
    url="https://arxiv.org/abs/2001.11757",
    low=-1.0,
    high=1.0,
    higher_is_better=True,
    unit="",
    cost="seeds times the method",
    probe="explaining",
)
REPEATED_SPREAD = replace(
    REPEATED_RANKS,
    key="repeated_spread",
    title="Spread over seeds",
    tells="How far a score moves when the method draws again with other seeds.",
    definition="Mean over tokens of the standard deviation over runs, as a share of the largest absolute mean score.",
    low=0.0,
    high=np.inf,
    higher_is_better=False,
)
SHIFTED = MetricInfo(
    key="shifted",
    title="Shifted input",
    family="sanity",
    tells="How far scores move when all embeddings are shifted by one vector that the next layer takes off again.",
    definition="Largest change of a score as a share of the largest absolute score.",
    paper="Kindermans et al. 2019, section 3",
    url="https://arxiv.org/abs/1711.00867",
    low=0.0,
    high=np.inf,
    higher_is_better=False,
    unit="",
    cost="once the method",
    probe="explaining",
)
CHECKS: Registry[MetricInfo] = Registry("check")
for _info in (RANDOMISED, RANDOMISED_ABSOLUTE, REPEATED_RANKS, REPEATED_SPREAD, SHIFTED):
    CHECKS.add(_info.key, _info)


def randomising(
    model: TextModel, explanation: Explanation, explain: Explain, steps: int, seed: int, watch: Watch
) -> list[Score]:
    """Signed and absolute ρ once all weights are random, each with its way there over `steps` parts of the network."""
    if not 1 <= steps <= MOST_STEPS:
        raise OptionError(f"steps = {steps} will not do.", f"Choose a whole number from 1 to {MOST_STEPS}.")
    free = inputs_of(model, explanation).free
    own = explanation.scores[free]
    infos = (RANDOMISED, RANDOMISED_ABSOLUTE)
    if "weights" not in model.offers:
        return [_score(info, None, watch, (WEIGHTLESS,)) for info in infos]
    if len(free) < 3 or np.ptp(own) == 0:
        return [_score(info, None, watch, notes=("Too few different scores for a correlation.",)) for info in infos]
    other = copied(model.computing_in(explanation.request.precision))
    parts = stages(other)
    ends = sorted({round(len(parts) * step / steps) for step in range(1, steps + 1)} - {0})
    generator, found, done = torch.Generator().manual_seed(seed), [], 0
    for place, end in enumerate(ends):
        for part in parts[done:end]:
            randomise(part, generator)
        done = end
        stage = Part(whole=watch, start=place / len(ends), end=(place + 1) / len(ends))
        found.append(explain(other, explanation, explanation.request.seed, stage).scores[free])
        watch(stage.end)
    fractions = (0.0, *(end / len(parts) for end in ends))
    signed = [rank_correlation(own, scores) for scores in found]
    absolute = [rank_correlation(np.abs(own), np.abs(scores)) for scores in found]
    return [_alike(info, fractions, way, len(free), watch) for info, way in zip(infos, (signed, absolute), strict=True)]


def _alike(info: MetricInfo, fractions: Sequence[float], way: Sequence[float], count: int, watch: Watch) -> Score:
    """The last ρ beside that of random orders, which is 0 with a standard deviation of 1 / √(n − 1)."""
    reach = min(1.0, 1.96 / np.sqrt(count - 1))
    inside = abs(way[-1]) <= reach
    verdict = (
        "Once all weights are random, the scores are no more alike than random orders are, as they should be."
        if inside
        else "Scores of a model that learned nothing are still related to these: they say less of what it learned."
    )
    curve = Curve(tuple(fractions), (1.0, *way), *[(each,) * len(fractions) for each in (-reach, 0.0, reach)])
    notes = (f"From the head down, {len(way)} parts one after the other; {count} tokens are compared.", verdict)
    score = _score(info, way[-1], watch, notes)
    return replace(score, chance=Chance(-reach, 0.0, reach), curve=curve)


def repeating(model: TextModel, explanation: Explanation, explain: Explain, seeds: int, watch: Watch) -> list[Score]:
    """Agreement in rank and spread of the explanation and `seeds` runs of its method; of none, 1 and 0."""
    free = inputs_of(model, explanation).free
    infos = (REPEATED_RANKS, REPEATED_SPREAD)
    if not seeds:
        note = ("This method draws nothing: the same question has the same scores.",)
        return [_score(info, value, watch, note) for info, value in zip(infos, (1.0, 0.0), strict=True)]
    runs = [explanation.scores[free]]
    computing = model.computing_in(explanation.request.precision)
    for turn in range(seeds):
        stage = Part(whole=watch, start=turn / seeds, end=(turn + 1) / seeds)
        runs.append(explain(computing, explanation, explanation.request.seed + 1 + turn, stage).scores[free])
        watch(stage.end)
    if len(free) < 3:
        return [_score(info, None, watch, ("There are too few tokens to compare.",)) for info in infos]
    ranks = float(np.mean([rank_correlation(one, other) for one, other in combinations(runs, 2)]))
    largest = np.abs(np.mean(runs, axis=0)).max()
    spread = float(np.std(runs, axis=0, ddof=1).mean() / largest) if largest > 0 else 0.0
    note = (f"{len(runs)} runs with different seeds.",)
    return [_score(info, value, watch, note) for info, value in zip(infos, (ranks, spread), strict=True)]


def shifting(model: TextModel, explanation: Explanation, explain: Explain, seed: int, watch: Watch) -> list[Score]:
    """The largest change of a score by a shift of all embeddings that the next layer undoes."""
    inputs = inputs_of(model, explanation)
    if "gradient" not in model.offers or "weights" not in model.offers:
        return [_score(SHIFTED, None, watch, (UNMOVABLE,))]
    other = copied(model.computing_in(explanation.request.precision))
    embeddings = other.embeddings
    drawn = torch.randn(embeddings.shape[1], generator=torch.Generator().manual_seed(seed))
    if not shift(other, drawn.to(embeddings.device, embeddings.dtype) * float(embeddings.std())):
        return [_score(SHIFTED, None, watch, (UNMOVABLE,))]
    target = explanation.target
    moved = float(Scorer(other, [target], watch)([Copy(inputs.ids, target.position, inputs.source)], lambda _: None)[0])
    off = abs(moved - explanation.output)
    if off > SAME_OUTPUT * max(1.0, abs(explanation.output)):
        note = f"The shift is not undone in this network: it moves the output by {off:.2g}."
        return [_score(SHIFTED, None, watch, (note,))]
    scores = explain(other, explanation, explanation.request.seed, Part(whole=watch)).scores
    largest = float(np.abs(explanation.scores).max())
    change = float(np.abs(scores - explanation.scores).max())
    note = f"The output stays the same to {off:.1g}; all embeddings moved by one vector as long as they are."
    return [_score(SHIFTED, change / largest if largest > 0 else 0.0, watch, (note,))]


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's ρ, ties at their mean rank; 0 where either is all alike: it then orders nothing."""
    from scipy.stats import rankdata

    ranks = [rankdata(each) - (len(each) + 1) / 2 for each in (one, other)]
    size = float(np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1]))
    return float(np.clip(ranks[0] @ ranks[1] / size, -1, 1)) if size > 0 else 0.0


def _score(info: MetricInfo, value: float | None, watch: Watch, notes: tuple[str, ...]) -> Score:
    return Score(
        metric=info.key,
        title=info.title,
        value=value,
        chance=None,
        higher_is_better=info.higher_is_better,
        unit=info.unit,
        evaluations=watch.evaluations,
        notes=notes,
    )
