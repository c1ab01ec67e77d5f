"""Hidden states as points: their main directions, and how alike tokens are from layer to layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokimp.errors import OptionError
from tokimp.types import Floats


@dataclass(frozen=True, eq=False)
class Projection:
    """points (point, axis) along the directions of most variance, and the share of it that each axis has."""

    points: Floats
    explained: tuple[float, ...]


def projection(states: Floats, axes: int = 2) -> Projection:
    """Principal components of hidden states (point, hidden), all in one projection.

    Each axis points so that its farthest point is positive; the signs of principal components mean nothing.

    Raises:
        OptionError: fewer than two points.
    """
    from sklearn.decomposition import PCA

    if len(states) < 2:
        raise OptionError("One point has no direction.", "Give at least two tokens or layers.")
    wide = np.asarray(states, dtype=np.float64)
    kept = min(axes, *wide.shape)
    spread = float(np.ptp(wide, axis=0).max())
    if spread == 0:
        return Projection(np.zeros((len(wide), axes)), (0.0,) * axes)
    fitted = PCA(n_components=kept, svd_solver="full")
    points = fitted.fit_transform(wide)
    farthest = points[np.abs(points).argmax(axis=0), np.arange(kept)]
    points = points * np.where(farthest < 0, -1.0, 1.0)
    padded = np.zeros((len(wide), axes))
    padded[:, :kept] = points
    shares = [float(share) for share in fitted.explained_variance_ratio_]
    return Projection(padded, (*shares, *[0.0] * (axes - kept)))


def far_out(states: Floats, times: float = 10.0) -> list[int]:
    """Tokens whose state (token, hidden) is so many times as long as that of the token in the middle.

    A model may give its first token, or a punctuation mark, one huge number to attend to (Sun et al. 2024,
    massive activations); a projection with it shows nothing else.
    """
    lengths = np.linalg.norm(np.asarray(states, dtype=np.float64), axis=-1)
    return [int(place) for place in np.flatnonzero(lengths > times * np.median(lengths))]


def likeness(states: Floats, token: int) -> Floats:
    """Cosine similarity (layer, token) of one token to every token in hidden states (layer, token, hidden).

    In the precision of the states, of which no copy is made.
    """
    lengths = np.sqrt(np.einsum("lth,lth->lt", states, states))
    products = np.einsum("lth,lh->lt", states, states[:, token])
    scale = lengths * lengths[:, token, None]
    return np.where(scale > 0, products / np.where(scale > 0, scale, 1.0), 0.0)


def similarity(states: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Cosine similarity (layer, pair) of pairs of tokens in hidden states (layer, token, hidden).

    Raises:
        OptionError: a token that is not there.
    """
    wide = np.asarray(states, dtype=np.float64)
    tokens = wide.shape[1]
    for pair in pairs:
        if not all(0 <= token < tokens for token in pair):
            raise OptionError(f"There is no token {max(pair)}.", f"The text has tokens 0 to {tokens - 1}.")
    lengths = np.linalg.norm(wide, axis=-1)  # (layer, token)
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    products = (wide[:, first] * wide[:, second]).sum(-1)
    scale = lengths[:, first] * lengths[:, second]
    return np.where(scale > 0, products / np.where(scale > 0, scale, 1.0), 0.0)
