"""Drawings as trees of plain data: one tree for a page without script and for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokimp.views.characters import escaped

Node = tuple[str, Mapping[str, Any], Any]
"""Tag, attributes, and a text or a list of nodes; of the tags and attributes that assets/drawing.js knows."""

WIDE = 600
"""What stretches over the width of its box counts from 0 to this."""


def node(tag: str, content: str | list[Node] = "", **attributes: str | float) -> Node:
    """`kind` stands for the class, and an underscore for the hyphen in a name."""
    names = {"kind": "class"}
    return tag, {names.get(name, name.replace("_", "-")): value for name, value in attributes.items()}, content


def stretched(content: list[Node], height: float, label: str) -> Node:
    """Lines over the whole width of their box, and what they show, for those who do not see them."""
    facts = {"viewBox": f"0 0 {WIDE} {height:g}", "preserveAspectRatio": "none", "role": "img", "aria-label": label}
    return "svg", {"class": "tk-lines", "height": height} | facts, content


def markup(tree: Node) -> str:
    """The tree as HTML."""
    tag, attributes, content = tree
    inside = escaped(content) if isinstance(content, str) else "".join(map(markup, content))
    listed = "".join(f' {name}="{_written(value)}"' for name, value in attributes.items())
    return f"<{tag}{listed}>{inside}</{tag}>"


def _written(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:g}"
