"""What happens when, in the tab Inside: its events, each a plain function of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from tokimp.assets import read_asset
from tokimp.errors import TokimpError
from tokimp.models.device import gpu
from tokimp.ui import sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.examples import filling
from tokimp.ui.fair_share import visitor_of as visitor_key_of
from tokimp.ui.inside import handlers, opening, sharing
from tokimp.ui.inside.display import FOLLOWING, Changes, as_pointed
from tokimp.ui.inside.pointing import pointed
from tokimp.ui.inside.state import Settings, Shown
from tokimp.ui.inside.tab import VIEW_OF, Chip, Tab, every_model
from tokimp.ui.visitors import Visitor
from tokimp.ui.wiring import AT_ONCE, EVENT, LAST, MODEL_WORK, WAITING

PLACE = "inside"


def wire_inside(built: Tab, tab: gr.Tab, arrival: Arrival) -> None:
    """Everything that can happen in the tab."""
    events = _Inside(built, arrival)
    events.wire_work()
    events.wire_questions(tab)
    events.wire_views()
    events.wire_sharing(tab)


def wire_inside_load(demo: gr.Blocks, tabs: gr.Tabs, built: Tab, arrival: Arrival) -> None:
    """A page that is opened by a link to a view: the tab as the link has it, and the view."""
    events = _Inside(built, arrival)

    def load(request: gr.Request) -> dict[Any, Any]:
        linked = opening.linked(request.query_params)
        if linked is None:
            return events.by_part({})
        changes = opening.opened(arrival, linked, events.visitor(request))
        return events.by_part(changes) | {tabs: gr.update(selected=PLACE)}

    demo.load(load, None, [*events.every, tabs], **AT_ONCE, **EVENT)


class _Inside:
    """The tab's events, which share its parts."""

    def __init__(self, built: Tab, arrival: Arrival) -> None:
        self.built, self.parts, self.arrival = built, built.parts, arrival
        self.desk = arrival.desk
        self.every = [*built.parts.values(), *built.folds.values()]
        self.following = [built.parts[name] for name in FOLLOWING]
        self.views = list(built.forms)
        self.state = [self.parts["shown"], self.parts["opened"], *built.forms.values()]

    def wire_work(self) -> None:
        """In the page's one queue for models."""
        parts = self.parts
        asked = [parts["question"], parts["shown"], parts["turn"], parts["ran"]]
        status = parts["status"]
        joins = parts["ticket"].submit
        ran = joins(gpu(self._run), asked, self.every, show_progress_on=status, **MODEL_WORK, **WAITING)
        ran.failure(self._busy, parts["question"], self.every, **AT_ONCE, **EVENT)
        ran.then(None, [parts["share"], status], None, js=read_asset("address.js"), **EVENT)
        halted = [parts["question"], parts["turn"], parts["ran"]]
        parts["stop"].click(self._stop, halted, self.every, **AT_ONCE, **EVENT)

    def wire_questions(self, tab: gr.Tab) -> None:
        """Another text or model: the button, an example, opening the tab for the first time."""
        parts = self.parts
        form = [parts["text"], parts["model"], *self.state]
        gr.on([self.built.look.click, parts["text"].submit], self._ask, form, self.every, **LAST, **EVENT)
        tab.select(self._arrive, form, self.every, **AT_ONCE, **EVENT)
        for button, chip in self.built.chips:
            filled = button.click(None, None, parts["text"], js=filling(chip.text), **EVENT)
            filled = filled.then(self._fill(chip), None, parts["model"], **AT_ONCE, **EVENT)
            filled.then(self._ask, form, self.every, **LAST, **EVENT)

    def wire_views(self) -> None:
        """Folds, options, and whatever can be pointed at."""
        for view, fold in self.built.folds.items():
            fold.expand(self._expand(view), self.state, self.every, **AT_ONCE, **EVENT)
            fold.collapse(self._collapse(view), self.parts["opened"], self.parts["opened"], **AT_ONCE, **EVENT)
        for view, form in self.built.forms.items():
            form.input(self._set(view), self.state, self.every, **LAST, **EVENT)
        for part in ("strip", *VIEW_OF):
            if part not in ("probability_bars", "probability_changes"):
                self.parts[part].select(self._point(part), self.state, self.following, **AT_ONCE, **EVENT)
        slider = self.parts["layer_slider"]
        slider.release(self._slide, [slider, *self.state], self.following, **LAST, **EVENT)

    def wire_sharing(self, tab: gr.Tab) -> None:
        parts = self.parts
        parts["share"].select(self._take, parts["shown"], [parts["file"], parts["status"]], **AT_ONCE, **EVENT)
        tab.select(None, [parts["share"], parts["status"]], None, js=read_asset("address.js"), **EVENT)

    def by_part(self, changes: Changes) -> dict[Any, Any]:
        """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
        named = {f"fold_{view}": fold for view, fold in self.built.folds.items()} | self.parts
        return {named[name]: value for name, value in changes.items()} or {self.parts["status"]: gr.skip()}

    def visitor(self, request: gr.Request) -> Visitor:
        return Visitor(request.session_hash or "", PLACE, visitor_key_of(request))

    def _settings(self, forms: tuple[Any, ...]) -> Settings:
        return dict(zip(self.views, forms, strict=True))

    def _ask(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        text, model, before, opened, *forms = values
        active = before.active if isinstance(before, Shown) else "attention"
        drawn = before.drawn if isinstance(before, Shown) else {}
        fresh = Shown(handlers.asked_from(text, model), active=active, drawn=drawn)
        settings, visitor = self._settings(tuple(forms)), self.visitor(request)
        with self.desk.turns.asking(visitor):
            return self.by_part(handlers.follow(self.desk, fresh, opened, settings, visitor))

    def _arrive(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        with self.desk.turns.asking(self.visitor(request)) as asked_before:
            there = asked_before or isinstance(values[2], Shown)
            return self.by_part({}) if there else self._ask(request, *values)

    def _fill(self, chip: Chip) -> Callable[[], Any]:
        return lambda: every_model(self.arrival, self.arrival.models[chip.task])

    def _expand(self, view: str) -> Callable[..., dict[Any, Any]]:
        def handle(request: gr.Request, shown: Any, opened: tuple[str, ...], *forms: Any) -> dict[Any, Any]:
            now = (view, *[each for each in opened if each != view])
            changes: Changes = {"opened": now}
            if isinstance(shown, Shown):
                shown = replace(shown, active=view)
                changes |= handlers.follow(self.desk, shown, now, self._settings(forms), self.visitor(request))
            return self.by_part(changes)

        return handle

    def _collapse(self, view: str) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
        return lambda opened: tuple(each for each in opened if each != view)

    def _set(self, view: str) -> Callable[..., dict[Any, Any]]:
        def handle(request: gr.Request, shown: Any, opened: tuple[str, ...], *forms: Any) -> dict[Any, Any]:
            if not isinstance(shown, Shown):
                return self.by_part({})
            active = replace(shown, active=view)
            return self._follow(active, opened, forms, request)

        return handle

    def _point(self, part: str) -> Callable[..., dict[Any, Any]]:
        def handle(
            request: gr.Request, event: gr.EventData, shown: Any, opened: tuple[str, ...], *forms: Any
        ) -> dict[Any, Any]:
            if not isinstance(shown, Shown):
                return self.by_part({})
            click: Mapping[str, Any] = event._data or {}
            view = VIEW_OF.get(part, shown.active)
            there = replace(shown, selection=pointed(part, click, shown), active=view)
            return self._follow(there, opened, forms, request, moved=True)

        return handle

    def _slide(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        layer, shown, opened, *forms = values
        if not isinstance(shown, Shown) or not isinstance(layer, int | float):
            return self.by_part({})
        selection = pointed("layer_slider", {"kind": "layer", "index": int(layer)}, shown)
        there = replace(shown, selection=selection, active="layers")
        return self._follow(there, opened, forms, request, moved=True)

    def _follow(
        self, shown: Shown, opened: tuple[str, ...], forms: Any, request: gr.Request, moved: bool = False
    ) -> dict[Any, Any]:
        settings = self._settings(tuple(forms))
        return self.by_part(handlers.follow(self.desk, shown, opened, settings, self.visitor(request), moved))

    def _run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        question, shown, turn, ran = values
        if turn == ran or not isinstance(shown, Shown):  # a browser that drew the sentence anew asks a second time
            yield self.by_part({})
            return
        for changes in handlers.run(self.desk, question, shown, self.visitor(request), turn):
            yield self.by_part(changes)

    def _busy(self, request: gr.Request, question: Any) -> dict[Any, Any]:
        return self.by_part(handlers.busy(self.desk, question, self.visitor(request)))

    def _stop(self, request: gr.Request, *values: Any) -> dict[Any, Any]:
        question, begun, ran = values
        return self.by_part(handlers.stop(self.desk, question, self.visitor(request), (begun, ran)))

    def _take(self, shown: Any, event: gr.EventData) -> dict[Any, Any]:
        suffix, wish = event.index, event.value
        known = isinstance(shown, Shown) and shown.active in shown.seen
        if not known or not isinstance(suffix, str) or not isinstance(wish, Mapping):
            return self.by_part({})
        try:
            file = sharing.file_payload(as_pointed(shown.seen[shown.active], shown), suffix, wish)
        except TokimpError as error:
            return self.by_part({"status": sentences.failed(error)})
        return self.by_part({"file": file, "status": sentences.told()})
