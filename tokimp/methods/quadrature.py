"""The integral of the gradient along a straight path of embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tokimp.methods.gradients import gradient_rows
from tokimp.methods.paths import Path
from tokimp.models.outputs import forward_passes
from tokimp.models.scoring import in_batches
from tokimp.types import Floats

NODES = 5  # Gauss–Legendre nodes of one segment of the adaptive rule
START = 4  # its first segments, where the budget allows: with fewer, a wiggle can be missed by luck
TRAFFIC = 0.02  # a difference below this share of sum |score| is next to nothing beside what is shared out


@dataclass(frozen=True)
class Integral:
    """scores (token,) from `start` to `end`; `missing` is the sum of the segments' absolute gaps."""

    scores: Floats
    start: float
    end: float
    missing: float

    @property
    def missing_share(self) -> float:
        """Of the difference, as `_whole` measures it."""
        return self.missing / _whole(self.end - self.start, self.scores)


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of the path with its ends' values, and scores (token,) that should add up to end − start."""

    left: float
    right: float
    start: float
    end: float
    scores: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def gap(self) -> float:
        return self.end - self.start - float(self.scores.sum())

    def halves(self, value: float) -> tuple[Segment, Segment]:
        """Both halves, not yet integrated, given the value in the middle."""
        middle = (self.left + self.right) / 2
        return Segment(self.left, middle, self.start, value), Segment(middle, self.right, value, self.end)


def fixed_rule(path: Path, steps: int) -> Integral:
    """Gauss–Legendre with `steps` nodes over the whole path."""
    start, end = path.values([0.0, 1.0])
    (whole,) = _integrate(path, [Segment(0.0, 1.0, start, end)], steps, 0.0, lambda spent: spent / steps)
    return Integral(whole.scores, start, end, abs(whole.gap))


def adaptive_rule(path: Path, tolerance: float, budget: int) -> Integral:
    """Segments of 5 Gauss–Legendre nodes, bisected where the gap sits.

    Stops when the sum of the segments' absolute gaps is at most `tolerance` of the difference, or
    when another bisection would exceed `budget` evaluations.
    """
    before = path.watch.evaluations
    passes = forward_passes(path.model, [path.target])
    first = max(1, min(START, (budget // passes - 1) // (NODES + 1)))
    edges = [step / first for step in range(first + 1)]
    values = path.values(edges)
    start, end = values[0], values[-1]

    def done(_spent: int) -> float:
        return (path.watch.evaluations - before) / budget

    segments = [Segment(*ends) for ends in zip(edges[:-1], edges[1:], values[:-1], values[1:], strict=True)]
    segments = _integrate(path, segments, NODES, 0.0, done)
    while True:
        scores = np.sum([segment.scores for segment in segments], axis=0)
        goal = tolerance * _whole(end - start, scores)
        affordable = (budget - path.watch.evaluations + before) // (passes * (2 * NODES + 1))
        missing = sum(abs(segment.gap) for segment in segments)
        split = [] if missing <= goal else _worst(segments, goal, affordable)
        if not split:
            break
        kept = [segment for segment in segments if segment not in split]
        middles = path.values([(segment.left + segment.right) / 2 for segment in split])
        halves = [half for segment, value in zip(split, middles, strict=True) for half in segment.halves(value)]
        rest = sum((segment.scores for segment in kept), np.zeros(len(path.embeds)))
        segments = [*kept, *_integrate(path, halves, NODES, rest, done)]
    return Integral(scores, start, end, missing)


def _whole(difference: float, scores: Floats) -> float:
    """What a gap is a share of: the difference, unless large scores cancel to almost nothing."""
    return max(abs(difference), TRAFFIC * float(np.abs(scores).sum()), 1e-12)


def _integrate(
    path: Path, segments: Sequence[Segment], nodes: int, rest: Floats | float, done: Callable[[int], float]
) -> list[Segment]:
    """The segments with their scores; all their nodes run in common batches.

    After each batch the watch gets `done(nodes run)` and the scores so far on top of `rest`.
    """
    points, weights = np.polynomial.legendre.leggauss(nodes)
    left = np.array([segment.left for segment in segments])[:, None]
    width = np.array([segment.right for segment in segments])[:, None] - left
    alphas = (left + width * (points + 1) / 2).ravel()  # (segment × node,)
    weight = (width * weights / 2).ravel()
    parts = np.zeros((len(alphas), len(path.embeds)))  # (segment × node, token)
    rows, run = gradient_rows(path.model, len(path.embeds)), 0
    for batch, slopes in in_batches(alphas.tolist(), rows, path.slopes):
        ready = slice(run, run + len(batch))
        parts[ready] = weight[ready, None] * slopes
        run += len(batch)
        path.watch(done(run), rest + parts.sum(0))
    scores = parts.reshape(len(segments), nodes, -1).sum(1)
    return [replace(segment, scores=part) for segment, part in zip(segments, scores, strict=True)]


def _worst(segments: Sequence[Segment], goal: float, most: int) -> list[Segment]:
    """The worst segments, as many as must improve before the rest is within half the goal."""
    left = sum(abs(segment.gap) for segment in segments)
    chosen: list[Segment] = []
    for segment in sorted(segments, key=lambda segment: -abs(segment.gap))[: max(most, 0)]:
        if left <= goal / 2:
            break
        chosen.append(segment)
        left -= abs(segment.gap)
    return chosen
