"""What the page does: plain functions from the form's values to what the zones show, by name of the part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import gradio as gr

from tokimp.errors import Cancelled, LinkError, TokimpError
from tokimp.models.tokens import MASK_SPELLINGS
from tokimp.share import from_link
from tokimp.types import OUTPUTS, PRECISIONS, Task, Value
from tokimp.ui import (
    checking,
    compact_network,
    controls,
    filling,
    judging,
    revisions,
    sentences,
    sharing,
    sinking,
    whying,
    work,
)
from tokimp.ui.components import Payload
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes, dimmed, displayed, drafted, heat, undimmed
from tokimp.ui.forms import Picked
from tokimp.ui.state import Asked, Result
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import Visitor

Word = TypeVar("Word", bound=str)


def asked_from(task: Task, values: tuple[Any, ...]) -> Asked:
    """The form's values, in the order of `task_tab.FORM`, as a question."""
    text, model, method, options, target, contrast, mask = values
    settings: dict[str, Value] = dict(options)
    output, seed = settings.pop("output", None), settings.pop("seed", 0)
    precision = settings.pop("precision", None)
    settings = filling.taken_by(str(method), settings)
    return Asked(
        task=task,
        model=str(model or ""),
        text=str(text or ""),
        method=str(method),
        target=target,
        contrast=contrast,
        mask=mask if isinstance(mask, int) else 0,
        output=_among(OUTPUTS, output),
        seed=seed if isinstance(seed, int) else 0,
        precision=_among(PRECISIONS, precision),
        options=settings,
    )


def settled(asked: Asked, shown: Result | None, keep_picks: bool) -> Asked:
    """The question without picks that no longer fit: candidates of another model or of another text."""
    mask = asked.mask if asked.mask < len(MASK_SPELLINGS.findall(asked.text)) else 0
    same_model = shown is not None and shown.explanation.request.model == asked.model
    same_text = shown is not None and (asked.task == "classification" or shown.explanation.request.text == asked.text)
    if same_model and (same_text or keep_picks):
        return replace(asked, mask=mask)
    return replace(asked, mask=mask, target=_typed(asked.target), contrast=_typed(asked.contrast))


def picks_as_asked(changes: Changes, form: Asked, asked: Asked, shown: Result | None) -> Changes:
    """What beginning `asked` changes, with the picks of the form that are not asked for dropped there, too."""
    prediction = shown.prediction if shown is not None else None
    made: dict[str, Callable[[], Payload]] = {
        "target": lambda: controls.target_choice(asked.task, prediction, asked.target),
        "contrast": lambda: controls.contrast_choice(asked.task, prediction, asked.contrast),
        "mask": lambda: controls.mask_choice(asked.text, asked.mask),
    }
    dropped: Changes = {}
    for name, payload in made.items():
        before = getattr(form, name)
        if before != getattr(asked, name):
            update: dict[str, Any] = changes.get(name) or {**gr.update(value=payload())}
            dropped[name] = update | {"value": controls.since(update["value"], chosen=before)}
    return changes | dropped


def begin(desk: Desk, asked: Asked, visitor: Visitor) -> Changes:
    """What runs for this visitor here ends. The result at once where it was computed before, else a new turn."""
    over = ended_beside(desk, visitor)
    return over | {"why_wanted": None} | (at_once(desk, asked, visitor) or dimmed() | queued(desk, asked, visitor))


def ended_beside(desk: Desk, visitor: Visitor) -> Changes:
    """What runs beside a result ends once another takes its place."""
    for each in (judging, checking, sinking, compact_network):
        each.end(desk, visitor)
    return whying.cleared(desk, visitor)


def at_once(desk: Desk, asked: Asked, visitor: Visitor) -> Changes | None:
    """The result where it was computed before, without waiting for a turn."""
    found = desk.found(asked)
    if found is None:
        return None
    desk.turns.end(visitor)
    desk.counts.add("page", "found", 0.0)
    return finished(asked, found) | judging.begin(desk, found, visitor)


def queued(desk: Desk, asked: Asked, visitor: Visitor) -> Changes:
    """A new turn: its ticket makes the browser join the page's one queue."""
    return {"notice": sentences.told(), "question": asked} | _turn(desk, visitor)


def at_hand(desk: Desk, shown: Result | None, share: Mapping[str, Any] | None) -> Result | None:
    """The result on screen: as the session holds it, or else by the code that the browser has for its link.

    A session has none before its page is loaded, and once hundreds of others came after it.
    """
    code = (share or {}).get("code")
    if shown is not None or not isinstance(code, str):
        return shown
    try:
        return desk.results.find(from_link(code))
    except LinkError:
        return None


def begin_grid(desk: Desk, shown: Result | None, visitor: Visitor) -> Changes:
    """A new turn for the heatmap alone, where it is not there yet: nothing else changes."""
    if desk.turns.current(visitor) is not None:
        return {}  # a question on its way goes on, whatever is opened meanwhile
    if shown is None:
        return forgotten()
    if shown.grid is not None:
        return {}
    return {"question": None} | _turn(desk, visitor)


def stop(desk: Desk, shown: Result | None, visitor: Visitor, turns: tuple[int, int]) -> Changes:
    """Ends the visitor's turn; `turns` are the last one that was begun and the last one that ran."""
    desk.turns.end(visitor)
    last, ran = turns
    if last != ran:
        return _unbegun(shown)
    return {"stop": gr.update(interactive=False)}  # the work says what came of it, maybe before this arrives


