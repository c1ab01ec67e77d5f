"""What is on screen before anything is pressed, and what is made ready meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tokimp.errors import TokimpError
from tokimp.models.catalog import CATALOG, at_hand, default_key
from tokimp.types import Task
from tokimp.ui import examples, handlers, work
from tokimp.ui.state import Asked, Result


class Arrival:
    """The first result of each task: the stored one, until the page's own model has computed it.

    `prepare` does that in the background and leaves the models loaded, so that the first press
    waits for neither loading nor compiling.
    """

    def __init__(self, hub_reachable: bool) -> None:
        self.hub_reachable = hub_reachable
        self.models: dict[Task, str] = {s.task: default_key(s.task, hub_reachable) for s in examples.starts()}
        self._results = {start.task: examples.stored_result(start.task) for start in examples.starts()}
        self.ready = threading.Event()

    def result(self, task: Task) -> Result | None:
        return self._results[task]

    def prepare(self) -> threading.Thread:
        thread = threading.Thread(target=self._prepare, daemon=True, name="tokimp-arrival")
        thread.start()
        return thread

    def _prepare(self) -> None:
        for start in examples.starts():
            asked = Asked(start.task, self.models[start.task], start.examples[0].text, start.method)
            if self.hub_reachable or at_hand(CATALOG[asked.model]):
                _quietly(partial(self._prepare_task, asked))
        self.ready.set()

    def _prepare_task(self, asked: Asked) -> None:
        stored = self._results[asked.task]
        model = work.model_for(asked)
        request = stored.explanation.request if stored is not None else None
        if request is None or (request.model, request.revision) != (model.key, model.revision):
            result = work.answer(asked, _nobody)
            self._results[asked.task] = result.with_grid(work.grid(asked, _nobody))
        # shap compiles itself on its first use, which takes seconds.
        work.answer(replace(asked, method="shap_text", options={"max_evals": 10}), _nobody)


def _quietly(step: Callable[[], None]) -> None:
    """A page without a first result still serves: the visitor hears of it on the first press."""
    try:
        step()
    except TokimpError:
        return
    except Exception as error:
        handlers.report_without_words(error)


def _nobody(_moment: work.Moment[Any]) -> None:
    """Nobody waits for these moments."""
