"""What the model might say and how it took each token: bars, changes, temperature, coloured text."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from tests.views.examples import HOSTILE, tokens_of, with_specials
from tests.views.inside.trees import HOSTILE as LABELS
from tests.views.inside.trees import check_drawing, nodes, texts, titles
from tests.views.markup import Markup
from tokimp.errors import OptionError
from tokimp.types import Candidate, Prediction
from tokimp.views.drawing import markup
from tokimp.views.inside.probabilities import (
    bars_figure,
    changes,
    changes_figure,
    confidence,
    probabilities_payload,
    signed_points,
    softened,
    temperature_note,
)
from tokimp.views.inside.readings import BY, readings_figure, readings_html, readings_payload


@dataclass(frozen=True)
class Taken:
    probability: Any
    rank: Any
    entropy: Any
    surprisal: Any
    top: Any
    top_probability: Any


def taken(count: int) -> Taken:
    """Nothing of the first token; of token k a probability of 2^−k and the rank 10^(k mod 4)."""
    k = np.arange(count, dtype=np.float64)
    silent = np.where(k == 0, np.nan, 1.0)
    rank = np.where(k == 0, 0, 10 ** (k % 4)).astype(np.int64)
    shares = np.tile([0.5, 0.25], (count, 1))
    return Taken(
        silent * 0.5**k, rank, silent * math.log(2) * 3, silent * k * math.log(2), rank[:, None] + [[0, 1]], shares
    )


def word(each: int) -> str:
    return f" w{each}"


LOGITS = np.array([2.0, 1.0, 0.0, -3.0])


@pytest.mark.parametrize("temperature", [0.1, 1.0, 2.5])
def test_temperature_divides_logits(temperature: float) -> None:
    np.testing.assert_allclose(softened(LOGITS, temperature), softmax(LOGITS / temperature), rtol=1e-14)
    np.testing.assert_allclose(softened(LOGITS - 900, temperature), softmax(LOGITS / temperature), rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_a_temperature_is_above_0(temperature: float) -> None:
    with pytest.raises(OptionError, match="There is no temperature"):
        softened(LOGITS, temperature)


def test_bars_at_another_temperature_say_that_they_are_for_display() -> None:
    listed = tuple(
        Candidate(i, f" w{i}", float(p), float(x)) for i, (p, x) in enumerate(zip(softmax(LOGITS), LOGITS, strict=True))
    )
    prediction = Prediction(listed, (), 0, 1.0)
    plain = probabilities_payload(prediction)
    assert plain["note"] == ""
    assert plain["bars"][0]["share"] == pytest.approx(softmax(LOGITS)[0], abs=1e-6)
    flat = probabilities_payload(prediction, 2.0)
    assert [bar["share"] for bar in flat["bars"]] == pytest.approx(softmax(LOGITS / 2), abs=1e-6)
    assert flat["note"].startswith("Shown at temperature 2, among the 4 shown: for display only")
    assert flat["rest"] is None
    assert "among" not in temperature_note(2.0)


def test_confidence_in_bits_and_as_a_share() -> None:
    assert confidence(0.25, math.log(4), 16) == (
        "Likeliest answer 25\u202f%; entropy 2 bits, 50\u202f% of the most that 16 choices allow."
    )
    assert confidence(1.0, 0.0, 1) == "Likeliest answer 100\u202f%; entropy 0 bits."


def test_bars_have_lengths_as_their_shares() -> None:
    figure = bars_figure([" a", " b"], [0.5, 0.25], "What comes next", ["A note."])
    wide, narrow = (bar[1]["width"] for bar in nodes(figure, "rect"))
    assert wide / narrow == pytest.approx(2, rel=1e-3)
    assert titles(figure) == ["“ a”: 50\u202f%", "“ b”: 25\u202f%"]
    assert {"everything else", "25\u202f%"} <= set(texts(figure))
    assert "everything else" not in texts(bars_figure(["yes", "no"], [0.6, 0.4], "", words=False))


def test_changes_go_from_the_largest_gain_to_the_largest_loss() -> None:
    found = changes(["a", "b", "c", "d", "e"], [0.4, 0.1, 0.2, np.nan, 0.1], [0.1, 0.5, 0.2, 0.3, 0.11], limit=4)
    assert [each.label for each in found] == ["b", "e", "c", "a"]
    assert found[0].points == pytest.approx(40)
    assert [each.label for each in changes(["a", "b"], [np.nan, 0.1], [0.3, 0.2])] == ["b", "a"]


@pytest.mark.parametrize(
    ("points", "said"),
    [(25.2, "+25 points"), (-0.3, "−0.3 points"), (0.01, "0 points"), (None, "not known"), (9.96, "+10 points")],
)
def test_changes_are_told_in_points(points: float | None, said: str) -> None:
    assert signed_points(points) == said


def test_both_prompts_share_one_scale() -> None:
    figure = changes_figure(changes([" a", " b"], [0.4, 0.1], [0.2, np.nan]), ("one", "two"))
    legend_first, legend_second, first, second, alone = (bar[1] for bar in nodes(figure, "rect"))
    assert legend_first["class"] == first["class"] == alone["class"] != legend_second["class"] == second["class"]
    assert first["width"] == pytest.approx(2 * second["width"], rel=1e-2)
    assert titles(figure) == ["“ a”: 40\u202f%, then 20\u202f%", "“ b”: 10\u202f%, then not listed"]


TEXT = "The cat sat on it"
TOKENS = tokens_of(TEXT)


def test_text_is_coloured_by_surprisal_in_bits() -> None:
    items = readings_payload(taken(len(TOKENS)), TOKENS, TEXT, word)["tokens"]["items"]
    assert [item["bucket"] for item in items] == ["tk0", "tku2", "tku5", "tku8", "tku10"]
    assert items[0]["tip"] == ["“The”", "the model says nothing of it"]
    assert items[2]["tip"][1:3] == ["probability 25\u202f%, rank 100", "surprisal 2 bits · entropy 3 bits"]
    assert items[2]["tip"][3] == "likeliest: “ w100” 50\u202f% · “ w101” 25\u202f%"


def test_ranks_are_coloured_by_their_logarithm() -> None:
    payload = readings_payload(taken(len(TOKENS)), TOKENS, TEXT, word, "rank")
    assert [item["bucket"] for item in payload["tokens"]["items"]] == ["tk0", "tku3", "tku7", "tku10", "tk0"]
    assert (payload["tokens"]["legend"]["low"], payload["tokens"]["legend"]["high"]) == ("1", "1,000")


def test_a_scale_without_width_is_a_sentence() -> None:
    certain = replace(taken(len(TOKENS)), surprisal=np.zeros(len(TOKENS)), rank=np.ones(len(TOKENS), dtype=np.int64))
    for by, said in (("surprisal", "every token expected: 0 bits"), ("rank", "every token the likeliest: 1")):
        legend = readings_payload(certain, TOKENS, TEXT, word, by)["tokens"]["legend"]
        assert [legend[name] for name in ("left", "low", "classes", "high", "right")] == [said, "", [], "", ""]
        check_drawing(readings_figure(certain, TOKENS, TEXT, word, by))


def test_no_colour_is_named_once() -> None:
    legend = readings_payload(taken(len(TOKENS)), TOKENS, TEXT, word)["tokens"]["legend"]
    assert (legend["low"], "tk0" in legend["classes"]) == ("0", False)


def test_there_are_three_readings() -> None:
    with pytest.raises(OptionError, match="surprisal, rank, entropy"):
        readings_payload(taken(len(TOKENS)), TOKENS, TEXT, word, "mood")  # type: ignore[arg-type]


@pytest.mark.parametrize("by", BY)
def test_a_page_holds_the_text_as_typed_and_its_numbers(by: Any) -> None:
    page = Markup(readings_html(taken(len(TOKENS)), TOKENS, TEXT, word, by))
    assert TEXT in page.typed
    assert "“ cat”\nprobability 50\u202f%, rank 10" in page.attributes("title")[1]


def test_drawings_hold(golden: Callable[[str, str], None]) -> None:
    tokens = with_specials(tokens_of(HOSTILE))
    given = (taken(len(tokens)), tokens, HOSTILE, dict.fromkeys(range(2000), "<b>").__getitem__)
    for by in BY:
        check_drawing(readings_figure(*given, by))
        json.dumps(readings_payload(*given, by), allow_nan=False)
    bars = bars_figure(LABELS, np.full(len(LABELS), 0.1), "What comes next", ["A note. " * 20])
    change = changes_figure(changes(LABELS, np.full(9, 0.1), np.linspace(0, 0.2, 9)), ("<b>", "${x}"))
    check_drawing(bars)
    check_drawing(change)
    golden("readings.html", readings_html(*given))
    golden("changes.html", markup(change))
