"""The token network: what makes up a token, in numbers and as a drawing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.views.inside.trees import check_drawing, nodes, texts
from tests.views.markup import Markup
from tokimp.views.drawing import markup
from tokimp.views.inside.network import (
    FLOW_SHADES,
    MOST_GREY,
    MOST_ROWS,
    THRESHOLDS,
    coloured,
    network_of,
    network_payload,
    network_summary,
    through,
    without_first,
)
from tokimp.views.inside.network_figure import network_figure, network_html

HOSTILE = ["<script>", "${7*7}", "{{x}}", "\\n\"'", " שלום", ""]


def mixing(layers: int, count: int, seed: int = 0) -> Any:
    """Rows that sum to 1, causal, half for the token itself."""
    values = np.tril(np.random.default_rng(seed).gamma(0.5, size=(layers, count, count)))
    return 0.5 * values / values.sum(-1, keepdims=True) + 0.5 * np.eye(count)


def by_every_path(edges: Any, token: int, source: int) -> float:
    """What of the token's output comes from the source's input, path by path."""
    layers, count = edges.shape[:2]
    total = 0.0
    for inner in product(range(count), repeat=layers - 1):
        path = [source, *inner, token]
        total += float(np.prod([edges[layer, path[layer + 1], path[layer]] for layer in range(layers)]))
    return total


def test_parts_add_up_over_all_paths() -> None:
    edges = mixing(3, 4)
    _, parts = network_of(edges, 3).flows()
    np.testing.assert_allclose(parts[0], [by_every_path(edges, 3, source) for source in range(4)], rtol=1e-12)
    np.testing.assert_allclose(parts.sum(1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(through(edges)[0, 3], parts[0], rtol=1e-12)


def test_a_node_in_the_middle_is_followed_both_ways() -> None:
    edges = mixing(3, 4)
    along, parts = network_of(edges, 3, {"token": 1, "layer": 1}).flows()
    np.testing.assert_array_equal(parts[1], [0, 1, 0, 0])
    np.testing.assert_allclose(parts[0], edges[0, 1], rtol=1e-12)
    np.testing.assert_allclose(parts[3], (edges[2] @ edges[1])[:, 1], rtol=1e-12)
    np.testing.assert_allclose(along[0, 1], edges[0, 1], rtol=1e-12)
    np.testing.assert_allclose(along[2].sum(1), parts[3], rtol=1e-12)


def test_without_the_first_token_the_rest_is_shared_out_anew() -> None:
    edges = mixing(2, 4)
    kept = without_first(edges)
    np.testing.assert_allclose(kept.sum(-1), 1.0, rtol=1e-12)
    assert (kept[:, 1:, 0] == 0).all()
    np.testing.assert_allclose(kept[0, 3, 2] / kept[0, 3, 1], edges[0, 3, 2] / edges[0, 3, 1], rtol=1e-12)
    sinking = np.zeros((1, 3, 3))
    sinking[0, :, 0] = 1.0
    np.testing.assert_array_equal(without_first(sinking)[0], np.eye(3))


def test_only_so_many_edges_are_drawn() -> None:
    network = network_of(mixing(30, 40), 39)
    assert len(network.strongest()) == MOST_GREY
    weights = [network.shares[edge] for edge in network.strongest()]
    assert weights == sorted(weights, reverse=True)
    assert all(query != key for _, query, key in network.strongest())
    flows = [flow for _, flow in coloured(network)]
    assert flows == sorted(flows, reverse=True)
    assert min(flows) >= THRESHOLDS[1]
    assert len(markup(network_figure(mixing(30, 40), ["word"] * 40, 39))) < 200_000


def test_of_a_long_text_those_are_drawn_that_give_most() -> None:
    edges = np.tile(np.eye(100), (2, 1, 1))
    edges[1, 99] = 0
    edges[1, 99, 7], edges[1, 99, 99] = 0.9, 0.1
    network = network_of(edges, 99, {"token": 50})
    assert len(network.rows) == MOST_ROWS
    assert {7, 50, 99} <= set(network.rows)
    assert network.rows[network.answer] == 99
    assert network.rows[network.chosen[1]] == 50
    assert "Drawn are the 40 of 100 tokens" in network_summary(network, ["t"] * 100, 100)


def test_the_browser_gets_all_shares() -> None:
    edges = mixing(3, 5)
    payload = network_payload(edges, list("abcde"), 4, selected={"token": 2, "layer": 1})
    kept = np.frombuffer(base64.b64decode(payload["shares"]), dtype="<f2").reshape(3, 5, 5)
    np.testing.assert_allclose(kept, edges, rtol=5e-4, atol=1e-7)
    assert payload["chosen"] == [1, 2]
    assert payload["answer"] == 4
    assert payload["columns"] == ["input", "layer 1", "layer 2", "layer 3"]
    json.dumps(payload, allow_nan=False)
    assert len(json.dumps(network_payload(mixing(30, 40), ["word"] * 40, 39))) < 200_000


def test_layers_of_two_networks_are_told_apart() -> None:
    edges = np.stack([np.eye(2)] * 3)
    payload = network_payload(edges, ["a", "b"], 1, encoder=2)
    assert payload["columns"] == ["input", "encoder layer 1", "encoder layer 2", "decoder layer 1"]
    assert payload["briefly"] == ["in", "e1", "e2", "d1"]
    assert network_payload(edges, ["a", "b"], 1)["briefly"] == ["in", "1", "2", "3"]
    assert network_payload(edges[:1], ["a", "b"], 1, encoder=2)["columns"] == ["input", "output"]
    for layers, named in ((3, "decoder 1"), (12, "d10")):
        tree = network_figure(np.stack([np.eye(2)] * layers), ["a", "b"], 1, encoder=2)
        assert named in texts(tree)
        check_drawing(tree)


def test_words_say_what_the_drawing_shows() -> None:
    edges = np.array([[[1.0, 0.0], [0.3, 0.7]], [[1.0, 0.0], [0.5, 0.5]]])
    said = network_summary(network_of(edges, 1), ["a", " b"], 2)
    assert said == (
        "“ b”, where the answer is read, is made of the input: 65\u202f% from “a”, 35\u202f% from “ b”. "
        "Strongest edges: “a” → “ b” 50\u202f% in layer 2; “a” → “ b” 30\u202f% in layer 1."
    )
    compact = network_summary(network_of(through(edges), 1), ["a", " b"], 2)
    assert compact.endswith("Strongest edges: “a” → “ b” 65\u202f%.")


def test_edges_of_the_chosen_token_are_as_wide_as_they_are_strong() -> None:
    edges = np.array([[[1.0, 0.0], [0.25, 0.75]]])
    tree = network_figure(edges, ["a", "b"], 1)
    paths = [node for node in nodes(tree, "path") if "tku" in node[1]["class"]]
    told = {node[2][0][2]: re.findall(r"[Vv]([\d.]+)", node[1]["d"])[0] for node in paths}
    assert told["“b” → “b”, output: 75\u202f%; 75\u202f% of the chosen token"] == "6.6"
    shades = [node[1]["class"].split()[-1] for node in paths]
    assert shades == [FLOW_SHADES[round(6 * 0.5)], FLOW_SHADES[round(6 * 0.75**0.5)]]


@pytest.mark.parametrize("edges", [np.zeros((2, 3)), np.zeros((1, 2, 3)), np.zeros((1, 3, 3))])
def test_edges_must_have_layers_queries_and_keys(edges: Any) -> None:
    with pytest.raises(ValueError, match="layer, query, key"):
        network_of(edges, 3)


def test_nothing_to_give_is_said() -> None:
    said = network_summary(network_of(np.eye(2)[None], 0), ["a", "b"], 2)
    assert said == "“a”, where the answer is read, is made of the input: 100\u202f% from “a”."


def test_golden_network(golden: Callable[[str, str], None]) -> None:
    edges = mixing(2, 6)
    page = network_html(edges, HOSTILE, 5, title="<b>Hostile</b>")
    assert {tag for tag, _ in Markup(page).tags} == {
        "section",
        "p",
        "div",
        "svg",
        "circle",
        "rect",
        "path",
        "text",
        "title",
    }
    check_drawing(network_figure(edges, HOSTILE, 5))
    golden("network.svg.html", page)
