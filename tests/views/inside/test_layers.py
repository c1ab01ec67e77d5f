"""Scores at each layer, as cells and on the text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.views.examples import HOSTILE, tokens_of, with_specials
from tests.views.inside.trees import check_drawing
from tests.views.markup import Markup
from tokimp.views.characters import drawable
from tokimp.views.drawing import markup
from tokimp.views.inside.coloured import coloured_html, coloured_payload
from tokimp.views.inside.layers import (
    layer_and_token,
    layer_text_html,
    layer_text_payload,
    layers_figure,
    layers_html,
    layers_payload,
    state_names,
    token_names,
)

TEXT = "one two"
TOKENS = tokens_of(TEXT)
SCORES = np.array([[1.0, 0.0], [0.5, -2.0], [0.0, 4.0]])


def test_rows_are_the_input_and_what_each_layer_hands_on() -> None:
    payload = layers_payload(SCORES, TOKENS, TEXT, selected={"layer": 2})
    assert payload["rows"] == ["input", "layer 1", "layer 2"]
    assert payload["names"][1] == ["one", " two"]
    assert payload["classes"] == [["tkp2", "tk0"], ["tkp1", "tkn5"], ["tk0 tk-here", "tkp10 tk-here"]]
    assert payload["selected"] == {"layer": 2, "token": None}
    json.dumps(payload, allow_nan=False)


def test_a_cell_is_a_layer_and_a_token_however_it_lies() -> None:
    short = layers_payload(SCORES, TOKENS, TEXT)
    text = " ".join("ab"[place % 2] for place in range(40))
    tokens = tokens_of(text)
    long = layers_payload(np.ones((3, len(tokens))), tokens, text)
    assert layer_and_token(short, 2, 1) == (2, 1)
    assert long["axes"] == ["token", "layer"]
    chosen = layers_payload(np.ones((3, len(tokens))), tokens, text, selected={"token": 5})["classes"]
    assert [row for row, names in enumerate(chosen) if "tk-here" in names[0]] == [5]
    assert layer_and_token(long, 39, 2) == (2, 39)


def test_the_text_at_a_layer_shares_one_scale_with_all_layers() -> None:
    items = layer_text_payload(SCORES, TOKENS, TEXT, 1)["tokens"]["items"]
    assert [item["bucket"] for item in items] == ["tkp1", "tkn5"]
    assert [item["number"] for item in items] == ["0.5", "−2"]
    assert layer_text_payload(SCORES, TOKENS, TEXT, 1)["tokens"]["legend"]["high"] == "4"


def test_the_text_stays_what_was_typed() -> None:
    tokens = with_specials(tokens_of(HOSTILE))
    scores = np.random.default_rng(0).normal(size=(3, len(tokens)))
    page = Markup(layer_text_html(scores, tokens, HOSTILE, 1))
    assert page.typed.startswith(drawable(HOSTILE))
    assert "script" not in {tag for tag, _ in page.tags}


def test_scores_without_a_sign_do_not_push() -> None:
    legend = coloured_payload(TOKENS, TEXT, [0.1, 0.2], signed=False)["tokens"]["legend"]
    assert (legend["low"], legend["high"], legend["left"]) == ("", "0.2", "")
    assert "tku10" in coloured_html(TOKENS, TEXT, [0.1, 0.2], signed=False)


def test_hostile_tokens_stay_text() -> None:
    tokens = with_specials(tokens_of(HOSTILE))
    scores = np.random.default_rng(0).normal(size=(3, len(tokens)))
    names = token_names(tokens, HOSTILE)
    for page in (layers_html(scores, tokens, HOSTILE), markup(layers_figure(scores, names, state_names(3)))):
        assert {tag for tag, _ in Markup(page).tags} <= {"div", "svg", "g", "rect", "path", "text", "title"}


def test_the_figure_says_every_number() -> None:
    page = Markup(markup(layers_figure(SCORES, ["one", " two"], state_names(3))))
    assert "layer 1 ×  two: −2" in page.text
    assert "pushes away −4" in page.text
    assert "pushes" not in Markup(markup(layers_figure(SCORES, ["a", "b"], state_names(3), signed=False))).text


def test_the_figure_stays_in_its_frame() -> None:
    tokens = [f"token {place}" for place in range(12)]
    check_drawing(layers_figure(np.random.default_rng(0).normal(size=(4, 12)), tokens, state_names(4)))


def test_scores_must_fit_the_tokens() -> None:
    with pytest.raises(ValueError, match="of 2 tokens"):
        layers_payload(SCORES[:, :1], TOKENS, TEXT)
