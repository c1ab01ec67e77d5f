"""The tab Generation: prompt and answer on the left, the explained answer on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tokimp.ui import controls, sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.components import Drawing
from tokimp.ui.forms import Choice, OptionForm, Sentences, Share
from tokimp.ui.generating import forms
from tokimp.ui.generating.display import SCREEN
from tokimp.ui.generating.first import first_answer
from tokimp.ui.generating.forms import BUTTON, EXAMPLES, METHOD, Example
from tokimp.ui.studies.tab import go, named, unseen, why_drawer
from tokimp.ui.work import MOST_CHARACTERS

FORM = ("text", "answer", "model", "method", "options", "is_chat", "system")
WHY_EMPTY = (
    "Choose a token of the answer, then click one of the prompt, or its cell in the heatmap once more: "
    "why it got its score will stand here."
)


class AnswerView(Drawing):
    """`display.payload`.

    `select`, of `evt.kind` "span": a part of the answer is to be explained, and `evt.index` is [first, end]; of kind
    "why": `asking.picked` tells what `evt.index` and `evt.value` mean.
    """

    more = ("generation_cells.js", "generation.js")


@dataclass(frozen=True)
class Tab:
    """Components by the names that handlers use."""

    parts: dict[str, Any]
    chips: list[tuple[gr.Button, Example]]
    explain: gr.Button


def generation_tab(arrival: Arrival) -> Tab:
    """The tab's zones, with the first answer where one is stored."""
    stored = first_answer()
    shown = SCREEN.displayed(stored) if stored is not None else {}
    parts = unseen()
    with gr.Row(elem_classes="tk-zones", equal_height=False):
        with gr.Column(scale=4, min_width=280, elem_classes="tk-ask"):
            asked, chips, explain = _ask(arrival)
            parts |= asked
        with gr.Column(scale=8, min_width=280, elem_classes="tk-comparison"):
            parts["told"] = Sentences(_value(shown, "told") or sentences.told(), live=True)
            parts["explained"] = AnswerView(
                _value(shown, "explained"), empty="The answer will stand here, each token to be chosen."
            )
            parts |= why_drawer(WHY_EMPTY)
            with gr.Column(elem_classes="tk-takeaway"):
                parts["share"] = Share(
                    _value(shown, "share"), empty="Explained answers can be linked, embedded and saved here."
                )
    return Tab(named(parts), chips, explain)


def _ask(arrival: Arrival) -> tuple[dict[str, Any], list[tuple[gr.Button, Example]], gr.Button]:
    example = EXAMPLES[0]
    field = {"max_lines": 14, "max_length": MOST_CHARACTERS, "elem_classes": "tk-ask-text"}
    parts: dict[str, Any] = {
        "text": gr.Textbox(example.text, label="Prompt", lines=3, placeholder="Type or paste a prompt", **field)
    }
    with gr.Row(elem_classes="tk-chips"):
        chips = [(gr.Button(each.name, size="sm", min_width=0), each) for each in EXAMPLES]
    parts["answer"] = gr.Textbox(
        example.answer, label="Answer", lines=1, placeholder="Empty: the model writes it. Or paste one", **field
    )
    parts["is_chat"] = gr.Checkbox(
        example.is_chat, label="Chat: in the words of the model’s template", container=False, elem_classes="tk-sinks"
    )
    parts["system"] = gr.Textbox(
        "", label="System message", lines=1, placeholder="None", visible=example.is_chat, **field
    )
    parts["model"] = Choice(forms.models(arrival.models["next-token"], arrival.hub_reachable))
    parts["method"] = Choice(controls.method_choice("next-token", METHOD))
    with gr.Accordion("Options", open=False, elem_classes="tk-fold"):
        parts["options"] = OptionForm(forms.form(METHOD))
    asks, explain = go(BUTTON)
    return parts | asks, chips, explain


def _value(shown: dict[str, Any], name: str) -> Any:
    return shown[name]["value"] if name in shown else None
