"""The tab Inside: the text, the model, and all views of what happens between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import options_for
from tokimp.methods.base import METHODS, Option
from tokimp.types import Task, Value
from tokimp.ui import controls, examples, sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.components import CandidateBars, Drawing, Payload, TokenView, View
from tokimp.ui.forms import Choice, Download, OptionForm, Sentences, Share, Status, Ticket
from tokimp.ui.generating.forms import NAMES
from tokimp.ui.inside.components import (
    AttentionGrid,
    AttentionMap,
    PointedCells,
    PointedDrawing,
    PointedText,
    Pointer,
    TokenNetwork,
)
from tokimp.ui.inside.state import POINTED
from tokimp.ui.work import MOST_CHARACTERS

VIEW_PARTS: dict[str, dict[str, type[View]]] = {
    "attention": {"attention_grid": AttentionGrid, "attention_map": AttentionMap},
    "token_probabilities": {
        "probability_text": TokenView,
        "probability_bars": CandidateBars,
        "probability_changes": Drawing,
    },
    "logit_lens": {"lens_table": PointedCells, "lens_answer": PointedDrawing},
    "layers": {"layer_text": TokenView, "layer_scores": PointedCells},
    "hidden_states": {
        "state_points": PointedDrawing,
        "state_way": PointedDrawing,
        "state_similarity": PointedDrawing,
    },
    "network": {"network_paths": TokenNetwork},
    "inside_outside": {"agreement_chart": PointedDrawing},
}
"""The parts of each look's view, each drawn by a payload of `payloads.DRAWN`."""

WIDE = ("lens_table", "layer_scores", "layer_text", "network_paths")
"""Parts that take the whole width of a view."""

VIEW_OF = {part: view for view, parts in VIEW_PARTS.items() for part in parts}


class LookOptions(OptionForm):
    """A view's declared options. `input`: one was changed."""

    script = "options.js"
    more = ("own.js", "options_input.js")


@dataclass(frozen=True)
class Chip:
    """An example, with the task whose model reads it."""

    name: str
    text: str
    task: Task


@dataclass(frozen=True)
class Tab:
    """Components by the names that handlers use; `folds` and `forms` by view."""

    parts: dict[str, Any]
    folds: dict[str, gr.Accordion]
    forms: dict[str, LookOptions]
    chips: list[tuple[gr.Button, Chip]]
    look: gr.Button


def chips() -> list[Chip]:
    """The example that the tab begins with, and the first of each other task."""
    others = [Chip(start.examples[0].name, start.examples[0].text, start.task) for start in examples.starts()]
    return [Chip(examples.INSIDE, examples.inside_text(), examples.INSIDE_TASK), *others]


def every_model(arrival: Arrival, chosen: str) -> Payload:
    """All models of the page in one list, by task: what can be asked follows from the model."""
    groups: list[tuple[str, list[Any]]] = []
    other = None
    for start in examples.starts():
        listed = controls.model_choice(start.task, chosen, arrival.hub_reachable)
        entries = [option for group in listed["groups"] for option in group["options"]]
        groups.append((start.title, entries))
        other = listed["other"]
    listed = controls.model_choice("seq2seq", chosen, arrival.hub_reachable)
    groups.append((NAMES["seq2seq"], [option for group in listed["groups"] for option in group["options"]]))
    note = "Any model with safetensors whose architecture is known."
    return controls.choice_payload("Model", groups, chosen, None if other is None else {**other, "note": note})


def shown_options(view: str, task: Task = examples.INSIDE_TASK) -> tuple[Option, ...]:
    """The options that stand in a form, of a model of the task: not those that are set by pointing."""
    return tuple(each for each in options_for(view, task) if each.name not in POINTED)


def form_payload(view: str, values: Mapping[str, Value] | None = None, task: Task = examples.INSIDE_TASK) -> Payload:
    fields = controls.fields_of(shown_options(view, task), values or {})
    return {"fields": [field | {"titles": [_title(choice) for choice in field["choices"]]} for field in fields]}


def _title(choice: Value) -> str | None:
    """What a choice is called where its own name would not do."""
    if isinstance(choice, str) and choice in METHODS:
        return METHODS[choice].info.title
    return choice.replace("_", " ") if isinstance(choice, str) else None


