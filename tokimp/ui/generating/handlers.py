"""What the tab Generation does: plain functions from the question to what changes, by name of the part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import gradio as gr

from tokimp.errors import Cancelled, TokimpError
from tokimp.ui import sentences, work
from tokimp.ui.comparing import sharing
from tokimp.ui.desk import Desk
from tokimp.ui.generating import display
from tokimp.ui.generating.display import Changes
from tokimp.ui.generating.drafts import of_span
from tokimp.ui.generating.forecast import forecast
from tokimp.ui.state import Asked
from tokimp.ui.studies import STUDIES, Studied
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitor

NOTHING_YET = "Stopped before anything was known."
FORGOTTEN = "There is no answer at hand. Press Explain the answer."


def begin(desk: Desk, asked: Asked, visitor: Visitor, shown: Studied | None = None) -> Changes:
    """What runs for this visitor here ends. The result at once where it was worked out before, else a new turn."""
    desk.turns.end(visitor)
    idle: Changes = {"question": asked, "stop": gr.update(interactive=False)}
    try:
        work.check_model(asked.model)
        STUDIES[asked.view].check(asked.request(""))
    except TokimpError as error:
        return idle | display.undimmed() | {"status": sentences.failed(error)}
    found = desk.studied(asked)
    if found is not None:
        desk.counts.add("page", "found", 0.0)
        return idle | display.displayed(found) | {"status": sentences.told()}
    turn = desk.turns.begin(visitor)
    waiting = sentences.waiting()
    waiting["lines"] += forecast(asked, shown)
    waits = {"status": waiting, "ticket": sentences.ticket(turn), "stop": gr.update(interactive=True)}
    return idle | display.dimmed() | waits | {"turn": turn}


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
    """Writes and explains, and shows each token and each row as it comes; ends within one batch once the turn is over.

    Yields at least once; a turn that was taken over by the visitor's next question changes nothing.
    """

    def alive() -> bool:
        return desk.turns.current(visitor) == turn

    known: Studied | None = None
    try:
        for moment in work.watched(partial(_study, desk, asked, visitor.key), alive):
            if moment.done and moment.value is not None:
                desk.turns.end(visitor)
                yield _finished(asked, moment.value) | {"ran": turn}
                return
            fresh = moment.value if moment.value is not known else None
            known = moment.value
            yield _progress(moment) | {"ran": turn} | (display.drawn(fresh) if fresh is not None else {})
    except Cancelled:
        yield _stopped(known) if desk.turns.current(visitor) is None else {}
    except TokimpError as error:
        yield _broken_off(known) | {"status": sentences.failed(error)}
    except Exception as error:
        report_without_words(error)
        yield _broken_off(known) | {"status": sentences.broken()}


def stop(desk: Desk, visitor: Visitor, turns: tuple[int, int]) -> Changes:
    """Ends the visitor's turn; `turns` are the last one that was begun and the last one that ran."""
    desk.turns.end(visitor)
    last, ran = turns
    if last != ran:
        return _idle() | {"status": sentences.told(sentences.line("hint", NOTHING_YET))}
    return {"stop": gr.update(interactive=False)}  # as in the other tabs, the work says what came of it


def busy(desk: Desk, visitor: Visitor) -> Changes:
    """The queue is full, or the connection broke."""
    desk.turns.end(visitor)
    busy_now = sentences.line("error", ("The page is busy.", "strong"), " Your text is still here: try again soon.")
    return _idle() | {"status": sentences.told(busy_now)}


def take_file(shown: Studied | None, suffix: object) -> Changes:
    """What is shown as a file of a format, for the browser to save; `suffix` is the browser's."""
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", FORGOTTEN))}
    if not isinstance(suffix, str):
        return {}
    try:
        return {"file": sharing.file_payload(shown, suffix), "status": sentences.told()}
    except TokimpError as error:
        return {"status": sentences.failed(error)}


def _study(desk: Desk, asked: Asked, visitor: str, report: work.Report[Studied]) -> Studied:
    return desk.study(asked, report, "page", visitor)


def _finished(asked: Asked, studied: Studied) -> Changes:
    status = sentences.another_revision(asked, studied.request)
    return display.displayed(studied) | {"stop": gr.update(interactive=False), "status": status}


def _stopped(known: Studied | None) -> Changes:
    """What was known by then stays and says so; where nothing was, the earlier result comes back undimmed."""
    said = "Stopped." if known is not None else NOTHING_YET
    return _broken_off(known) | {"status": sentences.told(sentences.line("hint", said))}


def _broken_off(known: Studied | None) -> Changes:
    """What was known before it ended stays; else what was there before, undimmed."""
    halted = {"stop": gr.update(interactive=False)}
    return _idle() if known is None else display.displayed(known) | halted


def _idle() -> Changes:
    return display.undimmed() | {"stop": gr.update(interactive=False)}


def _progress(moment: work.Moment[Studied]) -> Changes:
    if moment.sentence:
        return {"status": sentences.working(moment.sentence)}
    if moment.value is not None and not moment.value.value.rows:
        return {"status": sentences.working(f"Writing: {len(moment.value.value.log_probs)} tokens …")}
    return {"status": sentences.progress(moment.fraction, moment.left, moment.evaluations)}
