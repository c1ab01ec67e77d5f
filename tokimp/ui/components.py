"""The views as Gradio components: constant templates, drawn in the browser from payloads of `tokimp.views`."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, ClassVar

import gradio as gr
from gradio.component_meta import ComponentMeta, updateable

from tokimp.assets import read_asset

Payload = dict[str, Any]

_TEMPLATE = '<div class="tk-root tk-view"></div>'


def page_css() -> str:
    """All of the app's style, for `launch(css=…)`."""
    return read_asset("explanation.css") + read_asset("charts.css") + read_asset("style.css")


class _WithoutStub(ComponentMeta):
    """Gradio's own metaclass writes a .pyi file beside every module that defines a component."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> type:
        return ABCMeta.__new__(mcs, name, bases, attrs)


class View(gr.HTML, metaclass=_WithoutStub):
    """A view of a payload; None shows the sentence `empty`.

    An event dims it with `gr.update(state="stale")` and undims it with
    `gr.update(value=…, state="ready")`. What is drawn stays put until the next value.
    """

    script: ClassVar[str]
    more: ClassVar[tuple[str, ...]] = ()  # scripts that come after it

    @updateable
    def __init__(self, value: Payload | None = None, *, empty: str = "", state: str = "ready", **settings: Any) -> None:
        classes = settings.pop("elem_classes", None) or []
        super().__init__(
            value,
            html_template=_TEMPLATE,
            js_on_load="".join(map(read_asset, ("draw.js", self.script, *self.more))),
            apply_default_css=False,
            elem_classes=["tk-drawn", *([classes] if isinstance(classes, str) else classes)],
            empty=empty,
            state=state,
            **settings,
        )
        # gr.HTML takes any name that its script quotes for an event, which would put the whole page into its config.
        self.empty, self.state = empty, state

    def preprocess(self, payload: Payload | None) -> Payload | None:
        return payload or None

    def postprocess(self, value: Payload | None) -> Payload | None:
        if value is not None and not isinstance(value, dict):
            raise TypeError(f"{type(self).__name__} draws a payload of tokimp.views, not {type(value).__name__}.")
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}

    def example_payload(self) -> Payload:
        return {}

    def example_value(self) -> Payload:
        return {}


class TokenView(View):
    """`views.text.text_payload` or `plain_payload`.

    `select`: a token was clicked or Enter pressed on it; `evt.index` is its position (of a word:
    its first token's), `evt.value` its text, `evt.indices` all positions.
    """

    script = "token_view.js"


class CandidateBars(View):
    """`views.charts.bars_payload`. `select`: `evt.index` is the candidate's id, `evt.value` its label."""

    script = "candidate_bars.js"


class RankedTable(View):
    """`views.table.table_payload`, sorted by a click on a column's title."""

    script = "ranked_table.js"


class Heatmap(View):
    """`views.heatmap.heatmap_payload`. `select`: `evt.index` is [row, column] as drawn."""

    script = "heatmap.js"


class Drawing(View):
    """A drawing of `views.drawing`, such as `views.history.history_payload`."""

    script = "drawing.js"
