"""What happens when, in the tab Generation: its events, each a plain function of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.assets import read_asset
from tokimp.models.device import gpu
from tokimp.ui import controls, revisions, sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.fair_share import visitor_of as visitor_key_of
from tokimp.ui.generating import forms, handlers, opening
from tokimp.ui.generating.display import Changes
from tokimp.ui.generating.drafts import drafted, task_of
from tokimp.ui.generating.first import first_answer
from tokimp.ui.generating.forecast import forecast
from tokimp.ui.generating.forms import Example
from tokimp.ui.generating.tab import FORM, Tab
from tokimp.ui.state import asked_of
from tokimp.ui.studies import Studied
from tokimp.ui.studies.generation import KEY
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, MODEL_WORK, WAITING


def wire_generation(built: Tab, tab: gr.Tab, arrival: Arrival) -> None:
    """Everything that can happen in the tab."""
    events = _Generating(built, arrival)
    events.wire_work()
    events.wire_questions(tab)
    events.wire_form()
    events.wire_sharing(tab)


def wire_generation_load(demo: gr.Blocks, tabs: gr.Tabs, built: Tab, arrival: Arrival) -> None:
    """A page that is opened: by a link to this tab as the link has it, else with the first answer."""
    events = _Generating(built, arrival)

    def load(request: gr.Request) -> dict[Any, Any]:
        linked = opening.linked(request.query_params)
        if linked is None:
            return events.by_part(events.first())
        changes = opening.opened(arrival, linked, events.visitor(request))
        return events.by_part(changes) | {tabs: gr.update(selected=KEY)}

    demo.load(load, None, [*events.every, tabs], **AT_ONCE, **EVENT)


class _Generating:
    """The tab's events, which share its parts."""

    def __init__(self, built: Tab, arrival: Arrival) -> None:
        self.built, self.parts, self.arrival, self.desk = built, built.parts, arrival, arrival.desk
        self.every = list(built.parts.values())
        self.form = [built.parts[name] for name in FORM]

    def wire_work(self) -> None:
        """In the page's one queue for models."""
        parts, status = self.parts, self.parts["status"]
        asked = [parts["question"], parts["turn"], parts["ran"]]
        joins = parts["ticket"].submit
        ran = joins(gpu(self._run), asked, self.every, show_progress_on=status, **MODEL_WORK, **WAITING)
        ran.failure(self._busy, None, self.every, **AT_ONCE, **EVENT)
        self._address(ran.then)
        parts["stop"].click(self._stop, [parts["turn"], parts["ran"]], self.every, **AT_ONCE, **EVENT)

    def wire_questions(self, tab: gr.Tab) -> None:
        """The button, an example, a span of the answer, opening the tab for the first time."""
        parts = self.parts
        parts["method"].input(self._forecast, [parts["shown"], *self.form], parts["status"], **AT_ONCE, **EVENT)
        asking = [self.built.explain.click, parts["text"].submit, parts["answer"].submit]
        self._address(gr.on(asking, self._ask, self.form, self.every, **AT_ONCE, **EVENT).then)
        spanned = parts["explained"].select(self._span, parts["shown"], self.every, **AT_ONCE, **EVENT)
        self._address(spanned.then)
        known = [parts["question"], parts["shown"], *self.form]
        tab.select(self._arrive, known, self.every, **AT_ONCE, **EVENT)
        for button, example in self.built.chips:
            filled = button.click(_fill(example), None, self._texts(), **AT_ONCE, **EVENT)
            self._address(filled.then(self._ask, self.form, self.every, **AT_ONCE, **EVENT).then)

    def wire_form(self) -> None:
        """What can be chosen follows the model and the method."""
        parts = self.parts
        follows = [parts["method"], parts["is_chat"], parts["system"]]
        parts["model"].input(self._offer, [parts["model"], *follows[:2]], follows, **AT_ONCE, **EVENT)
        parts["method"].input(forms.form, [parts["method"], parts["options"]], parts["options"], **AT_ONCE, **EVENT)
        parts["is_chat"].input(_visible, parts["is_chat"], parts["system"], **AT_ONCE, **EVENT)

    def wire_sharing(self, tab: gr.Tab) -> None:
        parts = self.parts
        parts["share"].select(self._take, parts["shown"], [parts["file"], parts["status"]], **AT_ONCE, **EVENT)
        self._address(tab.select)

    def by_part(self, changes: Changes) -> dict[Any, Any]:
        """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
        return {self.parts[name]: value for name, value in changes.items()} or {self.parts["file"]: gr.skip()}

    def visitor(self, request: gr.Request) -> Visitor:
        return Visitor(request.session_hash or "", KEY, visitor_key_of(request))

    def first(self) -> Changes:
        """The stored answer belongs to the page's own model; the tab shows it before it is opened."""
        stored = first_answer()
        return {} if stored is None else {"shown": stored, "question": asked_of(stored.request)}

    def _texts(self) -> list[Any]:
        return [self.parts[name] for name in ("text", "answer", "is_chat", "system")]

    def _address(self, when: Callable[..., Any]) -> None:
        when(None, [self.parts["share"], self.parts["status"]], None, js=read_asset("address.js"), **EVENT)

    def _ask(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        return self.by_part(handlers.begin(self.desk, drafted(values), self.visitor(request)))

    def _forecast(self, shown: Studied | None, *values: Any) -> Any:
        return sentences.told(*forecast(drafted(values), shown))

    def _span(self, request: gr.Request, shown: Studied | None, event: gr.EventData) -> dict[Any, Any]:
        return self.by_part(handlers.begin_span(self.desk, shown, event.index, self.visitor(request)))

    def _arrive(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        question, shown, *form = values
        if question is not None or shown is not None:
            return self.by_part({})
        return self._ask(request, *form)

    def _offer(self, model: Any, method: Any, is_chat: Any) -> tuple[Any, Any, Any]:
        task = task_of(str(model))
        held = revisions.held(str(model), task)
        offered = task == "next-token" and forms.has_template(held)
        chat = gr.update(visible=offered, value=bool(is_chat) and offered)
        return controls.method_choice(task, str(method), held), chat, gr.update(visible=bool(is_chat) and offered)

    def _run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        question, turn, ran = values
        if turn == ran or question is None:  # a browser that drew the sentence anew asks a second time
            yield self.by_part({})
            return
        for changes in handlers.run(self.desk, question, self.visitor(request), turn):
            yield self.by_part(changes)

    def _busy(self, request: gr.Request) -> dict[Any, Any]:
        return self.by_part(handlers.busy(self.desk, self.visitor(request)))

    def _stop(self, request: gr.Request, *turns: Any) -> dict[Any, Any]:
        begun, ran = turns
        return self.by_part(handlers.stop(self.desk, self.visitor(request), (begun, ran)))

    def _take(self, shown: Any, event: gr.EventData) -> dict[Any, Any]:
        return self.by_part(handlers.take_file(shown, event.index))


def _fill(example: Example) -> Callable[[], tuple[Any, ...]]:
    system = gr.update(value="", visible=example.is_chat)
    return lambda: (example.text, example.answer, example.is_chat, system)


def _visible(is_chat: bool) -> Any:
    return gr.update(visible=is_chat)
