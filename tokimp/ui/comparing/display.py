"""What a comparison, or the lack of one, puts on screen, by name of the part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tokimp.ui.comparing import payloads
from tokimp.ui.comparing.components import MeasuredDrawing, MeasuredTable, TokenLines
from tokimp.ui.components import Drawing
from tokimp.ui.forms import Sentences
from tokimp.ui.studies import compare, prompts
from tokimp.ui.studies.running import Screen


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

_PAYLOADS = {compare.KEY: payloads.comparison_parts, prompts.KEY: payloads.prompts_parts}


def sections(key: str) -> tuple[Section, ...]:
    return _SECTIONS[key]


def _screen(key: str) -> Screen:
    named = (name for section in _SECTIONS[key] for name, _, _ in section.parts)
    return Screen(("told", *named), _PAYLOADS[key])


SCREENS = {key: _screen(key) for key in _SECTIONS}
