"""What a comparison, or the lack of one, puts on screen, by name of the part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tokimp.ui.comparing import payloads, sharing
from tokimp.ui.comparing.components import MeasuredDrawing, MeasuredTable, TokenLines
from tokimp.ui.components import Drawing, Payload
from tokimp.ui.forms import Sentences
from tokimp.ui.studies import Studied, compare, prompts

Changes = dict[str, Any]
Parts = dict[str, Payload | None]


@dataclass(frozen=True)
class Section:
    """Parts under one title, "" for those on top: (name, component, what it says while it is empty)."""

    title: str
    parts: tuple[tuple[str, Any, str], ...]
    is_open: bool = True


_SECTIONS: dict[str, tuple[Section, ...]] = {
    compare.KEY: (
        Section("", (("lines", TokenLines, "The text will stand here once for each method."),)),
        Section(
            "How far they agree",
            (
                ("agreed", Sentences, ""),
                ("matrix", MeasuredDrawing, "How far each two methods agree will stand here."),
            ),
        ),
        Section(
            "Are they better than chance?",
            (("tables", MeasuredTable, "Metrics will stand here, beside what random scores reach."),),
        ),
    ),
    prompts.KEY: (
        Section("", (("answers", Drawing, "What the model makes of each prompt will stand here."),)),
        Section("Scores side by side", (("columns", MeasuredDrawing, "A row a prompt will stand here."),)),
        Section(
            "Keywords",
            (
                ("keywords", MeasuredDrawing, "Keywords that are followed through the prompts will stand here."),
                ("followed", Sentences, ""),
            ),
        ),
    ),
}

_DRAWN: dict[str, Callable[[Studied], Parts]] = {
    compare.KEY: payloads.comparison_parts,
    prompts.KEY: payloads.prompts_parts,
}


def sections(key: str) -> tuple[Section, ...]:
    return _SECTIONS[key]


def drawn(studied: Studied) -> Changes:
    """All parts as far as the study has come."""
    parts = _DRAWN[studied.request.view](studied)
    return {name: gr.update(value=payload, state="ready") for name, payload in parts.items()}


def displayed(studied: Studied) -> Changes:
    """A study that ended, finished or not, with what can be taken along of it."""
    share = gr.update(value=sharing.share_payload(studied), state="ready")
    return drawn(studied) | {"shown": studied, "share": share}


def dimmed(key: str) -> Changes:
    return {name: gr.update(state="stale") for name in _shown(key)}


def undimmed(key: str) -> Changes:
    return {name: gr.update(state="ready") for name in _shown(key)}


def _shown(key: str) -> list[str]:
    return ["told", "share", *(name for section in _SECTIONS[key] for name, _, _ in section.parts)]
