"""What is on screen before anything is pressed, and what is made ready meanwhile."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tokimp.errors import Cancelled, TokimpError
from tokimp.models.catalog import CATALOG, at_hand, default_key
from tokimp.types import Task
from tokimp.ui import examples, work
from tokimp.ui.comparing.kinds import KINDS, Kind
from tokimp.ui.desk import Desk
from tokimp.ui.generating import forms
from tokimp.ui.generating.first import first_answer
from tokimp.ui.state import Asked, Result
from tokimp.ui.trouble import report_without_words

LAST_BATCH = 10.0


class Arrival:
    """The first result of each task: the stored one, until the page's own model has computed it.

    `prepare` does that in the background and leaves the models loaded, so that the first press
    waits for neither loading nor compiling.
    """

    def __init__(self, hub_reachable: bool, desk: Desk | None = None) -> None:
        self.hub_reachable = hub_reachable
        self.desk = desk or Desk()
        self.models: dict[Task, str] = {s.task: default_key(s.task, hub_reachable) for s in examples.starts()}
        self._results = {start.task: examples.stored_result(start.task) for start in examples.starts()}
        for result in filter(None, self._results.values()):
            self.desk.results.keep(result)
        if (answered := first_answer()) is not None:
            self.desk.studying.keep(answered, replace(answered.request, generated=()))
        self._over = threading.Event()

    def result(self, task: Task) -> Result | None:
        return self._results[task]

    def prepare(self) -> None:
        thread = threading.Thread(target=self._prepare, daemon=True, name="tokimp-arrival")
        thread.start()
        atexit.register(self._give_up, thread)  # a thread inside torch at the end of the process aborts it

    def _give_up(self, thread: threading.Thread) -> None:
        self._over.set()
        thread.join(LAST_BATCH)

    def _still_wanted(self, _moment: work.Moment[Any] | None = None) -> None:
        if self._over.is_set():
            raise Cancelled

    def _while_nobody_waits(self, _moment: work.Moment[Any]) -> None:
        self._still_wanted()
        if self.desk.visitors.line():
            raise Cancelled

    def _prepare(self) -> None:
        at_hand_now = [s for s in examples.starts() if self.hub_reachable or at_hand(CATALOG[self.models[s.task]])]
        for start in at_hand_now:
            _quietly(partial(self._prepare_task, start))
        for start in at_hand_now[:1]:
            _quietly(partial(self._compile, start))
        _quietly(self._look_inside)
        for kind in KINDS:
            _quietly(partial(self._compare, kind))
        _quietly(self._explain_answer)

    def _prepare_task(self, start: examples.Start) -> None:
        asked = Asked(start.task, self.models[start.task], start.examples[0].text, start.method)
        self._still_wanted()
        model = work.model_for(asked)
        stored = self._results[start.task]
        request = stored.explanation.request if stored is not None else None
        if request is None or (request.model, request.revision) != (model.key, model.revision):
            result = self.desk.answer(asked, self._still_wanted, "arrival")
            self._results[start.task] = self.desk.grid(result, self._still_wanted)

    def _look_inside(self) -> None:
        """What the tab Inside shows first."""
        start = next(each for each in examples.starts() if each.task == examples.INSIDE_TASK)
        if not self.hub_reachable and not at_hand(CATALOG[self.models[start.task]]):
            return
        asked = Asked(start.task, self.models[start.task], examples.inside_text(), "", view="attention")
        self.desk.look(asked, self._still_wanted, "arrival")

    def _compare(self, kind: Kind) -> None:
        """What a tab that compares shows first."""
        model = self.models[kind.examples[0].task]
        if self.hub_reachable or at_hand(CATALOG[model]):
            self.desk.study(kind.first(model), self._while_nobody_waits, "arrival")

    def _explain_answer(self) -> None:
        """What the tab Generation shows first, where the stored one is not of this page's own model."""
        model = self.models[examples.INSIDE_TASK]
        if self.hub_reachable or at_hand(CATALOG[model]):
            self.desk.study(forms.first(model), self._while_nobody_waits, "arrival")

    def _compile(self, start: examples.Start) -> None:
        """shap compiles itself on its first use, which takes seconds: not at the desk, where a visitor would wait."""
        text = min((example.text for example in start.examples), key=len)
        asked = Asked(start.task, self.models[start.task], text, "shap_text", options={"max_evals": 10})
        work.answer(asked, self._still_wanted)


def _quietly(step: Callable[[], None]) -> None:
    """A page without a first result still serves: the visitor hears of it on the first press."""
    try:
        step()
    except TokimpError:
        return
    except Exception as error:
        report_without_words(error)
