"""What the tabs that compare do: that of `studies.running`, on the screen of the tab that asks."""

from __future__ import annotations

from collections.abc import Iterator

from tokimp.ui.comparing.display import SCREENS
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied, running
from tokimp.ui.studies.running import Changes
from tokimp.ui.visitors import Visitor

FORGOTTEN = "There is no result at hand. Press Compare."


def begin(desk: Desk, asked: Asked, visitor: Visitor) -> Changes:
    return running.begin(desk, asked, visitor, SCREENS[asked.view])


def run(desk: Desk, asked: Asked, visitor: Visitor, turn: int) -> Iterator[Changes]:
    return running.run(desk, asked, visitor, turn, SCREENS[asked.view])


def stop(desk: Desk, asked: Asked | None, visitor: Visitor, turns: tuple[int, int]) -> Changes:
    return running.stop(desk, visitor, turns, _undimmed(asked))


def busy(desk: Desk, asked: Asked | None, visitor: Visitor) -> Changes:
    return running.busy(desk, visitor, _undimmed(asked))


def take_file(shown: Studied | None, suffix: object) -> Changes:
    return running.take_file(shown, suffix, FORGOTTEN)


def _undimmed(asked: Asked | None) -> Changes:
    return {} if asked is None else SCREENS[asked.view].undimmed()
