"""One random run of ReAGent: its draws, its scores after every step, and whether it may stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tokimp.models.proposals import Proposals
from tokimp.models.ranks import Standings
from tokimp.models.tokens import Ids
from tokimp.types import Floats

Masks = npt.NDArray[np.bool_]

NEARLY_ONE = 1 - 1e-6  # the logit of a change from certain to impossible would be infinite


class Draw(NamedTuple):
    """What one step draws: tokens to replace (token,), what for, and what for in the stopping test."""

    replaced: Masks
    probe: Ids
    test: Ids


def draw(rng: np.random.Generator, plausible: Proposals, count: int) -> Draw:
    """`count` free tokens without replacement, then two proposals for each token."""
    replaced = np.zeros(len(plausible.inputs), dtype=bool)
    replaced[rng.choice(plausible.inputs.free, size=count, replace=False)] = True
    probe = np.where(replaced, plausible.draw(rng), plausible.inputs.ids)
    return Draw(replaced, probe, plausible.draw(rng))


def updates(replaced: Masks, changes: Floats) -> Floats:
    """What each step adds to the logits (step, token): logit((±change + 1) / 2), + on replaced tokens.

    Zhao & Shan 2024, eqs. 7–8. logit((x + 1) / 2) is 2 artanh(x), odd in x.
    """
    steps = 2 * np.arctanh(np.clip(changes, -NEARLY_ONE, NEARLY_ONE))[:, None]
    return np.where(replaced, steps, -steps)


def softmax(logits: Floats, free: Ids) -> Floats:
    """Scores (…, token) that sum to 1 over the free tokens, 0 elsewhere. Eq. 9."""
    scores = np.zeros_like(logits)
    some = np.exp(logits[..., free] - logits[..., free].max(-1, keepdims=True))
    scores[..., free] = some / some.sum(-1, keepdims=True)
    return scores


def most_important(scores: Floats, free: Ids, count: int) -> Masks:
    """The `count` free tokens with the highest scores, in (step, token); of equals the first."""
    kept = np.zeros(scores.shape, dtype=bool)
    best = np.argsort(-scores[:, free], axis=1, kind="stable")[:, :count]
    np.put_along_axis(kept, free[best], True, axis=1)
    return kept


class Path(NamedTuple):
    """Some steps ahead: draws, changes (step,); moves of the logits, scores, kept tokens, test copies (step, token)."""

    draws: Sequence[Draw]
    changes: Floats
    moved: Floats
    scores: Floats
    keep: Masks
    copies: Ids


@dataclass
class Run:
    """Scores that start random and change step by step.

    start (token,): logits before the first step; moved (token,): what all steps added to them;
    scores: a row (token,) for each step; facts: what happened at each step.
    """

    rng: np.random.Generator
    plausible: Proposals
    start: Floats = field(init=False)
    moved: Floats = field(init=False)
    scores: list[Floats] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.start = self.rng.random(len(self.plausible.inputs))
        self.moved = np.zeros(len(self.plausible.inputs))

    def path(self, draws: Sequence[Draw], changes: Floats, kept: int) -> Path:
        """Where the draws lead, with the copies that their stopping tests ask about."""
        free, ids = self.plausible.inputs.free, self.plausible.inputs.ids
        added = updates(np.stack([each.replaced for each in draws]), changes)
        moved = self.moved + np.cumsum(added, axis=0)
        scores = softmax(self.start + moved, free)
        keep = most_important(scores, free, kept)
        copies = np.where(keep, ids, np.stack([each.test for each in draws]))
        return Path(draws, changes, moved, scores, keep, copies)

    def follow(self, path: Path, probed: Floats, tested: Standings, wanted: int) -> None:
        """Goes the path up to its first step whose test is passed.

        probed (step,): probability of the target with the step's tokens replaced; tested: its
        standing with all but the kept tokens replaced, which must be among the `wanted` first.
        """
        passed = np.flatnonzero(tested.rank <= wanted)
        self.stopped = bool(len(passed))
        for step in range(int(passed[0]) + 1 if self.stopped else len(probed)):
            replaced = np.flatnonzero(path.draws[step].replaced)
            self.scores.append(path.scores[step])
            self.moved = path.moved[step]
            self.facts.append(
                {
                    "replaced": replaced.tolist(),
                    "by": path.draws[step].probe[replaced].tolist(),
                    "probability_replaced": float(probed[step]),
                    "change": float(path.changes[step]),
                    "kept": np.flatnonzero(path.keep[step]).tolist(),
                    "probability": float(tested.probability[step]),
                    "rank": int(tested.rank[step]),
                    "stopped": bool(tested.rank[step] <= wanted),
                }
            )
