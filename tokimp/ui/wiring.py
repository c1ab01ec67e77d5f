"""What happens when: the tab's events, each a plain function of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.models.device import gpu
from tokimp.types import Task
from tokimp.ui import controls, handlers, masks
from tokimp.ui.arrival import Arrival
from tokimp.ui.examples import Start
from tokimp.ui.task_tab import Parts

FORM = ("text", "model", "method", "options", "target", "contrast", "mask")
MODEL_WORK: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1, "trigger_mode": "multiple"}
AT_ONCE: dict[str, Any] = {"queue": False, "trigger_mode": "multiple"}
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def wire(start: Start, parts: Parts) -> None:
    """Everything that can happen in a task's tab."""
    _wire_questions(start.task, parts)
    _wire_form(start, parts)
    _wire_heatmap(start.task, parts)
    _on(parts.stop.click, _for_visitor(start.task, parts, handlers.stop), parts)
    parts.take_page.click(handlers.page_file, parts.shown, parts.file, **AT_ONCE, **EVENT)
    parts.take_data.click(handlers.data_file, parts.shown, parts.file, **AT_ONCE, **EVENT)


def wire_arrival(demo: gr.Blocks, start: Start, parts: Parts, arrival: Arrival) -> None:
    """A page that is opened later gets the result that was computed meanwhile, where there is a newer one."""
    built = arrival.result(start.task)

    def arrive() -> dict[Any, Any]:
        result = arrival.result(start.task)
        return _by_part(parts, {} if result is None or result is built else handlers.displayed(result))

    demo.load(arrive, None, _every(parts), **AT_ONCE, **EVENT)


def _wire_questions(task: Task, parts: Parts) -> None:
    begin = _for_visitor(task, parts, handlers.begin)

    def explaining(event: Any, keep_picks: bool) -> None:
        inputs = [*_form(parts), parts.shown, parts.turn]
        ran = event.then(gpu(_running(task, parts, keep_picks)), inputs, _every(parts), **MODEL_WORK, **EVENT)
        ran.failure(_for_visitor(task, parts, handlers.busy), None, _every(parts), **AT_ONCE, **EVENT)

    explaining(_on([parts.explain.click, parts.text.submit], begin, parts), keep_picks=False)
    explaining(_on([parts.target.input, parts.contrast.input, parts.mask.input], begin, parts), keep_picks=True)
    picked = parts.bars.select(_pick(task), parts.shown, parts.target, **AT_ONCE, **EVENT)
    explaining(picked.then(begin, None, _every(parts), **AT_ONCE, **EVENT), keep_picks=True)
    masked = parts.words.select(
        _mask, [parts.text, parts.masked], [parts.text, parts.masked, parts.words, parts.mask], **AT_ONCE, **EVENT
    )
    explaining(masked.then(begin, None, _every(parts), **AT_ONCE, **EVENT), keep_picks=False)


def _wire_form(start: Start, parts: Parts) -> None:
    def example(text: str) -> Callable[[], dict[Any, Any]]:
        return lambda: {parts.text: text}

    begin = _for_visitor(start.task, parts, handlers.begin)
    inputs = [*_form(parts), parts.shown, parts.turn]
    for chip, chosen in zip(parts.chips, start.examples, strict=True):
        filled = chip.click(example(chosen.text), None, [parts.text], **AT_ONCE, **EVENT)
        begun = filled.then(begin, None, _every(parts), **AT_ONCE, **EVENT)
        begun.then(gpu(_running(start.task, parts, False)), inputs, _every(parts), **MODEL_WORK, **EVENT)
    parts.method.input(controls.options_payload, [parts.method, parts.options], parts.options, **AT_ONCE, **EVENT)
    if start.task == "masked-lm":
        last = AT_ONCE | {"trigger_mode": "always_last"}
        parts.text.change(masks.clickable, parts.text, parts.words, **last, **EVENT)


def _wire_heatmap(task: Task, parts: Parts) -> None:
    def run(request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        shown, turn = values
        if shown is None or shown.grid is not None:
            yield _by_part(parts, {})
            return
        for changes in handlers.run_grid(shown, _visitor(request, task), int(turn)):
            yield _by_part(parts, changes)

    begun = parts.heat_fold.expand(
        _for_visitor(task, parts, handlers.begin_grid), None, _every(parts), **AT_ONCE, **EVENT
    )
    begun.then(gpu(run), [parts.shown, parts.turn], _every(parts), **MODEL_WORK, **EVENT)


def _running(task: Task, parts: Parts, keep_picks: bool) -> Callable[..., Iterator[dict[Any, Any]]]:
    def run(request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        *form, shown, turn = values
        asked = handlers.settled(handlers.asked_from(task, tuple(form)), shown, keep_picks)
        for changes in handlers.run(asked, shown, _visitor(request, task), int(turn)):
            yield _by_part(parts, changes)

    return run


def _pick(task: Task) -> Callable[..., Any]:
    def pick(shown: Any, event: gr.EventData) -> Any:
        return controls.target_choice(task, shown.prediction, event.index)

    return pick


def _mask(text: str, before: masks.Masked | None, event: gr.EventData) -> tuple[Any, ...]:
    changed, number, remembered = masks.toggled(text, int(event.index), before)
    return changed, remembered, masks.clickable(changed), controls.mask_choice(changed, number)


def _for_visitor(task: Task, parts: Parts, handler: Callable[..., handlers.Changes]) -> Callable[..., Any]:
    def handle(request: gr.Request) -> dict[Any, Any]:
        return _by_part(parts, handler(_visitor(request, task)))

    return handle


def _on(triggers: Any, handler: Callable[..., Any], parts: Parts) -> Any:
    return gr.on(triggers, handler, None, _every(parts), **AT_ONCE, **EVENT)


def _visitor(request: gr.Request, task: Task) -> tuple[str, str]:
    return (request.session_hash or "", task)


def _form(parts: Parts) -> list[Any]:
    return [getattr(parts, name) for name in FORM]


def _every(parts: Parts) -> list[Any]:
    return list(parts.named().values())


def _by_part(parts: Parts, changes: handlers.Changes) -> dict[Any, Any]:
    """What Gradio takes: by component. It empties every output of a handler that says nothing at all."""
    named = parts.named()
    return {named[name]: value for name, value in changes.items()} or {parts.turn: gr.skip()}
