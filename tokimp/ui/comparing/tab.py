"""A tab that compares: what is asked on the left, what came of it on the right. Laid out once for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tokimp.ui import sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing.components import MethodList, TableFile
from tokimp.ui.comparing.display import Section, sections
from tokimp.ui.comparing.kinds import PROMPTS, Example, Kind, method_list
from tokimp.ui.forms import Choice, OptionForm, Sentences, Share
from tokimp.ui.inside.tab import every_model
from tokimp.ui.studies.tab import go, named, unseen, why_drawer
from tokimp.ui.work import MOST_CHARACTERS


@dataclass(frozen=True)
class Tab:
    """Components by the names that handlers use."""

    kind: Kind
    parts: dict[str, Any]
    chips: list[tuple[gr.Button, Example]]
    compare: gr.Button


def comparing_tab(kind: Kind, arrival: Arrival) -> Tab:
    """The tab's zones, empty: opening it compares."""
    parts = unseen()
    with gr.Row(elem_classes="tk-zones", equal_height=False):
        with gr.Column(scale=4, min_width=280, elem_classes="tk-ask"):
            asked, chips, compare = _ask(kind, arrival)
            parts |= asked
        with gr.Column(scale=8, min_width=280, elem_classes="tk-comparison"):
            parts["told"] = Sentences(sentences.told(), live=True)
            for section in sections(kind.key):
                parts |= _section(section)
                if any(name in ASKED_IN for name, _, _ in section.parts):
                    parts |= why_drawer()
            with gr.Column(elem_classes="tk-takeaway"):
                parts["share"] = Share(None, empty="Finished comparisons can be linked, embedded and saved here.")
    return Tab(kind, named(parts), chips, compare)


ASKED_IN = ("lines", "columns")
"""Parts whose tokens can be asked about, one a tab."""


def _ask(kind: Kind, arrival: Arrival) -> tuple[dict[str, Any], list[tuple[gr.Button, Example]], gr.Button]:
    first = kind.examples[0]
    parts: dict[str, Any] = {
        "text": gr.Textbox(
            first.text,
            label=kind.text_label,
            lines=3 if kind is not PROMPTS else 5,
            max_lines=14,
            max_length=MOST_CHARACTERS,
            placeholder=kind.placeholder,
            elem_classes="tk-ask-text",
        )
    }
    with gr.Row(elem_classes="tk-chips"):
        chips = [(gr.Button(each.name, size="sm", min_width=0), each) for each in kind.examples]
    if kind is PROMPTS:
        parts["table"] = TableFile({"columns": [], "column": None, "note": ""})
    parts["model"] = Choice(every_model(arrival, arrival.models[first.task]))
    parts["methods"] = MethodList(method_list(first.task, kind.usual))
    parts["target"] = Choice(kind.target_list(first.task, None))
    parts["options"] = OptionForm(kind.form(first.options))
    asks, compare = go(kind.button)
    return parts | asks, chips, compare


def _section(section: Section) -> dict[str, Any]:
    """Parts under a title of their own, which can be folded; the first stands open above all folds."""
    if not section.title:
        return _drawn(section)
    with gr.Accordion(section.title, open=section.is_open, elem_classes="tk-fold"):
        return _drawn(section)


def _drawn(section: Section) -> dict[str, Any]:
    kinds: Sequence[tuple[str, Any, str]] = section.parts
    return {name: component(None, empty=empty) for name, component, empty in kinds}
