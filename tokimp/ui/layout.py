"""The page: one sentence, the notice, a tab a task, those that compare, whole answers, and what is inside."""

from __future__ import annotations

import gradio as gr

from tokimp.assets import read_asset
from tokimp.models import hub
from tokimp.models.catalog import fallback_notice
from tokimp.ui import endpoints, examples, sentences
from tokimp.ui.arrival import Arrival
from tokimp.ui.comparing.kinds import KINDS
from tokimp.ui.comparing.tab import comparing_tab
from tokimp.ui.comparing.wiring import wire_comparing, wire_comparing_load
from tokimp.ui.forms import Sentences
from tokimp.ui.generating.forms import TITLE as GENERATION
from tokimp.ui.generating.tab import generation_tab
from tokimp.ui.generating.wiring import wire_generation, wire_generation_load
from tokimp.ui.inside.tab import inside_tab
from tokimp.ui.inside.wiring import PLACE, wire_inside, wire_inside_load
from tokimp.ui.studies import generation
from tokimp.ui.task_tab import task_tab
from tokimp.ui.wiring import wire, wire_load

TITLE = "tokimp"
SENTENCE = "Which words made the model say that? See what pushed towards its answer, and what pushed away."


def build(arrival: Arrival | None = None) -> gr.Blocks:
    """The interface, with the first results in place; `serve` launches it."""
    arrival = arrival or Arrival(hub.reachable())
    with gr.Blocks(title=TITLE, analytics_enabled=False) as demo:
        with gr.Row(elem_classes="tk-head"):
            Sentences(sentences.told(sentences.line("heading", TITLE), sentences.line("lead", SENTENCE)))
            theme = gr.Button("Light / dark", size="sm", min_width=0, scale=0, elem_classes="tk-theme")
        theme.click(None, None, None, js=read_asset("switch_theme.js"), api_visibility="private")
        notice = fallback_notice(arrival.hub_reachable)
        if notice is not None:
            Sentences(sentences.told(sentences.line("note", notice)), elem_classes="tk-notice")
        linked = Sentences(sentences.told(), live=True, elem_classes="tk-linked")
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            for start in examples.starts():
                with gr.Tab(start.title, id=start.task) as tab:
                    parts = task_tab(start, arrival, linked)
                wire(start, parts, tab, arrival.desk)
                wire_load(demo, tabs, start, parts, arrival)
            for kind in KINDS:
                with gr.Tab(kind.title, id=kind.key) as tab:
                    comparing = comparing_tab(kind, arrival)
                wire_comparing(comparing, tab, arrival)
                wire_comparing_load(demo, tabs, comparing, arrival)
            with gr.Tab(GENERATION, id=generation.KEY) as tab:
                generating = generation_tab(arrival)
            wire_generation(generating, tab, arrival)
            wire_generation_load(demo, tabs, generating, arrival)
            with gr.Tab("Inside", id=PLACE) as tab:
                inside = inside_tab(arrival)
            wire_inside(inside, tab, arrival)
            wire_inside_load(demo, tabs, inside, arrival)
        endpoints.register(arrival.desk)
    return demo
