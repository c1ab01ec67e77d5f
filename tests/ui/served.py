"""Serves the endpoints with tiny models and takes orders on its input, each answered by a line.

Run in a process of its own, as Gradio leaves event loops unclosed. Texts with "girl" in them stop at
their third batch until the gate is opened.
"""

from __future__ import annotations

import sys
import threading

import gradio as gr
from starlette.middleware import Middleware
from torch import Tensor

from tests.models import shared
from tokimp.types import Task
from tokimp.ui import endpoints, revisions, visitors, work
from tokimp.ui.desk import Desk, Limits
from tokimp.ui.front_door import FrontDoor
from tokimp.ui.state import Asked

FAMILIES: dict[Task, str] = {"classification": "bert", "masked-lm": "bert", "next-token": "gpt2", "seq2seq": "t5"}
MODELS = {task: shared(family, task) for task, family in FAMILIES.items()}
GATED = MODELS["next-token"]


class Gate:
    """Holds the decoder at its third batch while it is shut."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.batches = 0
        self._compute = GATED.logits
        GATED.logits = self.logits  # type: ignore[method-assign, assignment]

    def shut(self) -> None:
        self.open.clear()
        self.batches = 0

    def logits(self, embeds: Tensor, positions: Tensor | None, *past: object) -> Tensor:
        self.batches += 1
        if self.batches >= 3 and not self.open.wait(60):
            raise TimeoutError
        return self._compute(embeds, positions, *past)  # type: ignore[arg-type]


def model_for(asked: Asked) -> object:
    work.check_model(asked.model)
    return MODELS[asked.task]


def main() -> None:
    work.model_for = model_for  # type: ignore[assignment]
    revisions.held = lambda _name, task: MODELS[task]
    desk, gate = Desk(limits=Limits(per_visitor=2, seconds=30.0)), Gate()
    visitors.believe_peers_only()
    with gr.Blocks(analytics_enabled=False) as demo:
        endpoints.register(desk)
    demo.queue(default_concurrency_limit=1, max_size=9, api_open=False)
    middleware = [Middleware(FrontDoor, visitors=desk.visitors)]
    demo.launch(
        quiet=True,
        ssr_mode=False,
        mcp_server=endpoints.mcp_here(),
        prevent_thread_lock=True,
        app_kwargs={"middleware": middleware},
    )
    _say(demo.local_url)
    for order in sys.stdin:
        match order.strip():
            case "shut":
                gate.shut()
            case "open":
                gate.open.set()
        while order.strip() == "idle" and (desk.visitors.line() or desk._computing.locked()):
            threading.Event().wait(0.01)
        _say(f"{len(demo.app.iterators)} {gate.batches}")
    demo.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
