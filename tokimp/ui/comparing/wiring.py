"""What happens when, in the tabs that compare: beside what all studies have, their forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from tokimp.ui import controls, revisions
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing import handlers, opening, tables
from tokimp.ui.comparing.asking import DRAWER
from tokimp.ui.comparing.kinds import Example, method_list
from tokimp.ui.comparing.state import FORM, asked_from
from tokimp.ui.comparing.tab import ASKED_IN, Tab
from tokimp.ui.examples import filling
from tokimp.ui.forms import Picked
from tokimp.ui.inside.tab import every_model
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied
from tokimp.ui.studies.running import Changes
from tokimp.ui.studies.wiring import StudyEvents
from tokimp.ui.tasks import task_of
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, LAST


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
    _Comparing(built, arrival).wire_load(demo, tabs)


class _Comparing(StudyEvents):
    drawer = DRAWER

    def __init__(self, built: Tab, arrival: Arrival) -> None:
        super().__init__(built.parts, arrival)
        self.built, self.kind, self.view = built, built.kind, built.kind.key
        self.asked_in = tuple(name for name in ASKED_IN if name in built.parts)
        self.form = [built.parts[name] for name in FORM]

    def begin(self, visitor: Visitor, values: tuple[Any, ...]) -> Changes:
        return handlers.begin(self.desk, asked_from(self.kind, values), visitor)

    def run(self, question: Asked, visitor: Visitor, turn: int) -> Iterator[Changes]:
        return handlers.run(self.desk, question, visitor, turn)

    def stop(self, question: Asked | None, visitor: Visitor, turns: tuple[int, int]) -> Changes:
        return handlers.stop(self.desk, question, visitor, turns)

    def busy(self, question: Asked | None, visitor: Visitor) -> Changes:
        return handlers.busy(self.desk, question, visitor)

    def take_file(self, shown: Studied | None, suffix: object) -> Changes:
        return handlers.take_file(shown, suffix)

    def opened(self, query: Mapping[str, str], visitor: Visitor) -> Changes | None:
        linked = opening.linked(query, self.kind)
        return None if linked is None else opening.opened(self.arrival, self.kind, linked, visitor)

    def wire_questions(self, tab: gr.Tab) -> None:
        """The button, an example, opening the tab for the first time."""
        parts = self.parts
        self.asking(gr.on, [self.built.compare.click, parts["text"].submit])
        self.arriving(tab)
        for button, example in self.built.chips:
            filled = button.click(None, None, parts["text"], js=filling(example.text), **EVENT)
            self.asking(filled.then(self._fill(example), parts["methods"], self.form[1:], **AT_ONCE, **EVENT).then)

    def wire_form(self) -> None:
        """What can be chosen follows the model; a file fills the text."""
        parts = self.parts
        picks = [parts["methods"], parts["target"]]
        parts["model"].input(self._offer, [parts["model"], *picks], picks, **LAST, **EVENT)
        if "table" in parts:
            parts["table"].input(self._read, parts["table"], [parts["table"], parts["text"]], **AT_ONCE, **EVENT)

    def _fill(self, example: Example) -> Callable[[tuple[str, ...]], tuple[Any, ...]]:
        """The example with its own model; the methods stay as far as that has them."""

        def fill(methods: tuple[str, ...]) -> tuple[Any, ...]:
            kind, model = self.kind, self.arrival.models[example.task]
            held = revisions.held(model, example.task)
            listed = method_list(example.task, methods or kind.usual, held)
            picks = controls.since(listed, chosen=list(methods)), kind.target_list(example.task, None, held)
            return every_model(self.arrival, model), *picks, kind.form(example.options)

        return fill

    def _offer(self, model: Any, methods: tuple[str, ...], target: Picked) -> tuple[Any, Any]:
        task = task_of(model)
        held = revisions.held(str(model), task)
        offered = controls.since(method_list(task, methods, held), chosen=list(methods))
        return offered, controls.since(self.kind.target_list(task, None, held), chosen=target)

    def _read(self, table: dict[str, Any]) -> tuple[Any, Any]:
        offered, prompts = tables.taken(table)
        return offered, gr.skip() if prompts is None else prompts
