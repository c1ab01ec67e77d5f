"""Reads drawings, which are trees of plain data."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.views.drawing import Node, markup
from tokimp.views.figure import figure_svg

HOSTILE = ["<script>", "${7*7}", " {{x}}", "\\n\"'", " שלום", "\n", "\x00\u202e", "👩‍👩‍👧", ""]


def nodes(tree: Node, tag: str, kind: str = "") -> list[Node]:
    """All nodes of a tag that have the class."""
    inner = [] if isinstance(tree[2], str) else [found for child in tree[2] for found in nodes(child, tag, kind)]
    fits = tree[0] == tag and kind in ("", *str(tree[1].get("class", "")).split())
    return [tree, *inner] if fits else inner


def texts(tree: Node, kind: str = "") -> list[str]:
    return [each[2] for each in nodes(tree, "text", kind)]


def titles(tree: Node) -> list[str]:
    return [each[2] for each in nodes(tree, "title")]


def check_drawing(tree: Node) -> None:
    """It is an image with a label, stays in its frame, is plain JSON, and of what the browser and files know."""
    tag, facts, _ = tree
    assert (tag, facts["role"]) == ("svg", "img")
    assert facts["aria-label"]
    json.dumps(tree, allow_nan=False)
    known = set(re.findall(r'"([a-zA-Z-]+)"', re.sub(r"[^=]*= \[", "[", read_asset("drawing.js"), count=1)))
    for each in every(tree):
        assert {each[0], *each[1]} <= known
        for name, far in (
            ("x", facts["width"]),
            ("cx", facts["width"]),
            ("y", facts["height"]),
            ("cy", facts["height"]),
        ):
            assert 0 <= each[1].get(name, 0) <= far
    Markup(markup(tree))
    for dark in (False, True):
        file = Markup(figure_svg(tree, dark=dark))
        assert not {"class", "style", "data-index"} & {name for _, listed in file.tags for name in listed}


def every(tree: Node) -> list[Node]:
    inner: list[Any] = [] if isinstance(tree[2], str) else [found for child in tree[2] for found in every(child)]
    return [tree, *inner]
