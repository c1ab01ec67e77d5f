"""What each layer would say: the table, and the answer across the layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.views.inside.trees import HOSTILE, check_drawing, nodes, texts, titles
from tokimp.errors import OptionError
from tokimp.views.drawing import markup
from tokimp.views.inside.answer import answer_figure, answer_payload
from tokimp.views.inside.lens import COLUMNS, lens_figure, lens_payload


@dataclass(frozen=True)
class Lens:
    positions: tuple[int, ...]
    top: Any
    top_probability: Any
    answer: Any
    probability: Any
    rank: Any


def lens(layers: int = 4, positions: int = 3, first: int = 0) -> Lens:
    """Layer k thinks likeliest the words k, k + 1 and k + 2, the first with probability k / layers."""
    top = np.arange(layers)[:, None, None] + np.zeros((1, positions, 1), dtype=int) + np.arange(3)
    shares = (np.arange(layers) / layers)[:, None, None] * np.array([1.0, 0.5, 0.25]) * np.ones((1, positions, 1))
    rank = np.repeat(np.array([1000, 10, 1, 1])[-layers:][:, None], positions, axis=1)
    own = np.repeat(np.array([0.001, 0.1, 0.5, 0.75])[-layers:][:, None], positions, axis=1)
    return Lens(tuple(range(first, first + positions)), top, shares, np.full(positions, layers - 1), own, rank)


def word(each: int) -> str:
    return f" w{each}"


TOKENS = [" a", " b", " c"]


def test_rows_are_layers_downwards_and_cells_the_likeliest_words() -> None:
    payload = lens_payload(lens(), TOKENS, word)
    assert payload["rows"] == ["input", "layer 1", "layer 2", "layer 3"]
    assert payload["axes"] == ["layer", "token"]
    assert payload["columns"] == ["a", "b", "c"]
    assert [row[0] for row in payload["numbers"]] == ["w0", "w1", "w2", "w3"]


def test_cells_are_shaded_by_probability_on_one_scale() -> None:
    classes = [row[0] for row in lens_payload(lens(), TOKENS, word)["classes"]]
    assert classes == ["tk0", "tku2", "tku5", "tku8"]  # 0, 25, 50 and 75 % of ten shades, halves to even


def test_the_likeliest_are_on_hover_with_their_numbers() -> None:
    payload = lens_payload(lens(), TOKENS, word)
    assert payload["effects"][2][1] == "“ w2” 50\u202f% · “ w3” 25\u202f% · “ w4” 12\u202f%"
    assert "layer 2 × b: “ w2” 50\u202f% · “ w3” 25\u202f% · “ w4” 12\u202f%" in titles(
        lens_figure(lens(), TOKENS, word)
    )


def test_of_a_long_text_the_last_tokens_are_shown_or_those_up_to_the_selected() -> None:
    tokens = [f" t{place}" for place in range(40)]
    long = lens(positions=40)
    assert lens_payload(long, tokens, word)["positions"] == list(range(40 - COLUMNS, 40))
    chosen = lens_payload(long, tokens, word, selected=20)
    assert chosen["positions"] == list(range(21 - COLUMNS, 21))
    assert chosen["classes"][3][-1] == "tku8 tk-column"
    assert chosen["classes"][3][0] == "tku8"
    assert lens_payload(long, tokens, word, selected=2)["positions"] == list(range(COLUMNS))


def test_one_position_shows_its_candidates() -> None:
    payload = lens_payload(lens(), TOKENS, word, position=1)
    assert payload["columns"] == ["1st", "2nd", "3rd"]
    assert payload["numbers"][2] == ["w2", "w3", "w4"]
    assert payload["effects"][2] == ["50\u202f%", "25\u202f%", "12\u202f%"]
    assert "layer 2, 2nd: “ w3” 25\u202f%" in titles(lens_figure(lens(), TOKENS, word, position=1))


def test_a_position_that_was_not_read_is_an_error() -> None:
    masks = lens(positions=1, first=2)
    assert lens_payload(masks, TOKENS, word)["columns"] == ["c"]
    with pytest.raises(OptionError, match="did not read token 0"):
        lens_payload(masks, TOKENS, word, position=0)


def test_words_are_cut_to_their_cells_and_stay_whole_on_hover() -> None:
    payload = lens_payload(lens(), TOKENS, lambda _: " incomprehensibility" * 3)
    cell = payload["numbers"][1][0]
    assert cell.endswith("…")
    assert "incomprehensibility incomprehensibility" in payload["effects"][1][0]


def test_the_answer_is_told_with_the_layer_that_settles_it() -> None:
    figure = answer_figure(lens(), 1, TOKENS, word)
    assert figure[1]["aria-label"] == "“ w3” at “ b”: 75\u202f% in the end, the likeliest from layer 2 on"
    never = lens()
    never.rank[-1] = 7
    assert answer_figure(never, 1, TOKENS, word)[1]["aria-label"].endswith("75\u202f% in the end, rank 7")
    always = lens()
    always.rank[:] = 1
    assert answer_figure(always, 1, TOKENS, word)[1]["aria-label"].endswith("the likeliest from the input on")


def test_ranks_stand_on_a_log_axis_with_1_on_top() -> None:
    figure = answer_figure(lens(), 1, TOKENS, word, layer=2)
    dots = [dot[1] for dot in nodes(figure, "circle")]
    ranks = [dot["cy"] for dot in dots[4:]]  # after those of the probabilities
    assert ranks[2] == ranks[3] == min(ranks)
    assert (ranks[0] - ranks[1]) / (ranks[1] - ranks[2]) == pytest.approx(2, rel=0.02)  # 1000 → 10 → 1
    assert [dot["data-index"] for dot in dots] == [0, 1, 2, 3] * 2
    assert {dot["class"] for dot in dots if dot["data-index"] == 2} == {"tks1 tk-picked"}
    assert "layer 1: 10\u202f%, rank 10" in titles(figure)
    assert {"1", "10", "100", "1,000"} <= set(texts(figure, "tk-axis"))


def test_drawings_hold(golden: Callable[[str, str], None]) -> None:
    hostile = lens(positions=len(HOSTILE))
    words = dict(enumerate(HOSTILE))
    for figure in (
        lens_figure(hostile, HOSTILE, words.__getitem__, selected=2),
        lens_figure(hostile, HOSTILE, words.__getitem__, position=4),
        answer_figure(hostile, 0, HOSTILE, words.__getitem__),
        answer_figure(lens(layers=1, positions=1), 0, [" a"], word),
    ):
        check_drawing(figure)
    payload = lens_payload(hostile, HOSTILE, words.__getitem__, selected=2)
    json.dumps([payload, answer_payload(hostile, 0, HOSTILE, words.__getitem__)], allow_nan=False)
    golden("lens.html", markup(lens_figure(hostile, HOSTILE, words.__getitem__, selected=2)))
