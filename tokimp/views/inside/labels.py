"""Names beside points, where they stand on no other name and on no other point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokimp.types import Floats
from tokimp.views.drawing import Node
from tokimp.views.inside.axes import text
from tokimp.views.letters import estimated_width

MOST = 60
"""Names of one chart: of more, nobody reads them."""

_SIZE, _HIGH = 13.0, 12.0
_GENEROUS = 1.1
"""Fonts differ from what is estimated, and letters are larger on a phone."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with its name; `away` is how far from its middle the name begins, `first` those that come first."""

    name: str
    x: float
    y: float
    away: float
    first: bool = False


def placed(spots: Sequence[Spot], room: Box) -> list[Node]:
    """The names that find a place, those of lonely points before those of crowds.

    room: left, top, right and bottom of where they may stand.
    """
    if not spots:
        return []
    points = np.array([(spot.x, spot.y) for spot in spots], dtype=np.float64)
    taken: list[Box] = []
    drawn: list[Node] = []
    for each in _order(spots, points):
        spot = spots[each]
        wide = _GENEROUS * estimated_width(spot.name, _SIZE)
        for x, y, anchor in _around(spot):
            left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            box = (left, y - _HIGH + 2, left + wide, y + 3)
            if _free(box, room, taken, points, each):
                taken.append(box)
                drawn.append(text(spot.name, x, y, "tk-heading" if spot.first else "tk-name", anchor))
                break
        if len(drawn) == MOST:
            break
    return drawn


def _order(spots: Sequence[Spot], points: Floats) -> list[int]:
    nearest = np.full(len(points), np.inf)
    for each, point in enumerate(points):
        far = np.abs(points - point).sum(-1)
        far[each] = np.inf
        nearest[each] = far.min(initial=np.inf)
    return sorted(range(len(spots)), key=lambda each: (not spots[each].first, -nearest[each]))


def _around(spot: Spot) -> list[tuple[float, float, str]]:
    """Beside, over and under the point: where the text stands, and at which of its ends."""
    x, y, away = spot.x, spot.y, spot.away
    return [
        (x + away, y + 4, "start"),
        (x - away, y + 4, "end"),
        (x, y - away, "middle"),
        (x, y + away + 9, "middle"),
        (x + away * 0.7, y - away * 0.6, "start"),
        (x - away * 0.7, y - away * 0.6, "end"),
        (x + away * 0.7, y + away + 6, "start"),
        (x - away * 0.7, y + away + 6, "end"),
    ]


def _free(box: Box, room: Box, taken: Sequence[Box], points: Floats, own: int) -> bool:
    left, top, right, bottom = box
    if left < room[0] or right > room[2] or top < room[1] or bottom > room[3]:
        return False
    if any(left < other[2] and right > other[0] and top < other[3] and bottom > other[1] for other in taken):
        return False
    x, y = points[:, 0], points[:, 1]
    hit = (x > left - 3) & (x < right + 3) & (y > top - 3) & (y < bottom + 3)
    hit[own] = False
    return not bool(hit.any())
