"""What the tab Generation does: that of `studies.running`, and spans of the answer that is shown."""

from __future__ import annotations

from collections.abc import Iterator

from tokimp.ui import sentences
from tokimp.ui.desk import Desk
from tokimp.ui.generating.display import SCREEN
from tokimp.ui.generating.drafts import of_span
from tokimp.ui.generating.forecast import forecast
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied, running
from tokimp.ui.studies.running import Changes
from tokimp.ui.visitors import Visitor

FORGOTTEN = "There is no answer at hand. Press Explain the answer."


def begin(desk: Desk, asked: Asked, visitor: Visitor, shown: Studied | None = None) -> Changes:
    """As `running.begin`; a turn that will take long says so while it waits, at the pace of what is shown."""
    changes = running.begin(desk, asked, visitor, SCREEN)
    if "turn" in changes:
        changes["status"]["lines"] += forecast(asked, shown)
    return changes


def begin_span(desk: Desk, shown: Studied | None, span: object, visitor: Visitor) -> Changes:
    """The answer that is shown again, of which only a span is explained; `span` is the browser's."""
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", FORGOTTEN))}
    count = len(shown.value.log_probs)
    if not isinstance(span, list) or len(span) != 2 or not all(isinstance(each, int) for each in span):
        return {}
    first, end = (max(0, min(int(each), count)) for each in span)
    if first >= end:
        return {}
    return begin(desk, of_span(shown.request, first, end), visitor, shown)


def run(desk: Desk, asked: Asked, visitor: Visitor, turn: int) -> Iterator[Changes]:
    return running.run(desk, asked, visitor, turn, SCREEN)


def stop(desk: Desk, visitor: Visitor, turns: tuple[int, int]) -> Changes:
    return running.stop(desk, visitor, turns, SCREEN.undimmed())


def busy(desk: Desk, visitor: Visitor) -> Changes:
    return running.busy(desk, visitor, SCREEN.undimmed())


def take_file(shown: Studied | None, suffix: object) -> Changes:
    return running.take_file(shown, suffix, FORGOTTEN)
