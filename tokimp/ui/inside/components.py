"""Views of what happens inside the model as Gradio components.

All of them tell by `select` what was chosen: `kind` ("head", "layer", "token", "cell") and `index`.
"""

from __future__ import annotations

from tokimp.assets import read_asset
from tokimp.ui.components import View


def inside_css() -> str:
    """The style of these views, after that of all others."""
    return read_asset("inside_charts.css") + read_asset("inside.css")


class AttentionGrid(View):
    """`views.inside.attention.grid_payload`.

    `select`: kind "head" with [layer, head], or [None, None] for the mean of all; kind "layer" with
    a layer, whose heads are to be averaged.
    """

    script = "shading.js"
    more = ("attention_grid.js",)


class AttentionMap(View):
    """`views.inside.attention.map_payload`.

    `select`: kind "cell" with [query, key]; kind "token" with a token, `axis` "query" or "key".
    """

    script = "shading.js"
    more = ("attention_map.js",)


class TokenNetwork(View):
    """`views.inside.network.network_payload`. `select`: kind "token" with a token, `layer` its column."""

    script = "shading.js"
    more = ("network.js",)
