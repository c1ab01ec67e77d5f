"""The row under the coloured text: what can be looked into, what is, and the one button for there and back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tokimp.ui import sentences
from tokimp.ui.components import Payload
from tokimp.ui.state import Result
from tokimp.ui.zooming import within
from tokimp.views.characters import drawable

BACK = "Back to the whole text"
LONGEST = 300

Changes = dict[str, Any]


def row(result: Result | None) -> Changes:
    """Hidden where there is nothing to look into; what is looked into has the way back."""
    if result is None:
        return _hidden()
    unit = within.looked_into(result.explanation)
    if unit:
        said = f"Only this {unit} can be taken away; everything else stays."
        return _shown(sentences.line("note", said), BACK, ready=True)
    kind = within.kind_of(result.explanation) if result.finished else ""
    return _unchosen(kind) if kind else _hidden()


def chosen(result: Result | None, token: object) -> Changes:
    """A token was chosen: the unit around it is what the button looks into. Nothing where the row stays as it is."""
    if result is None or not result.finished:
        return {}
    explanation = result.explanation
    kind = within.kind_of(explanation)
    if not kind:
        return {}
    request = within.into(explanation, token)
    if request is None:
        return _unchosen(kind)
    line = " ".join(drawable(within.excerpt(explanation, request)).split())
    return _shown(sentences.line("unit", line[:LONGEST]), _into(kind), ready=True)


def _unchosen(kind: str) -> Changes:
    what = "its tokens" if kind == "words" else f"its {within.SINGULAR[kind]}"
    return _shown(sentences.line("note", f"Choose a word of the text to look into {what}."), _into(kind), ready=False)


def _into(kind: str) -> str:
    return f"Zoom into this {within.SINGULAR[kind]}"


def _shown(line: Payload, label: str, *, ready: bool) -> Changes:
    return {
        "zoom_said": gr.update(value=sentences.told(line), visible=True),
        "zoom": gr.update(value=label, interactive=ready, visible=True),
    }


def _hidden() -> Changes:
    return {"zoom_said": gr.update(visible=False), "zoom": gr.update(visible=False)}
