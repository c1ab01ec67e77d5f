"""What tabs that show a study have alike: what they remember, the button and its status, the drawer of a token."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tokimp.ui import sentences, whying
from tokimp.ui.components import Drawing
from tokimp.ui.forms import Download, Share, Status, Ticket

_STATES: dict[str, Any] = {"shown": None, "question": None, "turn": 0, "ran": 0, "why_token": None, "why_asked": None}

Parts = dict[str, Any]


def unseen() -> Parts:
    """What the tab remembers, and what the browser is told that nobody sees."""
    parts: Parts = {name: gr.State(value) for name, value in _STATES.items()}
    parts["file"] = Download(None, elem_classes="tk-hidden")
    return parts | {name: Ticket(None, elem_classes="tk-hidden") for name in ("ticket", "why_ticket")}


def go(label: str) -> tuple[Parts, gr.Button]:
    """The button that asks, and what is said of the work."""
    with gr.Row(elem_classes="tk-go"):
        button = gr.Button(label, variant="primary", min_width=0, scale=3)
        stop = gr.Button("Stop", min_width=0, scale=1, interactive=False)
    return {"stop": stop, "status": Status(sentences.told(), live=True, elem_classes="tk-status")}, button


def why_drawer(empty: str = whying.EMPTY) -> Parts:
    """The drawer of a token that was clicked above it."""
    with gr.Accordion("Why this token?", open=False, elem_classes="tk-fold") as fold:
        return {"why": Drawing(None, empty=empty), "why_share": Share(None, empty=""), "why_fold": fold}


def named(parts: Parts) -> Parts:
    """The parts, each of which style sheets know by its name."""
    for name, component in parts.items():
        if not isinstance(component, gr.State):
            component.elem_classes = [*(component.elem_classes or []), f"tk-part-{name}"]
    return parts
