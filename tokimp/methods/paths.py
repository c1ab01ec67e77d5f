"""The straight path from a baseline to a text's embeddings, and what a target's value does on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tokimp.methods.gradients import gradient, gradient_rows, gradients
from tokimp.models.outputs import answer_values, forward_passes, target_values
from tokimp.models.scoring import in_batches
from tokimp.models.text_model import TextModel
from tokimp.types import Floats, Target
from tokimp.watch import Watch

TOGETHER = 4  # points whose gradients by all targets of an answer are held at once


@dataclass(frozen=True)
class Path:
    """From `baseline` to `embeds`, both (token, hidden): what the target's value does on the way."""

    model: TextModel
    target: Target
    baseline: Tensor
    embeds: Tensor
    watch: Watch

    def at(self, alphas: Sequence[float]) -> Tensor:
        """Embeddings (node, token, hidden) at these shares of the way."""
        share = torch.tensor(alphas, dtype=self.embeds.dtype, device=self.embeds.device)[:, None, None]
        return self.baseline + share * (self.embeds - self.baseline)

    def values(self, alphas: Sequence[float]) -> list[float]:
        """The target's value at each share of the way. Cost: one forward pass each."""

        def run(some: Sequence[float]) -> list[float]:
            with torch.inference_mode():
                positions = [self.target.position] * len(some)
                values = target_values(self.model, self.at(some), [self.target], positions)[:, 0]
            self.watch.count(len(some) * forward_passes(self.model, [self.target]))
            return [float(value) for value in values]

        rows = 2 * gradient_rows(self.model, len(self.embeds))
        return [value for _, values in in_batches(alphas, rows, run) for value in values]

    def slopes(self, alphas: Sequence[float]) -> Floats:
        """Gradient · (embeds − baseline), summed over hidden (node, token): each token's part of the slope."""
        slope = gradient(self.model, self.at(alphas), self.target, self.watch).gradient
        return (slope.double() * (self.embeds - self.baseline).double()).sum(-1).cpu().numpy()


@dataclass(frozen=True)
class SharedPath:
    """The path of all that an answer's targets read, (token, hidden): each target walks along its first part.

    A point that one target asks for is looked at for all of them in the same passes, and kept.
    """

    model: TextModel
    targets: Sequence[Target]
    baseline: Tensor
    embeds: Tensor
    watch: Watch
    known_values: dict[float, Floats] = field(default_factory=dict)  # share of the way → (target,)
    known_slopes: dict[float, Floats] = field(default_factory=dict)  # share of the way → (target, token)

    def row(self, row: int) -> RowPath:
        """The way of one target."""
        target = self.targets[row]
        end = target.position + 1
        return RowPath(self.model, target, self.baseline[:end], self.embeds[:end], self.watch, self, row)

    def values(self, alphas: Sequence[float]) -> Floats:
        """Values (node, target). Cost: one forward pass each, if new."""
        fresh = [alpha for alpha in alphas if alpha not in self.known_values]
        rows = 2 * gradient_rows(self.model, len(self.embeds))
        for some, values in in_batches(fresh, rows, self._values):
            self.known_values.update(zip(some, values, strict=True))
        return np.stack([self.known_values[alpha] for alpha in alphas])

    def slopes(self, alphas: Sequence[float]) -> Floats:
        """Slopes (node, target, token). Cost: one forward pass each, if new, and a backward pass a target."""
        fresh = [alpha for alpha in alphas if alpha not in self.known_slopes]
        rows = min(TOGETHER, gradient_rows(self.model, len(self.embeds)))
        for some, slopes in in_batches(fresh, rows, self._slopes):
            self.known_slopes.update(zip(some, slopes, strict=True))
        return np.stack([self.known_slopes[alpha] for alpha in alphas])

    def _slopes(self, alphas: Sequence[float]) -> Floats:
        found = gradients(self.model, self._whole.at(alphas), self.targets, self.watch).gradients
        slopes = (found.double() * (self.embeds - self.baseline).double()).sum(-1)  # (target, node, token)
        return slopes.transpose(0, 1).cpu().numpy()

    def _values(self, alphas: Sequence[float]) -> Floats:
        with torch.inference_mode():
            found = answer_values(self.model, self._whole.at(alphas), self.targets)
        self.watch.count(len(alphas))
        return found.double().cpu().numpy()

    @property
    def _whole(self) -> Path:
        return Path(self.model, self.targets[0], self.baseline, self.embeds, self.watch)


@dataclass(frozen=True)
class RowPath(Path):
    """One target's part of a shared path."""

    shared: SharedPath
    place: int

    def values(self, alphas: Sequence[float]) -> list[float]:
        return [float(value) for value in self.shared.values(alphas)[:, self.place]]

    def slopes(self, alphas: Sequence[float]) -> Floats:
        return self.shared.slopes(alphas)[:, self.place, : len(self.embeds)]
