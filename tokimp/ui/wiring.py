"""What happens when: the tab's events, each a plain function of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.assets import read_asset
from tokimp.errors import LinkError
from tokimp.models.device import gpu
from tokimp.share import PARAMETER, from_link
from tokimp.types import Task
from tokimp.ui import (
    checking,
    compact_network,
    controls,
    display,
    examples,
    handlers,
    judging,
    long_texts,
    masks,
    opening,
    sinking,
    whying,
)
from tokimp.ui.arrival import Arrival
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.examples import Start
from tokimp.ui.fair_share import visitor_of as visitor_key_of
from tokimp.ui.forms import Picked
from tokimp.ui.studies import why
from tokimp.ui.task_tab import Parts
from tokimp.ui.visitors import Visitor
from tokimp.ui.zooming import asking, row

FORM = ("text", "model", "method", "options", "target", "contrast", "mask")
MODEL_WORK: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1, "trigger_mode": "multiple"}
AT_ONCE: dict[str, Any] = {"queue": False, "trigger_mode": "multiple"}
# What follows from how something stands: of many changes, the last is answered last.
LAST: dict[str, Any] = {"queue": False, "trigger_mode": "always_last"}
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# The place in the queue is read off a progress text that is not shown itself: see assets/status.js.
WAITING: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}


def wire(start: Start, parts: Parts, tab: gr.Tab, desk: Desk) -> None:
    """Everything that can happen in a task's tab."""
    events = _Tab(start.task, parts, desk)
    events.wire_work()
    events.wire_questions()
    events.wire_examples(start)
    events.wire_sharing(tab)
    parts.method.input(controls.options_after, [parts.method, parts.options], parts.options, **LAST, **EVENT)
    changes = [parts.text.change, parts.method.input, parts.explain.click]
    chosen = [parts.text, parts.method, parts.options]
    gr.on(changes, long_texts.players_hint, chosen, parts.long_text, **LAST, **EVENT)
    if start.task == "masked-lm":
        parts.text.change(masks.clickable, parts.text, parts.words, **LAST, **EVENT)


def wire_load(demo: gr.Blocks, tabs: gr.Tabs, start: Start, parts: Parts, arrival: Arrival) -> None:
    """What a page that is opened shows: the question of its link, or the first result, which may be a newer one by now.

    Of a link that nothing can be read from, the first tab tells.
    """
    built = arrival.result(start.task)
    with_a_tab = [each.task for each in examples.starts()]
    is_first = start.task == with_a_tab[0]

    def load(request: gr.Request, shown: Any) -> dict[Any, Any]:
        changes: Changes = {}
        code = request.query_params.get(PARAMETER)
        try:
            linked = from_link(code) if code else None
        except LinkError as error:
            linked = None
            changes = opening.refused(error) if is_first else {}
        if linked is not None and linked.view in ("", why.KEY) and linked.task == start.task:
            changes = opening.opened(arrival, linked, start, visitor_of(request, start.task))
            return by_part(parts, changes) | {tabs: gr.update(selected=start.task)}
        with arrival.desk.turns.asking(visitor_of(request, start.task)) as asked_before:
            asked = asked_before or shown is not None
        if asked and not changes:
            return by_part(parts, {})  # whoever asked already, before the page was there as a whole, keeps that
        newer = arrival.result(start.task)
        if not changes and newer is not None and newer is not built:
            changes = display.displayed(newer)
        if not changes and built is not None:
            changes = {"shown": built}
        if is_first and linked is not None and linked.view in ("", why.KEY) and linked.task not in with_a_tab:
            changes = changes | opening.elsewhere(linked)
        return by_part(parts, changes)

    demo.load(load, parts.shown, [*parts.named().values(), tabs], **AT_ONCE, **EVENT)