def busy(desk: Desk, shown: Result | None, visitor: Visitor) -> Changes:
    """The queue is full, or the connection broke: nothing is computed."""
    desk.turns.end(visitor)
    busy_now = sentences.line("error", ("The page is busy.", "strong"), " Your question is still here: try again soon.")
    return undimmed(shown) | {"status": sentences.told(busy_now)}


def run(desk: Desk, asked: Asked, shown: Result | None, visitor: Visitor, turn: int) -> Iterator[Changes]:
    """Computes and shows, refining in place; ends within one batch once the turn is over.

    Yields at least once; a turn that was taken over by the visitor's next question changes nothing.
    """

    def alive() -> bool:
        return desk.turns.current(visitor) == turn

    draft: Result | None = None
    try:
        for moment in work.watched(lambda report: desk.answer(asked, report, "page", visitor.key), alive):
            if moment.done and moment.value is not None:
                if not desk.turns.end(visitor, turn):
                    raise Cancelled
                over = ended_beside(desk, visitor) | {"ran": turn}
                yield over | finished(asked, moment.value) | judging.begin(desk, moment.value, visitor)
                return
            fresh = None if moment.value is draft else moment.value
            draft = moment.value
            yield _progress(moment) | {"ran": turn} | drafted(fresh)
    except Cancelled:
        halted = desk.turns.current(visitor) is None
        yield (ended_beside(desk, visitor) if halted and draft else {}) | (stopped(draft, shown) if halted else {})
    except TokimpError as error:
        yield _failed(desk, visitor, turn, undimmed(shown), sentences.failed(error))
    except Exception as error:
        report_without_words(error)
        yield _failed(desk, visitor, turn, undimmed(shown), sentences.broken())


def run_grid(desk: Desk, shown: Result, visitor: Visitor, turn: int) -> Iterator[Changes]:
    """Fills the heatmap of the result that is shown; what else stands there stays as the visitor has it."""
    idle: Changes = {"stop": gr.update(interactive=False)}
    try:
        moments = work.watched(
            lambda report: desk.grid(shown, report, visitor.key), lambda: desk.turns.current(visitor) == turn
        )
        for moment in moments:
            if moment.done and moment.value is not None:
                if not desk.turns.end(visitor, turn):
                    raise Cancelled
                ready = moment.value
                yield idle | {"status": sentences.told(), "shown": ready, "heat": heat(ready), "ran": turn}
                return
            yield _progress(moment) | {"ran": turn}
    except Cancelled:
        halted = idle | {"status": sentences.told(sentences.line("hint", "Stopped."))}
        yield halted if desk.turns.current(visitor) is None else {}
    except TokimpError as error:
        yield _failed(desk, visitor, turn, idle, sentences.failed(error))
    except Exception as error:
        report_without_words(error)
        yield _failed(desk, visitor, turn, idle, sentences.broken())


def finished(asked: Asked, result: Result) -> Changes:
    """The result, and the methods that this model turned out to offer, where it is in memory."""
    idle: Changes = {"stop": gr.update(interactive=False), "status": sentences.told()}
    idle["notice"] = sentences.arrived(asked, result)
    model = revisions.held(asked.model, asked.task)
    if model is not None:
        offered = controls.method_choice(asked.task, asked.method, model)
        idle["method"] = controls.since(offered, chosen=asked.method)
    return displayed(result) | idle


def stopped(draft: Result | None, shown: Result | None) -> Changes:
    """Unfinished scores stay and say so; without any, the earlier result comes back."""
    if draft is None:
        return _unbegun(shown)
    return displayed(draft) | {
        "stop": gr.update(interactive=False),
        "status": sentences.told(sentences.line("hint", "Stopped.")),
    }


def take_file(shown: Result | None, suffix: object, wish: object) -> Changes:
    """The result as a file of a format, for the browser to save; `suffix` and `wish` are the browser's."""
    if shown is None:
        return forgotten()
    if not shown.finished or not isinstance(suffix, str) or not isinstance(wish, Mapping):
        return {}
    try:
        return {"file": sharing.file_payload(shown, suffix, wish), "status": sentences.told()}
    except TokimpError as error:
        return {"status": sentences.failed(error)}


def _turn(desk: Desk, visitor: Visitor) -> Changes:
    turn = desk.turns.begin(visitor)
    waits = {"status": sentences.waiting(), "ticket": sentences.ticket(turn), "stop": gr.update(interactive=True)}
    return waits | {"turn": turn}


def forgotten() -> Changes:
    """Of a tab that was quiet while hundreds of others came, the server remembers no result."""
    again = sentences.line("hint", "There is no result at hand. Press Explain.")
    return {"status": sentences.told(again)}


def _failed(desk: Desk, visitor: Visitor, turn: int, before: Changes, status: Payload) -> Changes:
    """What was there before, and why no more came; nothing where the visitor's next question has the word."""
    if desk.turns.taken_over(visitor, turn):
        return {}
    desk.turns.end(visitor, turn)
    return before | {"status": status, "ran": turn}


def _unbegun(shown: Result | None) -> Changes:
    return undimmed(shown) | {"status": sentences.told(sentences.line("hint", "Stopped before the first scores."))}


def _progress(moment: work.Moment[Any]) -> Changes:
    if moment.sentence:
        return {"status": sentences.working(moment.sentence)}
    return {"status": sentences.progress(moment.fraction, moment.left, moment.evaluations)}


def _typed(picked: Picked) -> Picked:
    return picked if isinstance(picked, str) else None


def _among(known: Sequence[Word], value: Value) -> Word:
    """The word where it is known, else the first, which is the default."""
    return next((word for word in known if word == value), known[0])
