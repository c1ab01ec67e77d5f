"""Matrices as cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.views.markup import Markup
from tokimp.views.heatmap import heatmap_payload, heatmap_svg

LABELS = ["<script>", "${7*7}", "{{x}}", "\\n\"'", " שלום"]


def cells(svg: str) -> list[tuple[str, str, str]]:
    """Class, title and number of every cell of the drawing."""
    tree = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    found = []
    for group in tree.iter(f"{space}g"):
        texts: Any = (group.findtext(f"{space}title"), group.findtext(f"{space}text", ""))
        found.append((group.attrib["class"], *texts))
    return found


def test_every_cell_says_its_number() -> None:
    svg = heatmap_svg([[1.0, -0.5]], [" a"], ["yes", "no"], title="Tokens × classes")
    assert cells(svg) == [("tkp10", " a × yes: 1", "1"), ("tkn5", " a × no: −0.5", "−0.5")]


def test_the_drawing_is_named_for_those_who_do_not_see_it() -> None:
    tree = ElementTree.fromstring(heatmap_svg([[1.0], [2.0]], ["a", "b"], ["yes"], title="Tokens × classes"))
    drawing = tree[0]
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-label"] == "Tokens × classes: token by output, 2 × 1, full colour at 2"


def test_many_columns_are_laid_down_and_leave_out_numbers() -> None:
    matrix = np.arange(40.0).reshape(2, 20)
    names = [f"t{place}" for place in range(20)]
    payload = heatmap_payload(matrix, ["layer 0", "layer 1"], names, axes=("layer", "token"))
    assert payload["axes"] == ["token", "layer"]
    assert payload["rows"] == names
    assert payload["numbers"][3] == ["3", "23"]
    assert heatmap_payload(matrix.T, names, ["layer 0", "layer 1"])["rows"] == names


def test_a_square_stays_as_it_is() -> None:
    names = [str(place) for place in range(20)]
    payload = heatmap_payload(np.eye(20), names, names, axes=("query", "key"))
    assert payload["axes"] == ["query", "key"]
    assert not payload["geometry"]["numbers"]
    assert "text-anchor" not in heatmap_svg(np.eye(1), ["a"], ["b"], title="").partition("<g")[2].partition("<g")[2]


def test_nothing_sticks_out_of_the_drawing() -> None:
    payload = heatmap_payload(np.ones((3, 5)), ["a", "b", "日本語日本語"], LABELS)
    size = payload["geometry"]
    assert size["left"] + size["cell"] * 5 <= size["width"]
    assert size["top"] + size["row"] * 3 <= size["height"]


def test_unsigned_cells_do_not_push() -> None:
    payload = heatmap_payload([[0.5, 1.0]], ["a"], ["b", "c"], signed=False)
    assert payload["classes"] == [["tku5", "tku10"]]
    assert payload["effects"] == [["", ""]]


def test_what_is_not_finite_is_neutral_and_goes_to_json() -> None:
    payload = heatmap_payload([[np.nan, 1.0]], ["a"], ["b", "c"])
    assert payload["classes"] == [["tk0", "tkp10"]]
    assert payload["numbers"] == [["–", "1"]]
    json.dumps(payload, allow_nan=False)


def test_labels_must_fit_the_matrix() -> None:
    with pytest.raises(ValueError, match="2 rows and 1 columns"):
        heatmap_payload([[1.0]], ["a", "b"], ["c"])


def test_golden_heatmap(golden: Callable[[str, str], None]) -> None:
    svg = heatmap_svg(np.linspace(-1, 1, 25).reshape(5, 5), LABELS, LABELS, title="<b>Hostile</b>")
    assert {tag for tag, _ in Markup(svg).tags} == {"div", "svg", "g", "rect", "text", "title"}
    assert len(cells(svg)) == 25
    golden("heatmap.svg.html", svg)
