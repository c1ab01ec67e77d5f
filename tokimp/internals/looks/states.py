"""The look at hidden states: as points, on their way, and how alike they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from tokimp.internals.hidden_states import Projection, likeness, projection
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks.base import (
    Aim,
    Findings,
    LookInfo,
    checked_layer,
    checked_token,
    layer_option,
    register,
    token_option,
)
from tokimp.internals.looks.words import other_option
from tokimp.methods.base import option
from tokimp.models.layers import hidden_states
from tokimp.types import Floats
from tokimp.watch import Watch

FAR = 4.0
"""Tokens so many times as far from the middle as half of them leave no room for the others in a picture."""

FEWEST = 3


@register
@dataclass(frozen=True)
class StatesLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="hidden_states",
        title="Hidden states",
        tells="How the tokens lie to each other at a layer, and one token’s way through all layers, in two dimensions.",
        paper="Pearson 1901; Hewitt & Manning 2019 on what states hold",
        url="https://aclanthology.org/N19-1419/",
        cost="1 evaluation a text",
        needs=frozenset({"layers"}),
    )
    layer: int | None = layer_option()
    token: int | None = token_option()
    far: str = option(
        "leave out",
        "Far tokens",
        "In many decoders the first token, or another, lies so far off that the others could not be told apart.",
        choices=("leave out", "show"),
    )
    other: str = other_option("A second text in the same projection: the same word in another context.")

    def see(self, aim: Aim) -> Findings:
        """Arrays: points (token, axis) at the layer, and those of the other text, in one projection with the
        shares of variance `explained`; way (layer, axis) of the token with `way_explained`; similarity
        (layer, token) of the token to every token. A token that is left out has NaN for its point.
        """
        inside, watch = aim.inside, aim.watch
        watch(0.0)
        states = _states(inside, watch)
        layer, token = checked_layer(self.layer, len(states)), checked_token(self.token, inside)
        other = None if not self.other.strip() else inside.beside(self.other)
        beside = None if other is None else _states(other, watch)
        watch(0.5)
        texts = [states[layer]] + ([] if beside is None else [beside[layer]])
        kept = [self._kept(each) for each in texts]
        drawn = [each[keep] for each, keep in zip(texts, kept, strict=True)]
        plane = inside.kept(
            f"points at {layer}, {self.far}, beside {self.other}", lambda: _plane(np.concatenate(drawn))
        )
        points = [_spread(keep, plane.points, kept[:at]) for at, keep in enumerate(kept)]
        ways = inside.kept(f"way of {token}", lambda: projection(states[:, token]))
        arrays: dict[str, np.ndarray] = {
            "points": points[0],
            "explained": np.array(plane.explained),
            "way": ways.points,
            "way_explained": np.array(ways.explained),
            "similarity": inside.kept(f"likeness to {token}", lambda: likeness(states, token)),
        }
        facts: dict[str, Any] = {
            "layer": layer,
            "token": token,
            "left_out": [int(each) for each in np.flatnonzero(~kept[0])],
        }
        if other is not None:
            arrays["other_points"] = points[1]
            facts["other_tokens"] = [asdict(each) for each in other.tokens]
        return Findings(arrays, facts)

    def _kept(self, states: Floats) -> np.ndarray:
        """Which tokens (token,) are drawn."""
        away = np.linalg.norm(states - np.median(states, axis=0), axis=-1)
        near = away <= FAR * np.median(away)
        enough = int(near.sum()) >= FEWEST
        return near if self.far == "leave out" and enough else np.ones(len(states), dtype=bool)


def _states(inside: Internals, watch: Watch) -> Floats:
    def read() -> Floats:
        watch.count(1)
        return np.stack([each.cpu().numpy() for each in hidden_states(inside.model, inside.inputs.ids)])

    return inside.kept("hidden states", read)


def _plane(points: Floats) -> Projection:
    """A single point stands in the middle."""
    return projection(points) if len(points) > 1 else Projection(np.zeros((len(points), 2)), (0.0, 0.0))


def _spread(keep: np.ndarray, points: Floats, before: list[np.ndarray]) -> Floats:
    """The points of one text (token, axis), NaN where a token is left out."""
    spread = np.full((len(keep), 2), np.nan)
    start = sum(int(each.sum()) for each in before)
    spread[keep] = points[start : start + int(keep.sum())]
    return spread
