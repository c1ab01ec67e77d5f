"""The picture of a shared link: what it shows, of which lines, in which colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.views.examples import explain, hostile, tokens_of
from tokimp.types import Explanation
from tokimp.views import card
from tokimp.views.shades import channels, shades

STORY = "Music from flutes and drums filled the air as stories were shared under the shade of tall oak trees. "


def drawn(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert (picture.size, picture.mode) == ((card.WIDTH, card.HEIGHT), "RGB")
    return picture


def pixels_of(picture: Image.Image, bucket: str) -> int:
    """How many pixels have this shade."""
    ground = np.array(channels(shades().ground[bucket]))
    return int((np.asarray(picture) == ground).all(axis=-1).sum())


@pytest.mark.parametrize("explanation", [explain("a"), explain(STORY), hostile(signed=False), explain("")])
def test_a_result_becomes_a_card(explanation: Explanation) -> None:
    picture = drawn(card.card_png(explanation))
    colours = picture.getcolors(2**20)
    assert colours is not None
    assert max(colours)[1] == channels(shades().paper)


@pytest.mark.parametrize("place", [3, 150, 296])
def test_of_a_long_text_the_strongest_lines_are_shown(place: int) -> None:
    tokens = tokens_of(STORY * 20)[:300]
    nothing = drawn(card.card_png(explain(STORY * 20, tokens, np.zeros(300))))
    scores = np.zeros(300)
    scores[place] = 2.0
    shown = drawn(card.card_png(explain(STORY * 20, tokens, scores)))
    assert pixels_of(shown, "tkp10") > pixels_of(nothing, "tkp10") + 500


def test_a_long_question_is_cut() -> None:
    long = explain(STORY, target={"contrast": 1, "contrast_label": "long " * 100})
    assert pixels_of(drawn(card.card_png(long)), "tkp10") > 0


def test_a_cover_shows_the_scale() -> None:
    cover = drawn(card.cover_png())
    assert pixels_of(cover, "tkp10") == pixels_of(cover, "tkn10") > 0
