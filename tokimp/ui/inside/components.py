"""Views of what happens inside the model as Gradio components.

All of them tell by `select` what was chosen: `kind` ("head", "layer", "token", "cell") and `index`. What is pointed at
they mark by themselves once a `Pointer` tells it.
"""

from __future__ import annotations

from tokimp.assets import read_asset
from tokimp.ui.components import Drawing, Heatmap, TokenView, View
from tokimp.ui.forms import Sentences


def inside_css() -> str:
    """The style of these views, after that of all others."""
    return read_asset("inside_charts.css") + read_asset("inside.css")


class Pointer(Sentences):
    """Sentences, with what all views of the tab point at: "at", a `Selection` as a dictionary."""

    more = ("pointer.js",)


class PointedText(TokenView):
    """`views.text.plain_payload`, in which the token that is pointed at stands out."""

    more = ("pointing.js", "pointed_text.js")


class PointedCells(Heatmap):
    """A heatmap with the axes "layer" and "token"; "positions" of its columns where they are not all tokens."""

    more = ("pointing.js", "pointed_cells.js")


class PointedDrawing(Drawing):
    """A drawing with dots of the kind "layer" or "token"."""

    more = ("pointing.js", "pointed_drawing.js")


class AttentionGrid(View):
    """`views.inside.attention.grid_payload`.

    `select`: kind "head" with [layer, head], or [None, None] for the mean of all; kind "layer" with
    a layer, whose heads are to be averaged.
    """

    script = "shading.js"
    more = ("pointing.js", "attention_grid.js")


class AttentionMap(View):
    """`views.inside.attention.map_payload`.

    `select`: kind "cell" with [query, key]; kind "token" with a token, `axis` "query" or "key".
    """

    script = "shading.js"
    more = ("pointing.js", "attention_map.js")


class TokenNetwork(View):
    """`views.inside.network.network_payload`. `select`: kind "token" with a token, `layer` its column."""

    script = "shading.js"
    more = ("pointing.js", "network.js")
