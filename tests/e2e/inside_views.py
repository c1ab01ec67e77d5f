"""Serves the views of attention and of the token network, over hostile tokens; ends with its stdin."""

from __future__ import annotations

import json
import sys
from typing import Any

import gradio as gr
import numpy as np

from tokimp.types import Floats
from tokimp.ui.components import page_css, page_head
from tokimp.ui.inside.components import AttentionGrid, AttentionMap, TokenNetwork, inside_css
from tokimp.views.inside.attention import grid_payload, map_payload
from tokimp.views.inside.network import network_payload

TOKENS = ["<img src=x>", "${7*7}", "{{x}}", " שלום", "\n", " end"]
ANSWER = ["<pad>", " ${1}", "</script>"]
HABITS = ("previous", "first")
LAYERS, HEADS = 3, 2


def attention(*shape: int) -> Floats:
    """Causal rows that sum to 1."""
    values = np.tril(np.random.default_rng(0).gamma(0.5, size=(*shape, len(TOKENS), len(TOKENS))))
    shares: Floats = values / values.sum(-1, keepdims=True)
    return shares


def habits() -> Floats:
    return np.random.default_rng(1).uniform(size=(LAYERS, HEADS, len(HABITS)))


def edges() -> Floats:
    return 0.5 * attention(LAYERS) + 0.5 * np.eye(len(TOKENS))


def large() -> dict[str, Any]:
    return map_payload(np.tril(np.ones((512, 512))) / np.arange(1, 513)[:, None], [f"t{at}" for at in range(512)])


def across() -> dict[str, Any]:
    """An answer's attention to its text, behind which it stands."""
    values = np.random.default_rng(2).dirichlet(np.ones(len(TOKENS)), size=len(ANSWER))
    return map_payload(values, ANSWER, TOKENS, title="Across", starts=(len(TOKENS), 0))


def two_networks() -> dict[str, Any]:
    """Heads of a decoder behind an encoder of four layers."""
    pictures = np.random.default_rng(3).uniform(size=(LAYERS, HEADS, len(ANSWER), len(TOKENS)))
    return grid_payload(pictures, habits(), HABITS, whose="decoder", first=4)


def pick(event: gr.SelectData) -> str:
    return json.dumps([event._data[name] for name in ("kind", "index")])


def build() -> gr.Blocks:
    selected = {"layer": 1, "head": 0, "query": 2}
    with gr.Blocks(analytics_enabled=False) as demo:
        views = [
            AttentionGrid(grid_payload(attention(LAYERS, HEADS), habits(), HABITS, selected=selected), elem_id="grid"),
            AttentionMap(map_payload(attention(), TOKENS, title="Head", selected=selected), elem_id="map"),
            TokenNetwork(network_payload(edges(), TOKENS, len(TOKENS) - 1), elem_id="net"),
            AttentionGrid(two_networks(), elem_id="decoder"),
            AttentionMap(across(), elem_id="across"),
        ]
        picked = gr.Textbox(elem_id="picked", label="picked")
        more = gr.Button("Large", elem_id="more")
        for view in views:
            view.select(pick, None, picked, api_visibility="private")
        more.click(large, None, views[1], api_visibility="private")
    return demo


if __name__ == "__main__":
    gallery = build()
    css = page_css() + inside_css()
    address = gallery.launch(
        prevent_thread_lock=True, head=page_head(), css=css, ssr_mode=False, quiet=True, footer_links=[]
    )[1]
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    gallery.close()
