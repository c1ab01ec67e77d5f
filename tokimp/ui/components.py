"""The views as Gradio components: constant templates, drawn in the browser from payloads of `tokimp.views`."""

from __future__ import annotations

import base64
import json
import zlib
from abc import ABCMeta
from collections.abc import Iterator
from typing import Any, ClassVar

import gradio as gr
from gradio.component_meta import ComponentMeta, updateable

from tokimp.assets import read_asset

Payload = dict[str, Any]

_CONFIGS: dict[type, dict[str, Any]] = {}  # of each class that of its first component
LONGEST_PLAIN = 4096
LARGEST = 2**24
_TEMPLATE = '<div class="tk-root tk-view"></div>'


def page_css() -> str:
    """All of the app's style, for `launch(css=…)`."""
    sheets = ("explanation.css", "charts.css", "trust.css", "why.css", "style.css")
    return "".join(map(read_asset, sheets))


def page_head() -> str:
    """The scripts of all views, for `launch(head=…)`: once a page, and not once a component."""
    views = sorted(_drawn(View), key=lambda view: view.__name__)
    scripts = [f"{view.__name__}(element, trigger, props, watch, facts) {{\n{view.source()}}},\n" for view in views]
    return read_asset("views_head.html").replace("/* views */", "".join(scripts))


def _drawn(view: type[View]) -> Iterator[type[View]]:
    """All views that have a script."""
    if hasattr(view, "script"):
        yield view
    for more in view.__subclasses__():
        yield from _drawn(more)


class _WithoutStub(ComponentMeta):
    """Gradio's own metaclass writes a .pyi file beside every module that defines a component."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> type:
        return ABCMeta.__new__(mcs, name, bases, attrs)


class View(gr.HTML, metaclass=_WithoutStub):
    """A view of a payload; None shows the sentence `empty`. With `live`, screen readers say what changes.

    An event dims it with `gr.update(state="stale")` and undims it with
    `gr.update(value=…, state="ready")`. What is drawn stays put until the next value.
    """

    script: ClassVar[str]
    more: ClassVar[tuple[str, ...]] = ()  # scripts that come after it

    @updateable
    def __init__(
        self,
        value: Payload | None = None,
        *,
        empty: str = "",
        live: bool = False,
        state: str = "ready",
        **settings: Any,
    ) -> None:
        classes = settings.pop("elem_classes", None) or []
        facts = json.dumps({"empty": empty, "live": live})
        super().__init__(
            value,
            html_template=_TEMPLATE,
            js_on_load=f"tokimpViews.{type(self).__name__}(element, trigger, props, watch, {facts});",
            apply_default_css=False,
            elem_classes=["tk-drawn", *([classes] if isinstance(classes, str) else classes)],
            state=state,
            **settings,
        )
        self.state = state

    @classmethod
    def source(cls) -> str:
        """What draws it: a function's body, which gets `element`, `trigger`, `props`, `watch` and `facts`."""
        return "".join(map(read_asset, ("draw.js", cls.script, *cls.more)))

    def __getattr__(self, name: str) -> Any:
        """gr.HTML takes any name that its script quotes for an event, and searches the script each time it is asked."""
        raise AttributeError(f"{type(self).__name__} has no {name}.")

    def get_config(self) -> dict[str, Any]:
        """As gr.HTML's, which reads signatures for each component of each session, and twice for each that changes."""
        usual = _CONFIGS.get(type(self))
        if usual is None:
            usual = _CONFIGS[type(self)] = super().get_config()
        return {name: self.__dict__.get(name, value) for name, value in usual.items()}

    def preprocess(self, payload: str | None) -> Any:
        """What the browser has; None where it is no payload."""
        try:
            value = json.loads(_unpacked(payload)) if payload else None
        except (TypeError, ValueError, zlib.error):
            return None
        return value if isinstance(value, dict) else None

    def postprocess(self, value: Payload | None) -> str | None:
        """JSON text, packed where it is long: see `unpacked` in assets/draw.js for the reason."""
        if value is not None and not isinstance(value, dict):
            raise TypeError(f"{type(self).__name__} draws a payload of tokimp.views, not {type(value).__name__}.")
        return None if value is None else _packed(json.dumps(value, ensure_ascii=False, allow_nan=False))

    def api_info(self) -> dict[str, Any]:
        return {"type": "string"}

    def example_payload(self) -> str:
        return "{}"

    def example_value(self) -> Payload:
        return {}


def _packed(text: str) -> str:
    """Long JSON deflated, in base64, which never begins like an object; most payloads shrink to a fifth."""
    if len(text) <= LONGEST_PLAIN:
        return text
    return base64.b64encode(zlib.compress(text.encode())).decode()


def _unpacked(text: str) -> str:
    """What was packed; raises ValueError or zlib.error where it is not that, or larger than what any page sends."""
    if text.startswith("{"):
        return text
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(base64.b64decode(text, validate=True), LARGEST).decode()
    if not unpacker.eof:
        raise ValueError("This is cut short, or too large.")
    return found


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
