"""What happens when, in a tab that shows a study: the events that all such tabs have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from tokimp.assets import read_asset
from tokimp.models.device import gpu
from tokimp.ui.arrival import Arrival
from tokimp.ui.fair_share import visitor_of as visitor_key_of
from tokimp.ui.state import Asked
from tokimp.ui.studies.base import Studied
from tokimp.ui.studies.picking import WhyDrawer
from tokimp.ui.studies.running import Changes
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, LAST, MODEL_WORK, WAITING


class StudyEvents(ABC):
    """The tab's events, which share its parts. What the tab does by itself, it says in a class of its own.

    `view` is the key of the study, of its link and of its place; in the parts `asked_in`, a token can be asked about.
    """

    view: str
    drawer: WhyDrawer
    asked_in: tuple[str, ...]
    form: list[Any]

    def __init__(self, parts: dict[str, Any], arrival: Arrival) -> None:
        self.parts, self.arrival, self.desk = parts, arrival, arrival.desk
        self.every = list(parts.values())

    @abstractmethod
    def begin(self, visitor: Visitor, values: tuple[Any, ...]) -> Changes:
        """The question of the form is asked."""

    @abstractmethod
    def run(self, question: Asked, visitor: Visitor, turn: int) -> Iterator[Changes]:
        """It is worked out."""

    @abstractmethod
    def stop(self, question: Asked | None, visitor: Visitor, turns: tuple[int, int]) -> Changes:
        """The button Stop."""

    @abstractmethod
    def busy(self, question: Asked | None, visitor: Visitor) -> Changes:
        """The work could not be begun, or broke off."""

    @abstractmethod
    def take_file(self, shown: Studied | None, suffix: object) -> Changes:
        """A file is wanted."""

    @abstractmethod
    def opened(self, query: Mapping[str, str], visitor: Visitor) -> Changes | None:
        """The tab as the page's link has it; None where the link is none to this tab."""

    def unlinked(self) -> Changes:
        """What a page shows that was opened without a link to this tab."""
        return {}

    def wire_load(self, demo: gr.Blocks, tabs: gr.Tabs) -> None:
        def load(request: gr.Request, shown: Any) -> dict[Any, Any]:
            with self.desk.turns.asking(self.visitor(request)) as asked_before:
                changes = self.opened(request.query_params, self.visitor(request))
                if changes is None:
                    return self.by_part({} if asked_before or shown is not None else self.unlinked())
                return self.by_part(changes) | {tabs: gr.update(selected=self.view)}

        demo.load(load, self.parts["shown"], [*self.every, tabs], **AT_ONCE, **EVENT)

    def wire_work(self) -> None:
        """In the page's one queue for models."""
        parts, status = self.parts, self.parts["status"]
        asked = [parts["question"], parts["turn"], parts["ran"]]
        joins = parts["ticket"].submit
        ran = joins(gpu(self._run), asked, self.every, show_progress_on=status, **MODEL_WORK, **WAITING)
        ran.failure(self._busy, parts["question"], self.every, **AT_ONCE, **EVENT)
        self.follow_address(ran.then)
        parts["stop"].click(self._stop, asked, self.every, **AT_ONCE, **EVENT)

    def wire_why(self) -> None:
        """The drawer of a token that is clicked."""
        parts = self.parts
        known, drawer = [parts["shown"], parts["share"]], [parts["why"], parts["why_share"]]
        begun = [*drawer, *(parts[name] for name in ("why_fold", "why_ticket", "why_token", "why_asked"))]
        for name in self.asked_in:
            parts[name].select(self._ask_why, known, begun, **AT_ONCE, **EVENT)
        asked = [parts["why_ticket"], parts["why_asked"], *known]
        hidden = parts["file"]
        parts["why_ticket"].submit(gpu(self._why), asked, drawer, show_progress_on=hidden, **MODEL_WORK, **EVENT)
        taken = [parts["file"], parts["status"]]
        parts["why_share"].select(self._take_why, [parts["why_asked"], *known], taken, **AT_ONCE, **EVENT)

    def wire_sharing(self, tab: gr.Tab) -> None:
        parts = self.parts
        parts["share"].select(self._take, parts["shown"], [parts["file"], parts["status"]], **AT_ONCE, **EVENT)
        self.follow_address(tab.select)

    def asking(self, when: Callable[..., Any], *triggers: Any) -> None:
        """The form is asked whenever that happens; of what one control asks, the last is answered last."""
        self.follow_address(when(*triggers, self.ask, self.form, self.every, **LAST, **EVENT).then)

    def arriving(self, tab: gr.Tab) -> None:
        """The form is asked as it stands when the tab is opened for the first time, unless it was asked by then."""
        tab.select(self._arrive, [self.parts["question"], *self.form], self.every, **AT_ONCE, **EVENT)

    def follow_address(self, when: Callable[..., Any]) -> None:
        when(None, [self.parts["share"], self.parts["status"]], None, js=read_asset("address.js"), **EVENT)

    def by_part(self, changes: Changes) -> dict[Any, Any]:
        """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
        return {self.parts[name]: value for name, value in changes.items()} or {self.parts["file"]: gr.skip()}

    def visitor(self, request: gr.Request) -> Visitor:
        return Visitor(request.session_hash or "", self.view, visitor_key_of(request))

    def ask(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        visitor = self.visitor(request)
        with self.desk.turns.asking(visitor):
            return self.by_part(self.begin(visitor, values))

    def _arrive(self, request: gr.Request, question: Asked | None, *values: Any) -> dict[Any, Any]:
        with self.desk.turns.asking(self.visitor(request)) as asked_before:
            return self.by_part({}) if asked_before or question is not None else self.ask(request, *values)

    def _run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        question, turn, ran = values
        if turn == ran or question is None:  # a browser that drew the sentence anew asks a second time
            yield self.by_part({})
            return
        for changes in self.run(question, self.visitor(request), turn):
            yield self.by_part(changes)

    def _busy(self, request: gr.Request, question: Any) -> dict[Any, Any]:
        return self.by_part(self.busy(question, self.visitor(request)))

    def _stop(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        question, begun, ran = values
        return self.by_part(self.stop(question, self.visitor(request), (begun, ran)))

    def _take(self, shown: Any, event: gr.EventData) -> dict[Any, Any]:
        return self.by_part(self.take_file(shown, event.index))

    def _ask_why(self, request: gr.Request, event: gr.EventData, *known: Any) -> dict[Any, Any]:
        """What comes with a click says where it was: a line's method, or the one that a drawing is switched to."""
        shown = self.drawer.at_hand(self.desk, *known)
        said = getattr(event, "value", None) or getattr(event, "shown", None)
        begun = self.drawer.begin(self.desk, shown, event.index, said, self.visitor(request))
        return self.by_part(begun) if begun else {self.parts["why"]: gr.skip()}

    def _why(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        ticket, asked, *known = values
        shown = self.drawer.at_hand(self.desk, *known)
        for changes in self.drawer.run(self.desk, shown, asked or (None, None), self.visitor(request), ticket):
            yield self.by_part(changes) if changes else {self.parts["why"]: gr.skip()}

    def _take_why(self, event: gr.EventData, *values: Any) -> dict[Any, Any]:
        asked, *known = values
        shown = self.drawer.at_hand(self.desk, *known)
        return self.by_part(self.drawer.take_file(self.desk, shown, asked or (None, None), event.index))
