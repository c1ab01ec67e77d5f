"""Work beside a result that stands on screen already: a turn of its own, which the visitor's next question ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from tokimp.errors import Cancelled, TokimpError
from tokimp.ui import work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitor

Value = TypeVar("Value")


def begin(desk: Desk, visitor: Visitor, kind: str) -> int:
    """Ends what runs of this kind for the visitor here, and begins the next turn of it."""
    return desk.turns.begin(_beside(visitor, kind))


def end(desk: Desk, visitor: Visitor, kind: str, turn: int | None = None) -> bool:
    """Ends what runs of this kind, or no other than this turn; False where that is over already."""
    return desk.turns.end(_beside(visitor, kind), turn)


def running(desk: Desk, visitor: Visitor, kind: str) -> bool:
    """Whether it waits or works."""
    return desk.turns.current(_beside(visitor, kind)) is not None


def run(
    desk: Desk,
    visitor: Visitor,
    kind: str,
    ticket: Mapping[str, Any] | None,
    compute: Callable[[work.Report[Value]], Value],
    drawn: Callable[[work.Moment[Value], str], Changes],
) -> Iterator[Changes]:
    """What `drawn` makes of each moment, with a sentence on how far it is; ends within one batch once the turn is over.

    The last moment is done. It has a sentence only where it went wrong, and then nothing new. Yields at least once;
    nothing but `{}` for a turn that was ended.
    """
    turn = (ticket or {}).get("turn")
    moment: work.Moment[Value] = work.Moment()

    def alive() -> bool:
        return turn is not None and desk.turns.current(_beside(visitor, kind)) == turn

    def failed(why: str) -> Changes:
        return drawn(replace(moment, done=True), why) if end(desk, visitor, kind, turn) else {}

    try:
        for moment in work.watched(compute, alive):
            if moment.done and not end(desk, visitor, kind, turn):
                raise Cancelled
            yield drawn(moment, "" if moment.done else _running(moment))
    except Cancelled:
        yield {}
    except TokimpError as error:
        yield failed(f"Not worked out: {error}")
    except Exception as error:
        report_without_words(error)
        yield failed("Not worked out: something went wrong here.")


def _beside(visitor: Visitor, kind: str) -> Visitor:
    return visitor._replace(tab=f"{visitor.tab} {kind}")


def _running(moment: work.Moment[Any]) -> str:
    if moment.sentence or moment.fraction is None:
        return moment.sentence or "Asking the model …"
    return f"Asking the model: {100 * moment.fraction:.0f}\u202f%"
