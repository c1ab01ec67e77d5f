"""What happens when, in the tabs that compare: their events, each a plain function of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.assets import read_asset
from tokimp.models.device import gpu
from tokimp.ui import revisions
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing import asking, handlers, opening, tables
from tokimp.ui.comparing.display import Changes
from tokimp.ui.comparing.kinds import Example, method_list
from tokimp.ui.comparing.state import FORM, asked_from, task_of
from tokimp.ui.comparing.tab import ASKED_IN, Tab
from tokimp.ui.fair_share import visitor_of as visitor_key_of
from tokimp.ui.inside.tab import every_model
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, MODEL_WORK, WAITING


def wire_comparing(built: Tab, tab: gr.Tab, arrival: Arrival) -> None:
    """Everything that can happen in the tab."""
    events = _Comparing(built, arrival)
    events.wire_work()
    events.wire_questions(tab)
    events.wire_why()
    events.wire_form()
    events.wire_sharing(tab)


def wire_comparing_load(demo: gr.Blocks, tabs: gr.Tabs, built: Tab, arrival: Arrival) -> None:
    """A page that is opened by a link to this tab: as the link has it, and its result."""
    events = _Comparing(built, arrival)

    def load(request: gr.Request) -> dict[Any, Any]:
        linked = opening.linked(request.query_params, built.kind)
        if linked is None:
            return events.by_part({})
        changes = opening.opened(arrival, built.kind, linked, events.visitor(request))
        return events.by_part(changes) | {tabs: gr.update(selected=built.kind.key)}

    demo.load(load, None, [*events.every, tabs], **AT_ONCE, **EVENT)


class _Comparing:
    """The tab's events, which share its parts."""

    def __init__(self, built: Tab, arrival: Arrival) -> None:
        self.built, self.parts, self.arrival = built, built.parts, arrival
        self.kind, self.desk = built.kind, arrival.desk
        self.every = list(built.parts.values())
        self.form = [built.parts[name] for name in FORM]

    def wire_work(self) -> None:
        """In the page's one queue for models."""
        parts, status = self.parts, self.parts["status"]
        asked = [parts["question"], parts["turn"], parts["ran"]]
        joins = parts["ticket"].submit
        ran = joins(gpu(self._run), asked, self.every, show_progress_on=status, **MODEL_WORK, **WAITING)
        ran.failure(self._busy, parts["question"], self.every, **AT_ONCE, **EVENT)
        self._address(ran.then)
        parts["stop"].click(self._stop, asked, self.every, **AT_ONCE, **EVENT)

    def wire_questions(self, tab: gr.Tab) -> None:
        """The button, an example, opening the tab for the first time."""
        parts = self.parts
        asking = [self.built.compare.click, parts["text"].submit]
        self._address(gr.on(asking, self._ask, self.form, self.every, **AT_ONCE, **EVENT).then)
        tab.select(self._arrive, [parts["question"], *self.form], self.every, **AT_ONCE, **EVENT)
        for button, example in self.built.chips:
            filled = button.click(self._fill(example), parts["methods"], self.form, **AT_ONCE, **EVENT)
            self._address(filled.then(self._ask, self.form, self.every, **AT_ONCE, **EVENT).then)

    def wire_why(self) -> None:
        """The drawer of a token that is clicked."""
        parts = self.parts
        known, drawer = [parts["shown"], parts["share"]], [parts["why"], parts["why_share"]]
        begun = [*drawer, *(parts[name] for name in ("why_fold", "why_ticket", "why_token", "why_asked"))]
        for name in ASKED_IN:
            if name in parts:
                parts[name].select(self._ask_why, known, begun, **AT_ONCE, **EVENT)
        asked = [parts["why_ticket"], parts["why_asked"], *known]
        hidden = parts["file"]
        parts["why_ticket"].submit(gpu(self._why), asked, drawer, show_progress_on=hidden, **MODEL_WORK, **EVENT)
        taken = [parts["file"], parts["status"]]
        parts["why_share"].select(self._take_why, [parts["why_asked"], *known], taken, **AT_ONCE, **EVENT)

    def wire_form(self) -> None:
        """What can be chosen follows the model; a file fills the text."""
        parts = self.parts
        picks = [parts["methods"], parts["target"]]
        parts["model"].input(self._offer, [parts["model"], parts["methods"]], picks, **AT_ONCE, **EVENT)
        if "table" in parts:
            parts["table"].input(self._read, parts["table"], [parts["table"], parts["text"]], **AT_ONCE, **EVENT)

    def wire_sharing(self, tab: gr.Tab) -> None:
        parts = self.parts
        parts["share"].select(self._take, parts["shown"], [parts["file"], parts["status"]], **AT_ONCE, **EVENT)
        self._address(tab.select)

    def by_part(self, changes: Changes) -> dict[Any, Any]:
        """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
        return {self.parts[name]: value for name, value in changes.items()} or {self.parts["file"]: gr.skip()}

    def visitor(self, request: gr.Request) -> Visitor:
        return Visitor(request.session_hash or "", self.kind.key, visitor_key_of(request))

    def _address(self, when: Callable[..., Any]) -> None:
        when(None, [self.parts["share"], self.parts["status"]], None, js=read_asset("address.js"), **EVENT)

    def _ask(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        return self.by_part(handlers.begin(self.desk, asked_from(self.kind, values), self.visitor(request)))

    def _arrive(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        question, *form = values
        return self.by_part({}) if question is not None else self._ask(request, *form)

    def _fill(self, example: Example) -> Callable[[tuple[str, ...]], tuple[Any, ...]]:
        """The example with its own model; the methods stay as far as that has them."""

        def fill(methods: tuple[str, ...]) -> tuple[Any, ...]:
            kind, model = self.kind, self.arrival.models[example.task]
            held = revisions.held(model, example.task)
            picks = method_list(example.task, methods or kind.usual, held), kind.target_list(example.task, None, held)
            return example.text, every_model(self.arrival, model), *picks, kind.form(example.options)

        return fill

    def _offer(self, model: Any, methods: tuple[str, ...]) -> tuple[Any, Any]:
        task = task_of(model)
        held = revisions.held(str(model), task)
        return method_list(task, methods, held), self.kind.target_list(task, None, held)

    def _read(self, table: dict[str, Any]) -> tuple[Any, Any]:
        offered, prompts = tables.taken(table)
        return offered, gr.skip() if prompts is None else prompts

    def _run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        question, turn, ran = values
        if turn == ran or question is None:  # a browser that drew the sentence anew asks a second time
            yield self.by_part({})
            return
        for changes in handlers.run(self.desk, question, self.visitor(request), turn):
            yield self.by_part(changes)

    def _ask_why(self, request: gr.Request, event: gr.EventData, *known: Any) -> dict[Any, Any]:
        """Of a line, its method comes as the value; of a drawing, the one that is chosen to be shown."""
        shown = asking.at_hand(self.desk, *known)
        method = getattr(event, "value", None) or getattr(event, "shown", None)
        begun = asking.begin(self.desk, shown, event.index, method, self.visitor(request))
        return self.by_part(begun) if begun else {self.parts["why"]: gr.skip()}

    def _why(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        ticket, asked, *known = values
        shown = asking.at_hand(self.desk, *known)
        for changes in asking.run(self.desk, shown, asked or (None, None), self.visitor(request), ticket):
            yield self.by_part(changes) if changes else {self.parts["why"]: gr.skip()}

    def _take_why(self, event: gr.EventData, *values: Any) -> dict[Any, Any]:
        asked, *known = values
        shown = asking.at_hand(self.desk, *known)
        return self.by_part(asking.take_file(self.desk, shown, asked or (None, None), event.index))

    def _busy(self, request: gr.Request, question: Any) -> dict[Any, Any]:
        return self.by_part(handlers.busy(self.desk, question, self.visitor(request)))

    def _stop(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        question, begun, ran = values
        return self.by_part(handlers.stop(self.desk, question, self.visitor(request), (begun, ran)))

    def _take(self, shown: Any, event: gr.EventData) -> dict[Any, Any]:
        return self.by_part(handlers.take_file(shown, event.index))
