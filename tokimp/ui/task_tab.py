"""One task's tab: ask, answer, why, take away. Laid out once for all tasks; `wiring` brings it to life."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from tokimp.ui import checking, compact_network, controls, display, masks, sentences, sinking, whying
from tokimp.ui.arrival import Arrival
from tokimp.ui.components import CandidateBars, Drawing, Heatmap, RankedTable, TokenView
from tokimp.ui.examples import Start
from tokimp.ui.forms import Choice, Download, OptionForm, Sentences, Share, Status, Ticket
from tokimp.ui.inside.components import TokenNetwork
from tokimp.ui.state import Result
from tokimp.ui.work import MOST_CHARACTERS


@dataclass(frozen=True)
class Parts:
    """The tab's components by the names that handlers use. `words` is the line of words to click on.

    `question` is what the turn number `turn` is for, None for the heatmap of what is shown; `ran` is
    the last turn whose work has begun. `zoomed_from` is what was asked of the whole text before one unit of it
    was looked into. `notice` stands above all tabs, and is theirs together.
    """

    text: gr.Textbox
    words: TokenView
    model: Choice
    method: Choice
    long_text: Sentences
    options: OptionForm
    explain: gr.Button
    stop: gr.Button
    status: Status
    ticket: Ticket
    notice: Sentences
    said: Sentences
    bars: CandidateBars
    target: Choice
    contrast: Choice
    mask: Choice
    explained: Sentences
    tokens: TokenView
    zoom_said: Sentences
    zoom: gr.Button
    zoomed_from: gr.State
    sinks: gr.Checkbox
    sinks_ticket: Ticket
    limits: Sentences
    table: RankedTable
    heat: Heatmap
    history: Drawing
    history_fold: gr.Accordion
    trust: Drawing
    judge: Ticket
    check: gr.Button
    checks: Drawing
    check_ticket: Ticket
    why: Drawing
    why_fold: gr.Accordion
    why_share: Share
    why_ticket: Ticket
    why_token: gr.State
    why_wanted: gr.State
    facts: Sentences
    share: Share
    file: Download
    shown: gr.State
    masked: gr.State
    question: gr.State
    turn: gr.State
    ran: gr.State
    chips: tuple[gr.Button, ...]
    heat_fold: gr.Accordion
    network: TokenNetwork
    network_fold: gr.Accordion

    def named(self) -> dict[str, Any]:
        unnamed = ("chips", "heat_fold", "network_fold")
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in unnamed}


def task_tab(start: Start, arrival: Arrival, notice: Sentences) -> Parts:
    """The tab's zones, filled with the first result."""
    result = arrival.result(start.task)
    first = _first_values(result)
    parts: dict[str, Any] = {
        "notice": notice,
        "shown": gr.State(None),  # `wire_load` puts the first result there, which every session shares
        "masked": gr.State(None),
        "question": gr.State(None),
        "turn": gr.State(0),
        "ran": gr.State(0),
        "ticket": Ticket(None, elem_classes="tk-hidden"),
        **{
            name: Ticket(None, elem_classes="tk-hidden")
            for name in ("judge", "check_ticket", "sinks_ticket", "why_ticket")
        },
        "why_token": gr.State(None),
        "why_wanted": gr.State(None),
        "zoomed_from": gr.State(None),
        "file": Download(None, elem_classes="tk-hidden"),
    }
    with gr.Row(elem_classes="tk-zones", equal_height=False):
        with gr.Column(scale=5, min_width=280, elem_classes="tk-ask"):
            parts |= _ask(start, arrival)
        with gr.Column(scale=7, min_width=280):
            with gr.Column(elem_classes="tk-answer"):
                parts |= _answer(first)
            with gr.Column(elem_classes="tk-why"):
                parts |= _why(first)
            with gr.Column(elem_classes="tk-takeaway"):
                parts["share"] = Share(
                    **first["share"], empty="Finished results can be linked, embedded and saved here."
                )
    filled = Parts(**parts)
    for name, component in filled.named().items():
        component.elem_classes = [*(component.elem_classes or []), f"tk-part-{name}"]
    return filled


