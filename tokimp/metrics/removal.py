"""How tokens are taken away for a metric, and what the model says as they go and come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.metrics.base import Metric, Scoring, Setting
from tokimp.models.masking import Copy, masking
from tokimp.models.proposals import proposals
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Floats, Target
from tokimp.watch import Watch

REMOVALS = ("auto", "mask", "pad", "delete", "replace")


@dataclass(frozen=True)
class Profile:
    """What the model says of one order of tokens, as logarithms of the target's probability.

    fractions (step,): shares of the text's own tokens; without (step,): that share of the highest
    is gone; only (step,): nothing else is left; whole, empty: all are there, none is. A model
    without probabilities has its own value instead, and `exponent` is False.
    """

    fractions: Floats
    without: Floats
    only: Floats
    whole: float
    empty: float
    exponent: bool = True

    @property
    def whole_probability(self) -> float:
        return float(self.probability(self.whole))

    def probability(self, logs: npt.ArrayLike) -> Floats:
        return np.exp(logs) if self.exponent else np.asarray(logs, dtype=np.float64)


class Removals:
    """Measures orders of one input's tokens; copies that orders share are scored once."""

    notes: tuple[str, ...] = ()

    def __init__(self, model: TextModel, inputs: Encoded, target: Target, setting: Setting, watch: Watch) -> None:
        """Raises OptionError for an unknown removal, NoBaselineError for one that this model lacks."""
        self.kind = removal_of(model, setting.removal)
        self._inputs, self._position = inputs, target.position
        self._sizes = sizes(setting.fractions, len(inputs.free))
        self._scorer = Scorer(model, [target], watch)
        self._contrasted = target.contrast is not None
        self._exponent = model.link != "identity"
        self._others = inputs.ids
        if self.kind == "replace":
            rng = np.random.default_rng([setting.seed, 2])
            self._others = proposals(model, inputs, "auto", watch).draw(rng)
            self._masking = None
        else:
            self._masking = masking(model, inputs, target, self.kind)

    def measure(self, metrics: Sequence[Metric], scorings: Sequence[Scoring]) -> list[Sequence[Profile]]:
        """The same profiles for every metric: one for each scoring's order.

        Cost: at most two copies a step for an order, and as many for an order with its reverse.
        """
        profiles = self.profiles([scoring.order for scoring in scorings])
        return [profiles] * len(metrics)

    def profiles(self, orders: Sequence[Ids]) -> list[Profile]:
        """One for each order (token,) of the free positions, the first to go first."""
        count = len(self._inputs)
        rows = [np.ones((1, count), dtype=bool), np.zeros((1, count), dtype=bool)]
        for order in orders:
            rank = np.full(count, count)
            rank[order] = np.arange(len(order))
            gone = rank < self._sizes[:, None]  # (step, token)
            rows += [~gone, gone]
        values = self.logs(np.concatenate(rows))
        whole, empty, parts = values[0], values[1], values[2:].reshape(len(orders), 2, len(self._sizes))
        fractions = self._sizes / max(len(self._inputs.free), 1)
        return [Profile(fractions, part[0], part[1], float(whole), float(empty), self._exponent) for part in parts]

    def logs(self, keep: npt.NDArray[np.bool_]) -> Floats:
        """Log-probabilities (copy,) of the target in texts of the tokens in keep (copy, token).

        With a contrast, where only the target and the contrast may come. Cost: one evaluation for each
        copy not seen before.
        """
        values = self._scorer(self._copies(keep))
        return -np.logaddexp(0, -values) if self._contrasted and self._exponent else values

    def _copies(self, keep: npt.NDArray[np.bool_]) -> Sequence[Copy]:
        if self._masking is not None:
            return self._masking.copies(keep)
        rows = np.where(keep | self._inputs.fixed, self._inputs.ids, self._others)
        return [Copy(ids, self._position, self._inputs.source) for ids in rows]


def removal_of(model: TextModel, asked: str) -> str:
    """The kind of removal, "auto" resolved as it is for methods: masked where the model has a mask, else deleted."""
    if asked not in REMOVALS:
        raise OptionError(f"There is no removal {asked!r}.", f"There are: {', '.join(REMOVALS)}.")
    if asked != "auto":
        return asked
    return "mask" if model.tokenizer.mask_token_id is not None else "delete"


def sizes(fractions: Sequence[float], count: int) -> Ids:
    """How many of `count` tokens go at each fraction: the nearest number, at least one, none twice.

    Halves are rounded so that a fraction and its complement share all tokens among them.
    """
    found = set()
    for fraction in fractions:
        share = min(fraction, 1 - fraction)
        few = int(np.floor(round(share * count, 9) + 0.5))
        found.add(few if fraction <= 0.5 else count - few)
    return np.array(sorted(found - {0}), dtype=np.int64)
