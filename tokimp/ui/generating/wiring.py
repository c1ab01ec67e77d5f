"""What happens when, in the tab Generation: beside what all studies have, its form and spans of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from tokimp.types import Value
from tokimp.ui import controls, revisions, sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.components import Payload
from tokimp.ui.examples import filling
from tokimp.ui.generating import forms, handlers, opening
from tokimp.ui.generating.asking import DRAWER
from tokimp.ui.generating.drafts import drafted
from tokimp.ui.generating.first import first_answer
from tokimp.ui.generating.forecast import forecast
from tokimp.ui.generating.forms import Example
from tokimp.ui.generating.tab import FORM, Tab
from tokimp.ui.state import Asked, asked_of
from tokimp.ui.studies import Studied
from tokimp.ui.studies.generation import KEY
from tokimp.ui.studies.running import Changes
from tokimp.ui.studies.wiring import StudyEvents
from tokimp.ui.tasks import task_of
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, LAST

SPAN = "span"
"""The kind of click that has a part of the answer explained anew."""


def wire_generation(built: Tab, tab: gr.Tab, arrival: Arrival) -> None:
    """Everything that can happen in the tab."""
    events = _Generating(built, arrival)
    events.wire_work()
    events.wire_questions(tab)
    events.wire_why()
    events.wire_form()
    events.wire_sharing(tab)


def wire_generation_load(demo: gr.Blocks, tabs: gr.Tabs, built: Tab, arrival: Arrival) -> None:
    """A page that is opened: by a link to this tab as the link has it, else with the first answer."""
    _Generating(built, arrival).wire_load(demo, tabs)


class _Generating(StudyEvents):
    view = KEY
    drawer = DRAWER
    asked_in = ("explained",)

    def __init__(self, built: Tab, arrival: Arrival) -> None:
        super().__init__(built.parts, arrival)
        self.built = built
        self.form = [built.parts[name] for name in FORM]

    def begin(self, visitor: Visitor, values: tuple[Any, ...]) -> Changes:
        return handlers.begin(self.desk, drafted(values), visitor)

    def run(self, question: Asked, visitor: Visitor, turn: int) -> Iterator[Changes]:
        return handlers.run(self.desk, question, visitor, turn)

    def stop(self, _question: Asked | None, visitor: Visitor, turns: tuple[int, int]) -> Changes:
        return handlers.stop(self.desk, visitor, turns)

    def busy(self, _question: Asked | None, visitor: Visitor) -> Changes:
        return handlers.busy(self.desk, visitor)

    def take_file(self, shown: Studied | None, suffix: object) -> Changes:
        return handlers.take_file(shown, suffix)

    def opened(self, query: Mapping[str, str], visitor: Visitor) -> Changes | None:
        linked = opening.linked(query)
        return None if linked is None else opening.opened(self.arrival, linked, visitor)

    def unlinked(self) -> Changes:
        """The stored answer belongs to the page's own model; the tab shows it before it is opened."""
        stored = first_answer()
        return {} if stored is None else {"shown": stored, "question": asked_of(stored.request)}

    def wire_questions(self, tab: gr.Tab) -> None:
        """The button, an example, a span of the answer; opening the tab, where no first answer is stored."""
        parts = self.parts
        for name in ("method", "model"):
            parts[name].input(self._forecast, [parts["shown"], *self.form], parts["status"], **AT_ONCE, **EVENT)
        self.asking(gr.on, [self.built.explain.click, parts["text"].submit, parts["answer"].submit])
        spanned = parts["explained"].select(self._span, parts["shown"], self.every, **AT_ONCE, **EVENT)
        self.follow_address(spanned.then)
        if first_answer() is None:
            self.arriving(tab)
        texts = [parts[name] for name in ("text", "answer", "is_chat")]
        for button, example in self.built.chips:
            script = filling(example.text, example.answer, example.is_chat)
            filled = button.click(None, None, texts, js=script, **EVENT)
            self.asking(filled.then(_system(example), None, parts["system"], **AT_ONCE, **EVENT).then)

    def wire_form(self) -> None:
        """What can be chosen follows the model and the method."""
        parts = self.parts
        follows = [parts["method"], parts["is_chat"], parts["system"]]
        parts["model"].input(self._offer, [parts["model"], parts["method"]], follows, **LAST, **EVENT)
        parts["method"].input(_options, [parts["method"], parts["options"]], parts["options"], **LAST, **EVENT)
        parts["is_chat"].input(_visible, parts["is_chat"], parts["system"], **LAST, **EVENT)

    def _forecast(self, request: gr.Request, shown: Studied | None, *values: Any) -> Any:
        if self.desk.turns.current(self.visitor(request)) is not None:
            return gr.skip()  # what is on its way has the word
        lines = forecast(drafted(values), shown)
        begun = self.desk.turns.current(self.visitor(request)) is not None  # while this was worked out
        return gr.skip() if begun else sentences.told(*lines)

    def _span(self, request: gr.Request, shown: Studied | None, event: gr.EventData) -> dict[Any, Any]:
        if getattr(event, "kind", None) != SPAN:
            return self.by_part({})
        return self.by_part(handlers.begin_span(self.desk, shown, event.index, self.visitor(request)))

    def _offer(self, model: Any, method: Any) -> tuple[Any, Any, Any]:
        """The methods, and whether there is a chat; where there is, it stays as the visitor has it."""
        task = task_of(model)
        held = revisions.held(str(model), task)
        offered = task == "next-token" and forms.has_template(held)
        methods = controls.since(controls.method_choice(task, str(method), held), chosen=method)
        if offered:
            return methods, gr.update(visible=True), gr.skip()
        return methods, gr.update(visible=False, value=False), gr.update(visible=False)


def _options(method: str, options: Mapping[str, Value]) -> Payload:
    return controls.since(forms.form(method, options), **options)


def _system(example: Example) -> Callable[[], Any]:
    return lambda: gr.update(value="", visible=example.is_chat)


def _visible(is_chat: bool) -> Any:
    return gr.update(visible=is_chat)