def _ask(start: Start, arrival: Arrival) -> dict[str, Any]:
    masked = start.task == "masked-lm"
    text = start.examples[0].text
    words = masks.clickable(text) if masked else None
    parts: dict[str, Any] = {
        "text": gr.Textbox(
            text,
            label="Text",
            lines=3,
            max_lines=14,
            max_length=MOST_CHARACTERS,
            placeholder="Type or paste a text" + (" with a [MASK] in it" if masked else ""),
            elem_classes="tk-ask-text",
        )
    }
    with gr.Row(elem_classes="tk-chips"):
        chips = [gr.Button(example.name, size="sm", min_width=0) for example in start.examples]
    parts["chips"] = tuple(chips)
    with gr.Column(visible=masked, elem_classes="tk-words"):
        Sentences(sentences.told(sentences.line("name", "Click a word to mask it")))
        parts["words"] = TokenView(words)
    parts["model"] = Choice(controls.model_choice(start.task, arrival.models[start.task], arrival.hub_reachable))
    parts["method"] = Choice(controls.method_choice(start.task, start.method))
    parts["long_text"] = Sentences(sentences.told(), elem_classes="tk-long-text")
    with gr.Accordion("Options", open=False, elem_classes="tk-fold"):
        parts["options"] = OptionForm(controls.options_payload(start.method))
    with gr.Row(elem_classes="tk-go"):
        parts["explain"] = gr.Button("Explain", variant="primary", min_width=0, scale=3)
        parts["stop"] = gr.Button("Stop", min_width=0, scale=1, interactive=False)
    parts["status"] = Status(sentences.told(), live=True, elem_classes="tk-status")
    return parts


def _answer(first: dict[str, Any]) -> dict[str, Any]:
    parts = {
        "said": Sentences(**first["said"], live=True),
        "bars": CandidateBars(**first["bars"], empty="What the model says will stand here."),
        "mask": Choice(**first["mask"]),
    }
    with gr.Row(elem_classes="tk-picks"):
        parts["target"] = Choice(**first["target"])
        parts["contrast"] = Choice(**first["contrast"])
    return parts


def _why(first: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "explained": Sentences(**first["explained"]),
        "tokens": TokenView(**first["tokens"], empty="The text will stand here, each token coloured by its score."),
    }
    with gr.Row(elem_classes="tk-zoom"):
        parts["zoom_said"] = Sentences(**first["zoom_said"], live=True)
        parts["zoom"] = gr.Button(**first["zoom"], size="sm", min_width=0, scale=0, elem_classes="tk-quiet")
    parts["sinks"] = gr.Checkbox(label=sinking.LABEL, container=False, elem_classes="tk-sinks", **first["sinks"])
    parts["limits"] = Sentences(**first["limits"])
    with gr.Accordion("Why this token?", open=False, elem_classes="tk-fold") as parts["why_fold"]:
        parts["why"] = Drawing(None, empty=whying.EMPTY)
        parts["why_share"] = Share(None, empty="")
    with gr.Accordion("Can it be trusted?", open=True, elem_classes="tk-fold"):
        parts["trust"] = Drawing(**first["trust"], empty="Metrics will stand here, beside what random scores reach.")
        parts["check"] = gr.Button(**first["check"], size="sm", min_width=0, elem_classes="tk-quiet")
        parts["checks"] = Drawing(**first["checks"], empty=checking.ABOUT)
    with gr.Accordion("Ranked tokens", open=False, elem_classes="tk-fold"):
        parts["table"] = RankedTable(**first["table"], empty="Nothing is ranked yet.")
    with gr.Accordion("Heatmap: tokens × outputs", open=False, elem_classes="tk-fold") as parts["heat_fold"]:
        parts["heat"] = Heatmap(**first["heat"], empty="The likeliest outputs side by side: computed when asked for.")
    with gr.Accordion("How it got there", open=False, elem_classes="tk-fold", **first["history_fold"]) as how:
        parts["history"] = Drawing(**first["history"])
    parts["history_fold"] = how
    with gr.Accordion("Token network", open=False, elem_classes="tk-fold") as parts["network_fold"]:
        parts["network"] = TokenNetwork(None, empty=compact_network.EMPTY)
    with gr.Accordion("Figures", open=False, elem_classes="tk-fold"):
        parts["facts"] = Sentences(**first["facts"])
    return parts


def _first_values(result: Result | None) -> dict[str, Any]:
    """Constructor arguments of the parts that show a result."""
    changes = display.emptied() if result is None else display.displayed(result)
    return {name: _arguments(change) for name, change in changes.items() if name != "shown"}


def _arguments(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name != "__type__"}