def inside_tab(arrival: Arrival) -> Tab:
    """The tab's zones, empty: opening it looks inside."""
    parts: dict[str, Any] = {name: gr.State(value) for name, value in _STATES.items()}
    parts["file"] = Download(None, elem_classes="tk-hidden")
    parts["ticket"] = Ticket(None, elem_classes="tk-hidden")
    folds: dict[str, gr.Accordion] = {}
    forms: dict[str, LookOptions] = {}
    with gr.Row(elem_classes="tk-zones", equal_height=False):
        with gr.Column(scale=4, min_width=280, elem_classes="tk-ask"):
            asked, buttons, look = _ask(arrival)
            parts |= asked
        with gr.Column(scale=8, min_width=280, elem_classes="tk-insides"):
            for view in VIEW_PARTS:
                fold, drawn, form = _view(view, is_open=view == "attention")
                folds[view] = fold
                parts |= drawn
                if form is not None:
                    forms[view] = form
            with gr.Column(elem_classes="tk-takeaway"):
                parts["shared"] = Sentences(sentences.told())
                parts["share"] = Share(None, empty="What was seen can be linked, embedded and saved here.")
    for name, component in parts.items():
        if not isinstance(component, gr.State):
            component.elem_classes = [*(component.elem_classes or []), f"tk-part-{name}"]
    return Tab(parts, folds, forms, buttons, look)


_STATES: dict[str, Any] = {"shown": None, "opened": ("attention",), "question": (), "turn": 0, "ran": 0}


def _ask(arrival: Arrival) -> tuple[dict[str, Any], list[tuple[gr.Button, Chip]], gr.Button]:
    parts: dict[str, Any] = {
        "text": gr.Textbox(
            chips()[0].text,
            label="Text",
            lines=3,
            max_lines=10,
            max_length=MOST_CHARACTERS,
            placeholder="Type or paste a text",
            elem_classes="tk-ask-text",
        )
    }
    with gr.Row(elem_classes="tk-chips"):
        buttons = [(gr.Button(chip.name, size="sm", min_width=0), chip) for chip in chips()]
    parts["model"] = Choice(every_model(arrival, arrival.models[examples.INSIDE_TASK]))
    with gr.Row(elem_classes="tk-go"):
        look = gr.Button("Look inside", variant="primary", min_width=0, scale=3)
        parts["stop"] = gr.Button("Stop", min_width=0, scale=1, interactive=False)
    parts["status"] = Status(sentences.told(), live=True, elem_classes="tk-status")
    with gr.Column(elem_classes="tk-words"):
        parts["pointed"] = Pointer(sentences.told(), live=True)
        parts["strip"] = PointedText(None, empty="The text as the model reads it will stand here.")
    return parts, buttons, look


def _view(view: str, is_open: bool) -> tuple[gr.Accordion, dict[str, Any], LookOptions | None]:
    info = LOOKS[view].info
    form = None
    with gr.Accordion(info.title, open=is_open, elem_classes=["tk-fold", f"tk-view-{view}"]) as fold:
        parts: dict[str, Any] = {f"told_{view}": Sentences(about(view))}
        if shown_options(view):
            form = LookOptions(form_payload(view), elem_classes="tk-look-options")
            parts[f"options_{view}"] = form
        if view == "layers":
            parts["layer_slider"] = gr.Slider(
                0, 1, value=1, step=1, label="Text coloured at layer", visible=False, elem_classes="tk-slider"
            )
        with gr.Row(elem_classes="tk-view-parts"):
            for name, kind in VIEW_PARTS[view].items():
                wide = ["tk-whole-row"] if name in WIDE else []
                parts[name] = kind(None, empty="This is looked for when the view is opened.", elem_classes=wide)
    return fold, parts, form


def about(view: str, told: Sequence[str] = (), limits: Sequence[str] = ()) -> Payload:
    """What the view tells, by whom it was shown, what it reads here, and what limits that."""
    info = LOOKS[view].info
    lines = [sentences.line("note", f"{info.tells} ", (info.paper, "small"))]
    lines += [sentences.line("note", sentence) for sentence in told]
    return sentences.told(*lines, *[sentences.line("limit", sentence) for sentence in limits])
