"""A figure that keeps its size: where there is less room, its box scrolls by itself."""

from __future__ import annotations

from tokimp.views.characters import escaped
from tokimp.views.drawing import Node, markup


def wide_html(figure: Node, title: str, told: str = "") -> str:
    """The figure without script; `told` is a sentence above it."""
    sentence = f'<p dir="auto">{escaped(told)}</p>' if told else ""
    box = f'<div class="tk-wide" tabindex="0" role="group" aria-label="{escaped(title)}">{markup(figure)}</div>'
    return f'<section class="tk-root tk-inside">{sentence}{box}</section>'
