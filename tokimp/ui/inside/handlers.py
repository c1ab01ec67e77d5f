"""What the tab Inside does: plain functions from what is shown and asked to what changes, by name of the part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from tokimp.errors import (
    Cancelled,
    MethodUnavailableError,
    NoMaskError,
    OptionError,
    TokimpError,
    UnknownTargetError,
)
from tokimp.internals.looks.seen import Seen
from tokimp.ui import sentences, work
from tokimp.ui.desk import Desk
from tokimp.ui.inside import display
from tokimp.ui.inside.display import Changes
from tokimp.ui.inside.state import Settings, Shown
from tokimp.ui.inside.tab import VIEW_PARTS
from tokimp.ui.state import Asked
from tokimp.ui.tasks import task_of
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitor

OF_THE_VIEW = (MethodUnavailableError, NoMaskError, UnknownTargetError, OptionError)
"""What one view cannot show while others can."""


def asked_from(text: object, model: object) -> Asked:
    """The form's values as a question, without a view."""
    name = str(model or "")
    return Asked(task_of(name), name, str(text or ""), "")


def follow(
    desk: Desk, shown: Shown, opened: Sequence[str], settings: Settings, visitor: Visitor, moved: bool = False
) -> Changes:
    """All open views as the selection has them: at once where that is known, else a turn for what is not.

    What runs for this visitor here ends. With `moved`, no more than the selection is another: then no more
    than `display.FOLLOWING` changes.
    """
    changes: Changes = {}
    pending: list[Asked] = []
    for view in opened:
        asked = shown.of(view, settings)
        seen = desk.seen(asked)
        now, fresh = (shown, {}) if seen is None else holding(shown, seen)
        unseen = moved and not set(fresh) <= set(display.FOLLOWING)  # a click came before the view was on screen
        if seen is None or unseen:
            pending.append(asked)
            parts = [part for part in VIEW_PARTS[view] if part in display.MOVING or not moved]
            shown = shown.without(view, parts)
            changes |= display.dimmed(parts)
        else:
            shown = now
            changes |= fresh
    shown, around = display.around(shown)
    shown, forms = (shown, {}) if moved else display.forms(shown, settings)
    changes |= {"shown": shown} | around | forms
    if not pending:
        desk.turns.end(visitor)
        return changes | {"status": sentences.told(), "stop": gr.update(interactive=False)}
    turn = desk.turns.begin(visitor)
    waits = {"status": sentences.waiting(), "ticket": sentences.ticket(turn), "stop": gr.update(interactive=True)}
    return changes | waits | {"question": tuple(pending), "turn": turn}


def run(desk: Desk, question: Sequence[Asked], shown: Shown, visitor: Visitor, turn: int) -> Iterator[Changes]:
    """Looks for one view after another, and shows each as it comes; ends within one batch once the turn is over.

    A turn that was taken over by the visitor's next click changes nothing.
    """

    def failed(status: Any) -> Changes:
        if desk.turns.taken_over(visitor, turn):
            return {}
        desk.turns.end(visitor, turn)
        return idle(question, status) | {"ran": turn}

    try:
        yield from _looks(desk, question, shown, visitor, turn)
    except Cancelled:
        said = sentences.told(sentences.line("hint", "Stopped."))
        yield idle(question, said) if desk.turns.current(visitor) is None else {}
    except TokimpError as error:
        yield failed(sentences.failed(error))
    except Exception as error:
        report_without_words(error)
        yield failed(sentences.broken())


def _looks(desk: Desk, question: Sequence[Asked], shown: Shown, visitor: Visitor, turn: int) -> Iterator[Changes]:
    def alive() -> bool:
        return desk.turns.current(visitor) == turn

    for asked in question:
        fresh: Changes = {}
        try:
            for moment in work.watched(partial(_look, desk, asked, visitor.key), alive):
                if not moment.done or moment.value is None:
                    yield _progress(moment) | {"ran": turn}
                    continue
                shown, fresh = holding(shown, moment.value)
                shown, around = display.around(shown)
                fresh |= {"shown": shown} | around
        except OF_THE_VIEW as error:
            fresh = display.without(asked.view, str(error))
        last = asked is question[-1]  # the turn ends before it is on screen: whoever sees it may click at once
        if not (desk.turns.end(visitor, turn) if last else alive()):
            raise Cancelled
        if last:
            fresh |= {"status": sentences.told(), "stop": gr.update(interactive=False)}
        yield fresh | {"ran": turn}


def holding(shown: Shown, seen: Seen) -> tuple[Shown, Changes]:
    """What is shown with one view more, and what that changes on screen."""
    changes, now = display.drawn(seen, shown.selection, dict(shown.drawn))
    return replace(shown.holding(seen), drawn={**shown.drawn, **now}), changes


def idle(question: Sequence[Asked], status: Any) -> Changes:
    """What was there before stays, undimmed."""
    changes: Changes = {"status": status, "stop": gr.update(interactive=False)}
    for asked in question:
        changes |= {part: gr.update(state="ready") for part in VIEW_PARTS[asked.view]}
    return changes


def stop(desk: Desk, question: Sequence[Asked], visitor: Visitor, turns: tuple[int, int]) -> Changes:
    """Ends the visitor's turn; `turns` are the last one that was begun and the last one that ran."""
    desk.turns.end(visitor)
    last, ran = turns
    if last != ran:
        return idle(question, sentences.told(sentences.line("hint", "Stopped.")))
    return {"stop": gr.update(interactive=False)}  # as in the other tabs, the work says what came of it


def busy(desk: Desk, question: Sequence[Asked], visitor: Visitor) -> Changes:
    """The queue is full, or the connection broke."""
    desk.turns.end(visitor)
    busy_now = sentences.line("error", ("The page is busy.", "strong"), " Your text is still here: try again soon.")
    return idle(question, sentences.told(busy_now))


def _look(desk: Desk, asked: Asked, visitor: str, report: work.Report[Seen]) -> Seen:
    return desk.look(asked, report, "page", visitor)


def _progress(moment: work.Moment[Seen]) -> Changes:
    if moment.sentence:
        return {"status": sentences.working(moment.sentence)}
    return {"status": sentences.progress(moment.fraction, moment.left, moment.evaluations)}
