"""A small game written down once: every estimator can then be run over many seeds without running the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from math import factorial
from unittest import mock

import numpy as np
import torch
from cases import Case
from contest import Floats

from tokimp.models.masking import Copy, masking
from tokimp.models.scoring import Scorer
from tokimp.watch import Watch


class Table:
    """values (coalition,) of all coalitions, coalition c holding player p where bit p of c is set."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.players = len(case.players)
        numbers = np.arange(2**self.players)
        keep = numbers[:, None] >> np.arange(self.players) & 1
        question = case.question
        full = np.zeros((len(numbers), len(question.inputs)), dtype=bool)
        full[:, question.inputs.free] = keep
        copies = masking(case.model, question.inputs, question.target, case.fill).copies(full)
        self.values = Scorer(case.model, [question.target], Watch())(copies)
        self.asked = 0

    def __call__(self, keep: torch.Tensor) -> torch.Tensor:
        """Values (coalition,) of coalitions (coalition, player), counted."""
        self.asked += len(keep)
        return torch.from_numpy(self.values[keep.numpy().astype(bool) @ 2 ** np.arange(self.players)])

    def shapley(self) -> Floats:
        """The exact values (player,)."""
        n = self.players
        weights = [factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)]
        exact = np.zeros(n)
        for player in range(n):
            others = [other for other in range(n) if other != player]
            for size in range(n):
                for members in combinations(others, size):
                    number = sum(1 << member for member in members)
                    exact[player] += weights[size] * (self.values[number | 1 << player] - self.values[number])
        return exact

    @contextmanager
    def in_place_of_the_network(self) -> Iterator[None]:
        """While open, our Shapley methods read the values of their copies here."""
        ids, free = self.case.question.inputs.ids, self.case.question.inputs.free

        class Reader:
            """Has the `Scorer`'s interface."""

            def __init__(self, _model: object, _targets: object, watch: Watch) -> None:
                self._watch = watch

            def __call__(reader, copies: Sequence[Copy], report: Callable[[Floats], None] | None = None) -> Floats:  # noqa: N805
                keep = np.stack([copy.ids[free] == ids[free] for copy in copies])
                values: Floats = self(torch.from_numpy(keep)).numpy()
                if report is not None:
                    report(values)
                return values

        with mock.patch("tokimp.methods.game.Scorer", Reader):
            yield


def error(found: Floats, exact: Floats) -> float:
    """Distance from the exact values, as a share of their length."""
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