class _Tab:
    """One tab's events, which share its parts."""

    def __init__(self, task: Task, parts: Parts, desk: Desk) -> None:
        self.task, self.parts, self.desk = task, parts, desk
        self.every = list(parts.named().values())
        self.form = [getattr(parts, name) for name in FORM]

    def wire_work(self) -> None:
        """What the model does: one thing at a time for all visitors and tabs, in the order of the queue."""
        parts = self.parts
        asked = [parts.question, parts.shown, parts.share, parts.turn, parts.ran]
        joins = parts.ticket.submit
        ran = joins(gpu(self._run), asked, self.every, show_progress_on=parts.status, **MODEL_WORK, **WAITING)
        ran.failure(self._for_visitor(handlers.busy), parts.shown, self.every, **AT_ONCE, **EVENT)
        ran.then(None, [parts.share, parts.status], None, js=read_asset("address.js"), **EVENT)
        known = [parts.shown, parts.share]
        self._beside(parts.judge, judging.run, [parts.trust, parts.shown])
        pressed = self._for_visitor(checking.pressed)
        checks = [parts.checks, parts.check, parts.check_ticket, parts.shown, parts.status]
        parts.check.click(pressed, known, checks, **AT_ONCE, **EVENT)
        self._beside(parts.check_ticket, checking.run, [parts.checks, parts.check, parts.shown])
        seen = [parts.tokens, parts.limits, parts.sinks]
        ticked, begun = [parts.question, parts.sinks, *known], [*seen, parts.sinks_ticket, parts.status]
        parts.sinks.input(self._begin_sinks, ticked, begun, **LAST, **EVENT)
        self._beside(parts.sinks_ticket, sinking.run, seen)
        self._wire_why(ran)
        grid = self._for_visitor(handlers.begin_grid)
        parts.heat_fold.expand(grid, [parts.shown, parts.share], self.every, **AT_ONCE, **EVENT)
        found = [parts.network, parts.status]
        drawn = gpu(self._for_visitor(compact_network.drawn))
        parts.network_fold.expand(drawn, [parts.shown, parts.share], found, **MODEL_WORK, **EVENT)
        parts.stop.click(self._stop, [parts.shown, parts.turn, parts.ran], self.every, **AT_ONCE, **EVENT)

    def _beside(self, ticket: Any, run: Callable[..., Iterator[Changes]], outputs: list[Any]) -> None:
        """Work on what is shown, in the queue for models; `run` takes its turn's ticket. The first output stays put."""

        def handle(request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
            turn, *known = values
            drawn = handlers.at_hand(self.desk, *known)
            changes = iter([{}]) if drawn is None else run(self.desk, drawn, self._visitor(request), turn)
            for each in changes:
                yield self._by_part(each) if each else {outputs[0]: gr.skip()}

        asked = [ticket, self.parts.shown, self.parts.share]
        ticket.submit(gpu(handle), asked, outputs, show_progress_on=self.parts.file, **MODEL_WORK, **EVENT)

    def _wire_why(self, ran: Any) -> None:
        """The drawer of a token; `ran` is the event after which a result stands there that a link may ask about."""
        parts = self.parts
        begun = [parts.why, parts.why_fold, parts.why_share, parts.why_ticket, parts.why_token, parts.why_wanted]
        begun += [parts.zoom, parts.zoom_said]
        known = [parts.shown, parts.share]
        parts.tokens.select(self._ask_why, [parts.question, *known], begun, **AT_ONCE, **EVENT)
        ran.then(self._why_wanted, [*known, parts.why_wanted], begun, **AT_ONCE, **EVENT)
        asked, told = [parts.why_ticket, parts.why_token, *known], [parts.why, parts.why_share]
        parts.why_ticket.submit(gpu(self._why), asked, told, show_progress_on=parts.file, **MODEL_WORK, **EVENT)
        taken = [parts.file, parts.status]
        parts.why_share.select(self._take_why, [parts.why_token, *known], taken, **AT_ONCE, **EVENT)

    def wire_questions(self) -> None:
        """Whatever asks a question: a button, a pick, a click on a candidate or on a word to mask."""
        parts = self.parts
        self._asking(gr.on, [parts.explain.click, parts.text.submit], keep_picks=False)
        self._asking(gr.on, [parts.target.input, parts.contrast.input, parts.mask.input], keep_picks=True)
        picks = [parts.target, parts.shown, parts.share]
        picked = parts.bars.select(self._pick, picks, parts.target, **AT_ONCE, **EVENT)
        self._asking(picked.then, keep_picks=True)
        once = AT_ONCE | {"trigger_mode": "once"}  # masks follow from the text; zooming has its way back there
        changed = [parts.text, parts.masked, parts.words, parts.mask]
        masked = parts.words.select(_mask, [parts.text, parts.masked], changed, **once, **EVENT)
        self._asking(masked.then, keep_picks=False)
        known = [parts.method, parts.options, parts.shown, parts.share, parts.why_token, parts.zoomed_from]
        zoomed = parts.zoom.click(self._zoom, known, self.every, **once, **EVENT)
        zoomed.then(None, [parts.share, parts.status], None, js=read_asset("address.js"), **EVENT)

    def wire_examples(self, start: Start) -> None:
        for chip, chosen in zip(self.parts.chips, start.examples, strict=True):
            filled = chip.click(None, None, self.parts.text, js=examples.filling(chosen.text), **EVENT)
            self._asking(filled.then, keep_picks=False, keep_zoom=False)

    def wire_sharing(self, tab: gr.Tab) -> None:
        parts = self.parts
        taken = [parts.file, parts.status]
        parts.share.select(self._take_file, [parts.shown, parts.share], taken, **AT_ONCE, **EVENT)
        tab.select(None, [parts.share, parts.status], None, js=read_asset("address.js"), **EVENT)

    def _asking(self, when: Callable[..., Any], *triggers: Any, keep_picks: bool, keep_zoom: bool = True) -> None:
        def begin(request: gr.Request, *values: Any) -> dict[Any, Any]:
            *form, shown = values
            formed = handlers.asked_from(self.task, tuple(form))
            asked = handlers.settled(formed, shown, keep_picks)
            asked = asking.kept(asked, shown) if keep_zoom else asked
            with self.desk.turns.asking(self._visitor(request)):
                changes = handlers.begin(self.desk, asked, self._visitor(request))
            return self._by_part(handlers.picks_as_asked(changes, formed, asked, shown))

        begun = when(*triggers, begin, [*self.form, self.parts.shown], self.every, **LAST, **EVENT)
        begun.then(None, [self.parts.share, self.parts.status], None, js=read_asset("address.js"), **EVENT)

    def _run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        asked, shown, share, turn, ran = values
        visitor = self._visitor(request)
        changes: Iterator[Changes] = iter([{}])  # for a browser that drew the sentence anew and asks a second time
        if turn != ran and asked is not None:
            changes = handlers.run(self.desk, asked, shown, visitor, turn)
        elif turn != ran and (drawn := handlers.at_hand(self.desk, shown, share)) is not None:
            changes = handlers.run_grid(self.desk, drawn, visitor, turn)
        for each in changes:
            yield self._by_part(each)

    def _begin_sinks(self, request: gr.Request, question: Any, hidden: bool, *known: Any) -> dict[Any, Any]:
        if self._asks(request, question):
            return self._by_part({"sinks": False})
        shown = handlers.at_hand(self.desk, *known)
        return self._by_part(sinking.begin(self.desk, shown, bool(hidden), self._visitor(request)))

    def _asks(self, request: gr.Request, question: Any) -> bool:
        """Whether a question is on its way: what is clicked then is no token of the result at hand."""
        return question is not None and self.desk.turns.current(self._visitor(request)) is not None

    def _ask_why(self, request: gr.Request, event: gr.EventData, question: Any, *values: Any) -> dict[Any, Any]:
        if self._asks(request, question):
            return {self.parts.why: gr.skip()}
        return self._begin_why(request, handlers.at_hand(self.desk, *values), event.index)

    def _why_wanted(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        """Of a link that asks about a token, once what it asks about stands there."""
        *known, token = values
        return self._begin_why(request, handlers.at_hand(self.desk, *known), token)

    def _begin_why(self, request: gr.Request, shown: Any, token: Any) -> dict[Any, Any]:
        begun = whying.begin(self.desk, whying.explanation_of(shown), token, self._visitor(request))
        return self._by_part(begun | (row.chosen(shown, token) if begun else {}) | {"why_wanted": None})

    def _zoom(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        method, options, *known, token, came_from = values
        shown = handlers.at_hand(self.desk, *known)
        changes = asking.pressed(self.desk, shown, token, came_from, self._visitor(request))
        return self._by_part(asking.since(changes, method, options))

    def _why(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        ticket, token, *known = values
        drawn = whying.explanation_of(handlers.at_hand(self.desk, *known))
        changes: Iterator[Changes] = iter([{}])
        if drawn is not None and isinstance(token, int):
            changes = whying.run(self.desk, drawn, token, self._visitor(request), ticket)
        for each in changes:
            yield self._by_part(each or {"why": gr.skip()})

    def _take_why(self, event: gr.EventData, *values: Any) -> dict[Any, Any]:
        token, *known = values
        shown = whying.explanation_of(handlers.at_hand(self.desk, *known))
        return self._by_part(whying.take_file(self.desk, shown, token, event.index))

    def _stop(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        shown, begun, ran = values
        return self._by_part(handlers.stop(self.desk, shown, self._visitor(request), (begun, ran)))

    def _pick(self, before: Picked, shown: Any, share: Any, event: gr.EventData) -> Any:
        shown = handlers.at_hand(self.desk, shown, share)
        if shown is None:
            return gr.skip()
        picked = controls.target_choice(self.task, shown.prediction, event.index)
        return controls.since(picked, chosen=before)

    def _take_file(self, shown: Any, share: Any, event: gr.EventData) -> dict[Any, Any]:
        shown = handlers.at_hand(self.desk, shown, share)
        return self._by_part(handlers.take_file(shown, event.index, event.value))

    def _for_visitor(self, handler: Callable[..., Changes]) -> Callable[..., Any]:
        def handle(request: gr.Request, shown: Any, share: Any = None) -> dict[Any, Any]:
            shown = handlers.at_hand(self.desk, shown, share)
            return self._by_part(handler(self.desk, shown, self._visitor(request)))

        return handle

    def _visitor(self, request: gr.Request) -> Visitor:
        return visitor_of(request, self.task)

    def _by_part(self, changes: Changes) -> dict[Any, Any]:
        return by_part(self.parts, changes)


def visitor_of(request: gr.Request, task: Task) -> Visitor:
    return Visitor(request.session_hash or "", task, visitor_key_of(request))


def by_part(parts: Parts, changes: Changes) -> dict[Any, Any]:
    """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
    named = parts.named()
    return {named[name]: value for name, value in changes.items()} or {parts.file: gr.skip()}


def _mask(text: str, before: masks.Masked | None, event: gr.EventData) -> tuple[Any, ...]:
    if not masks.stands(text, int(event.index), event.value):  # the line is that of the text before
        return gr.skip(), gr.skip(), masks.clickable(text), gr.skip()
    changed, number, remembered = masks.toggled(text, int(event.index), before)
    return changed, remembered, masks.clickable(changed), controls.mask_choice(changed, number)
