"""Attention as pictures: the bytes that a browser gets, and the figures without script."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.views.inside.trees import check_drawing, nodes, titles
from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.views.drawing import markup
from tokimp.views.inside.attention import (
    LETTERS,
    chosen_cell,
    grid_payload,
    map_payload,
    pooled,
    rooted,
    row_values,
)
from tokimp.views.inside.attention_figure import MOST_RUNS, TITLED_UP_TO, grid_figure, map_figure

NAMES = ("previous", "next", "self", "first", "separator", "broad")
HOSTILE = ["<script>", "${7*7}", "{{x}}", "\\n\"'", " שלום", "", "\n", "\u202eevil"]


def attention(count: int, seed: int = 0, causal: bool = True) -> Any:
    """Rows that sum to 1."""
    values = np.random.default_rng(seed).gamma(0.3, size=(count, count))
    values = np.tril(values) if causal else values
    return values / values.sum(-1, keepdims=True)


def heads(layers: int, count: int, cells: int) -> tuple[Any, Any]:
    pictures = np.stack([[attention(cells, layer * count + head) for head in range(count)] for layer in range(layers)])
    return pictures, np.random.default_rng(1).uniform(size=(layers, count, len(NAMES)))


def test_each_picture_goes_up_to_its_own_largest() -> None:
    pictures, habits = heads(2, 3, 5)
    payload = grid_payload(pictures * 0.01, habits, NAMES)
    shades = np.array([LETTERS.index(letter) for letter in payload["pictures"]]).reshape(2, 3, 5, 5)
    tops = pictures.max(axis=(2, 3), keepdims=True)
    assert payload["size"] == [2, 3, 5, 5]
    np.testing.assert_array_equal(shades, np.rint(63 * np.sqrt(pictures / tops)))


def test_heads_are_sorted_by_what_they_do() -> None:
    pictures, habits = heads(2, 3, 4)
    payload = grid_payload(pictures, habits, NAMES)
    by_layer, by_previous = payload["sorts"][0], payload["sorts"][1]
    assert by_layer["order"] == [0, 1, 2, 3, 4, 5]
    assert by_layer["numbers"] is None
    shares = habits.reshape(6, -1)[by_previous["order"], 0]
    assert (np.diff(shares) <= 0).all()
    assert by_previous["title"] == "token before"


def test_a_head_says_what_it_does_most() -> None:
    pictures, habits = heads(1, 2, 4)
    habits[0, 1] = [0.1, 0.0, 0.93, 0.0, 0.0, 0.2]
    assert grid_payload(pictures, habits, NAMES)["labels"][1] == "layer 1, head 2: itself 93\u202f%"


def test_heads_of_a_decoder_behind_an_encoder_count_its_layers() -> None:
    pictures = np.random.default_rng(0).uniform(size=(2, 3, 4, 7))
    payload = grid_payload(pictures, np.zeros((2, 3, 6)), NAMES, whose="decoder", first=6)
    assert (payload["size"], payload["first"], payload["layer"]) == ([2, 3, 4, 7], 6, "decoder layer")
    assert payload["labels"][3].startswith("decoder layer 2, head 1: ")
    assert len(payload["pictures"]) == pictures.size


def test_many_heads_stay_light() -> None:
    for layers, count in ((30, 9), (48, 32)):
        pictures = np.random.default_rng(0).uniform(size=(layers, count, 32, 32))
        payload = grid_payload(pictures, np.zeros((layers, count, 6)), NAMES)
        assert len(json.dumps(payload, ensure_ascii=False).encode()) < 400_000
        assert payload["size"][2:] == [32 if layers == 30 else 8] * 2


def test_habits_must_fit_the_heads() -> None:
    pictures, habits = heads(2, 3, 4)
    with pytest.raises(ValueError, match="2 × 3 heads"):
        grid_payload(pictures, habits[:1], NAMES)


def test_a_map_keeps_three_digits() -> None:
    values = attention(40)
    payload = map_payload(values, [f"t{place}" for place in range(40)])
    kept = np.frombuffer(base64.b64decode(payload["values"]), dtype="<f2").reshape(40, 40)
    seen = values > 1e-4
    np.testing.assert_allclose(kept[seen], values[seen], rtol=5e-4)
    assert payload["scale"][0] == "0"
    assert payload["scale"][2] == "1"
    json.dumps(payload, allow_nan=False)


def test_a_map_of_two_texts_has_two_axes() -> None:
    values = np.random.default_rng(0).uniform(size=(2, 3))
    payload = map_payload(values, ["<s>", " le"], ["the", " film", "</s>"], starts=(3, 0))
    assert payload["queries"] == {"first": 3, "labels": ["<s>", "le"], "names": ["<s>", " le"]}
    assert payload["keys"] == {"first": 0, "labels": ["the", "film", "</s>"], "names": ["the", " film", "</s>"]}
    kept = np.frombuffer(base64.b64decode(payload["values"]), dtype="<f2").reshape(2, 3)
    np.testing.assert_allclose(kept, values, rtol=5e-4)
    assert map_payload(np.eye(2), ["a", "b"])["keys"] is None


def test_a_map_must_fit_its_axes() -> None:
    with pytest.raises(ValueError, match="has not 2 queries and 3 keys"):
        map_payload(np.ones((3, 2)), ["a", "b"], ["c", "d", "e"])
    with pytest.raises(ValueError, match="has not 2 queries and 2 keys"):
        map_figure(np.ones((2, 3)), ["a", "b"])


def test_the_largest_map_is_sent_at_once() -> None:
    payload = map_payload(attention(512), ["word"] * 512)
    assert len(json.dumps(payload)) < 800_000


def test_a_token_alone_is_a_query() -> None:
    assert chosen_cell({"token": 3}) == {"query": 3, "key": None}
    assert chosen_cell({"token": 3, "key": 1}) == {"query": None, "key": 1}
    assert chosen_cell(None) == {"query": None, "key": None}


def test_a_row_or_a_column_can_colour_the_text() -> None:
    values = attention(5)
    np.testing.assert_array_equal(row_values(values, {"query": 2}), values[2])
    np.testing.assert_array_equal(row_values(values, {"key": 2}), values[:, 2])
    with pytest.raises(ValueError, match="No token"):
        row_values(values, {})


def test_shades_are_square_roots() -> None:
    np.testing.assert_allclose(rooted(np.array([0.0, 1.0, 4.0, np.nan, -1.0]), 4.0), [0, 0.5, 1, 0, 0])
    np.testing.assert_array_equal(rooted(np.zeros(3), 0.0), 0)


def test_blocks_are_means() -> None:
    values = np.arange(25.0).reshape(5, 5)
    np.testing.assert_allclose(
        pooled(values, 2)[0], [values[:2, :2].mean(), values[:2, 2:4].mean(), values[:2, 4].mean()]
    )
    assert pooled(values, 2).shape == (3, 3)
    assert pooled(values, 2)[2, 2] == values[4, 4]


def test_every_coloured_cell_says_its_number() -> None:
    tree = map_figure([[1.0, 0.0], [0.75, 0.25]], ["a", " b"], title="Layer 1")
    assert titles(tree) == ["“a” → “a”: 1", "“ b” → “a”: 0.75", "“ b” → “ b”: 0.25"]
    shades = [node[1]["class"] for node in nodes(tree, "rect")][:3]
    assert shades == ["tk-patch tku10", "tk-patch tku9", "tk-patch tku5"]


def test_a_larger_map_is_drawn_in_rows_that_name_their_largest() -> None:
    count = TITLED_UP_TO + 1
    values = np.eye(count)
    values[5] = 0
    tree = map_figure(values, [f"t{place}" for place in range(count)])
    assert len(titles(tree)) == count - 1
    assert titles(tree)[1] == "“t1” → “t1” 1"
    drawn = [node[1]["d"] for node in nodes(tree, "path") if "tku10" in node[1]["class"]]
    assert len(drawn) == count - 1
    assert all(path.count("M") == 1 for path in drawn)


def test_a_map_without_order_is_drawn_in_blocks() -> None:
    values = np.random.default_rng(0).uniform(size=(300, 300))
    tree = map_figure(values, ["word"] * 300)
    paths = [node[1]["d"] for node in nodes(tree, "path") if "tku" in node[1]["class"]]
    assert 0 < sum(path.count("M") for path in paths) <= MOST_RUNS
    assert "mean of 4 × 4 tokens" in markup(tree)


def test_the_chosen_row_and_column_are_framed() -> None:
    plain = map_figure(np.eye(3), ["a", "b", "c"])
    framed = map_figure(np.eye(3), ["a", "b", "c"], selected={"query": 1, "key": 2})
    assert len(nodes(framed, "path")) - len(nodes(plain, "path")) == 2


def test_nothing_sticks_out_on_the_left_and_below() -> None:
    tree = map_figure(attention(12), [f"a rather long token {place}" for place in range(12)])
    for _, facts, _ in nodes(tree, "rect"):
        assert facts["x"] >= 0
        assert facts["x"] + facts["width"] <= tree[1]["width"]
        assert facts["y"] + facts["height"] <= tree[1]["height"]


def test_all_heads_without_script_stay_light() -> None:
    pictures, habits = heads(30, 9, 32)
    tree = grid_figure(pictures, habits, NAMES, selected={"layer": 3, "head": 2})
    assert len(markup(tree)) < 500_000
    assert len(titles(tree)) == 270
    check_drawing(tree)
    assert len([node for node in nodes(tree, "path") if node[1]["class"] == "tk-zero"]) == 1


def test_a_rectangle_stands_in_its_frame() -> None:
    for queries, keys in ((3, 20), (20, 3), (1, 4), (2, 60), (60, 2)):
        values = np.random.default_rng(0).dirichlet(np.ones(keys), size=queries)
        names = [f"q{place}" for place in range(queries)], [f"k{place}" for place in range(keys)]
        tree = map_figure(values, *names, selected={"query": queries - 1, "key": keys - 1})
        check_drawing(tree)
        assert f"{queries} queries by {keys} keys" in tree[1]["aria-label"]
        row, column = (node[1]["d"] for node in nodes(tree, "path", "tk-zero"))
        cell = max(1, min(20, 640 // max(queries, keys)))
        assert f"h{keys * cell}v{cell}h" in row
        assert f"h{cell}v{queries * cell}h" in column
        best = int(values[-1].argmax())
        assert f"“q{queries - 1}” → “k{best}”" in " ".join(titles(tree))


def test_rectangular_heads_stand_in_their_frame() -> None:
    for rows, columns in ((4, 9), (9, 4), (1, 32), (32, 2)):
        pictures = np.random.default_rng(0).uniform(size=(2, 3, rows, columns))
        tree = grid_figure(pictures, np.zeros((2, 3, 6)), NAMES, whose="encoder", selected={"layer": 1, "head": 2})
        check_drawing(tree)
        assert "2 encoder layers of 3 heads" in tree[1]["aria-label"]
        assert len(nodes(tree, "path", "tk-zero")) == 1


def test_golden_map_of_two_texts(golden: Callable[[str, str], None]) -> None:
    values = np.random.default_rng(0).dirichlet(np.ones(len(HOSTILE)), size=3)
    tree = map_figure(values, ["<pad>", "<img src=x onerror=alert(1)>", " ${1}"], HOSTILE, title="A → b")
    page = markup(tree)
    assert {tag for tag, _ in Markup(page).tags} == {"svg", "rect", "path", "text", "title"}
    check_drawing(tree)
    golden("cross_attention_map.svg.html", page)


def test_scripts_know_the_letters_of_shades() -> None:
    assert LETTERS in read_asset("shading.js")


def test_golden_map(golden: Callable[[str, str], None]) -> None:
    tree = map_figure(attention(8, causal=False), HOSTILE, title="<b>Hostile</b>", selected={"query": 1})
    page = markup(tree)
    assert {tag for tag, _ in Markup(page).tags} == {"svg", "rect", "path", "text", "title"}
    check_drawing(tree)
    golden("attention_map.svg.html", page)
