"""Serves every view once, over hostile text; prints its address. `python -m tests.ui.gallery` to look at them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from tests.views.examples import explain, hostile
from tokimp.types import Candidate, Explanation, Prediction, Token
from tokimp.ui.components import CandidateBars, Drawing, Heatmap, RankedTable, TokenView, page_css, page_head
from tokimp.views.charts import bars_payload
from tokimp.views.heatmap import heatmap_payload
from tokimp.views.history import history_payload
from tokimp.views.table import table_payload
from tokimp.views.text import text_payload


def predict() -> Prediction:
    found = [(" girl", 0.47), ("${7*7}<b>", 0.31), ("\n", 0.02)]
    return Prediction(tuple(Candidate(i + 10, w, p, 0.0) for i, (w, p) in enumerate(found)), (), 0, 1.0)


def pick(event: gr.SelectData) -> str:
    return json.dumps([event.index, event.value])


def refine() -> Iterator[Any]:
    yield gr.update(state="stale")
    yield gr.update(value=text_payload(explain("new text", scores=[1.0, -0.5])), state="ready")


def fill_and_empty() -> Iterator[Any]:
    yield gr.update(value=text_payload(explain("new text", scores=[1.0, -0.5])), state="ready")
    yield gr.update(value=None, state="ready")


def story() -> Explanation:
    text = "<img src=x>${7*7}"
    steps = np.array([[0.0, 0.0], [1.0, -2.0]])
    return explain(text, [Token(text[:11], 1, 0, 11), Token(text[11:], 2, 11, 17)], steps[-1], history=steps)


def build() -> gr.Blocks:
    explanation = hostile(stderr=np.full(len(hostile().tokens), 0.4))
    with gr.Blocks(analytics_enabled=False) as demo:
        text = TokenView(text_payload(explanation), elem_id="text")
        bars = CandidateBars(bars_payload(predict(), 10), elem_id="bars")
        RankedTable(table_payload(explanation), elem_id="table")
        matrix = np.linspace(-1, 1, 6).reshape(3, 2)
        Heatmap(heatmap_payload(matrix, ["<i>", "${7*7}", "c"], [" yes", "no"]), elem_id="heat")
        Drawing(history_payload(story()), elem_id="story")
        empty = TokenView(None, empty="Type a text, ${7*7}.", elem_id="empty")
        picked = gr.Textbox(elem_id="picked", label="picked")
        again = gr.Button("Again", elem_id="again")
        text.select(pick, None, picked, api_visibility="private")
        bars.select(pick, None, picked, api_visibility="private")
        again.click(refine, None, text, api_visibility="private")
        again.click(fill_and_empty, None, empty, api_visibility="private")
    return demo


if __name__ == "__main__":
    gallery = build()
    looks = {"head": page_head(), "css": page_css(), "footer_links": []}
    address = gallery.launch(prevent_thread_lock=True, ssr_mode=False, quiet=True, _frontend=False, **looks)[1]
    print(address, flush=True)  # noqa: T201
    gallery.block_thread()
