"""What a tab that shows a study does: plain functions from the question to what changes, by name of the part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from tokimp.errors import Cancelled, TokimpError
from tokimp.ui import sentences, whying, work
from tokimp.ui.components import Payload
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked
from tokimp.ui.studies import sharing
from tokimp.ui.studies.base import STUDIES, Studied
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitor

Changes = dict[str, Any]

NOTHING_YET = "Stopped before anything was known."


def _measured(_known: Studied) -> str:
    return ""


@dataclass(frozen=True)
class Screen:
    """What a tab shows of its study: all that such tabs do differently once a question is asked.

    `payloads` are those of `parts`, by name, as far as the study has come. `doing` says in words what is done
    while that is no share of the work yet, "" where it is.
    """

    parts: tuple[str, ...]
    payloads: Callable[[Studied], Mapping[str, Payload | None]]
    doing: Callable[[Studied], str] = _measured

    def drawn(self, studied: Studied) -> Changes:
        """All parts as far as the study has come."""
        return {name: gr.update(value=payload, state="ready") for name, payload in self.payloads(studied).items()}

    def displayed(self, studied: Studied) -> Changes:
        """A study that ended, finished or not, with what can be taken along of it."""
        share = gr.update(value=sharing.share_payload(studied), state="ready")
        return self.drawn(studied) | {"shown": studied, "share": share}

    def dimmed(self) -> Changes:
        return {name: gr.update(state="stale") for name in (*self.parts, "share")}

    def undimmed(self) -> Changes:
        return {name: gr.update(state="ready") for name in (*self.parts, "share")}


def begin(desk: Desk, asked: Asked, visitor: Visitor, screen: Screen) -> Changes:
    """What runs for this visitor here ends. The result at once where it was worked out before, else a new turn."""
    desk.turns.end(visitor)
    idle: Changes = {"question": asked, "stop": gr.update(interactive=False)} | whying.cleared(desk, visitor)
    try:
        work.check_model(asked.model)
        STUDIES[asked.view].check(asked.request(""))
    except TokimpError as error:
        return idle | screen.undimmed() | {"status": sentences.failed(error)}
    found = desk.studied(asked)
    if found is not None:
        desk.counts.add("page", "found", 0.0)
        return idle | screen.displayed(found) | {"status": sentences.told()}
    turn = desk.turns.begin(visitor)
    waits = {"status": sentences.waiting(), "ticket": sentences.ticket(turn), "stop": gr.update(interactive=True)}
    return idle | screen.dimmed() | waits | {"turn": turn}


def run(desk: Desk, asked: Asked, visitor: Visitor, turn: int, screen: Screen) -> Iterator[Changes]:
    """Works it out and shows each piece as it comes; ends within one batch once the turn is over.

    Yields at least once; a turn that was taken over by the visitor's next question changes nothing.
    """

    def alive() -> bool:
        return desk.turns.current(visitor) == turn

    def failed(status: Payload) -> Changes:
        if desk.turns.taken_over(visitor, turn):
            return {}
        desk.turns.end(visitor, turn)
        return _broken_off(known, screen) | {"status": status, "ran": turn}

    known: Studied | None = None
    try:
        for moment in work.watched(partial(_study, desk, asked, visitor.key), alive):
            if moment.done and moment.value is not None:
                if not desk.turns.end(visitor, turn):
                    raise Cancelled
                yield _finished(asked, moment.value, screen) | {"ran": turn}
                return
            fresh = moment.value if moment.value is not known else None
            known = moment.value
            yield _progress(moment, screen) | {"ran": turn} | (screen.drawn(fresh) if fresh is not None else {})
    except Cancelled:
        yield _stopped(known, screen) if desk.turns.current(visitor) is None else {}
    except TokimpError as error:
        yield failed(sentences.failed(error))
    except Exception as error:
        report_without_words(error)
        yield failed(sentences.broken())


def stop(desk: Desk, visitor: Visitor, turns: tuple[int, int], undimmed: Changes) -> Changes:
    """Ends the visitor's turn; `turns` are the last one that was begun and the last one that ran."""
    desk.turns.end(visitor)
    last, ran = turns
    idle: Changes = {"stop": gr.update(interactive=False)}
    if last == ran or not undimmed:
        return idle  # as in the other tabs, the work says what came of it
    return undimmed | idle | {"status": sentences.told(sentences.line("hint", NOTHING_YET))}


def busy(desk: Desk, visitor: Visitor, undimmed: Changes) -> Changes:
    """The queue is full, or the connection broke."""
    desk.turns.end(visitor)
    busy_now = sentences.line("error", ("The page is busy.", "strong"), " Your text is still here: try again soon.")
    return undimmed | {"stop": gr.update(interactive=False), "status": sentences.told(busy_now)}


def take_file(shown: Studied | None, suffix: object, forgotten: str) -> Changes:
    """What is shown as a file of a format, for the browser to save; `suffix` is the browser's."""
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", forgotten))}
    if not isinstance(suffix, str):
        return {}
    try:
        return {"file": sharing.file_payload(shown, suffix), "status": sentences.told()}
    except TokimpError as error:
        return {"status": sentences.failed(error)}


def _study(desk: Desk, asked: Asked, visitor: str, report: work.Report[Studied]) -> Studied:
    return desk.study(asked, report, "page", visitor)


def _finished(asked: Asked, studied: Studied, screen: Screen) -> Changes:
    status = sentences.another_revision(asked, studied.request)
    return screen.displayed(studied) | {"stop": gr.update(interactive=False), "status": status}


def _stopped(known: Studied | None, screen: Screen) -> Changes:
    """What was known by then stays and says so; where nothing was, the earlier result comes back undimmed."""
    said = "Stopped." if known is not None else NOTHING_YET
    return _broken_off(known, screen) | {"status": sentences.told(sentences.line("hint", said))}


def _broken_off(known: Studied | None, screen: Screen) -> Changes:
    """What was known before it ended stays; else what was there before, undimmed."""
    now = screen.undimmed() if known is None else screen.displayed(known)
    return now | {"stop": gr.update(interactive=False)}


def _progress(moment: work.Moment[Studied], screen: Screen) -> Changes:
    doing = moment.sentence or ("" if moment.value is None else screen.doing(moment.value))
    if doing:
        return {"status": sentences.working(doing)}
    return {"status": sentences.progress(moment.fraction, moment.left, moment.evaluations)}
