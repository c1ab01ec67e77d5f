"""An explanation as a page: whole, small, and without a way out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import numpy as np
import pytest

from tests.views.examples import explain, hostile, tokens_of
from tests.views.markup import Markup
from tokimp.assets import asset, read_asset
from tokimp.views.page import explanation_fragment, explanation_page, question

TEXT = "Music from flutes and drums filled the air as stories were shared under the shade of tall oak trees. "
KILOBYTES = 30


def test_a_page_of_200_tokens_is_small() -> None:
    text = TEXT * 12
    tokens = tokens_of(text)[:200]
    assert len(tokens) == 200
    errors = np.full(200, 0.123)
    page = explanation_page(explain(text, tokens, stderr=errors, notes=("A note.",), baseline_output=3.0))
    assert len(page.encode()) < KILOBYTES * 1000
    random = np.random.default_rng(0)
    steps = random.normal(size=(300, 200)).cumsum(0)
    facts = tuple({"rank": 300 - step, "probability": step / 300, "top": 3} for step in range(300))
    page = explanation_page(explain(text, tokens, steps[-1], stderr=errors, history=steps, iterations=facts))
    assert "How it got there" in page
    assert len(page.encode()) < KILOBYTES * 1000


@pytest.mark.parametrize("draw", [explanation_page, explanation_fragment])
def test_hostile_text_stays_text(draw: Callable[..., str]) -> None:
    explanation = hostile(target={"contrast": 7, "contrast_label": "<b>${boy}</b>"}, notes=("<i>note</i>",))
    page = Markup(draw(explanation))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "a", "form", "object", "embed"}
    assert "<script>alert(1)</script> & ${7*7} {{x}}".replace(" ", "") in page.text.replace("·", "").replace(" ", "")
    assert "rather than “<b>${boy}</b>”?" in page.text
    assert "<i>note</i>" in page.text


def test_a_page_asks_for_nothing_and_runs_nothing() -> None:
    page = explanation_page(hostile())
    markup = Markup(page)
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    policy = next(attributes["content"] for _, attributes in markup.tags if "http-equiv" in attributes)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)
    assert not {"style", "src", "href", "onclick"} & {name for _, found in markup.tags for name in found}


def test_a_page_says_where_its_numbers_come_from() -> None:
    page = Markup(explanation_page(explain("a b", scores=[1.0, 2.0], baseline_output=14.0, notes=("Mind this.",))))
    for fact in ("Why “ girl”?", "smollm2-135m", "integrated gradients", "47\u202f%", "17.2", "410 evaluations"):
        assert fact in page.text
    assert "Mind this." in page.text


def test_the_question_shows_spaces() -> None:
    assert question(explain("a", target={"contrast": 4, "contrast_label": "\n"})) == "Why “ girl” rather than “⏎”?"


def test_an_explanation_draws_itself() -> None:
    explanation = explain("a b")
    assert explanation.to_html() == explanation_page(explanation)
    assert explanation._repr_html_() == explanation_fragment(explanation)


def test_golden_page(golden: Callable[[str, str], None]) -> None:
    notes = ("Sampled: ± is one standard error.",)
    errors = np.full(len(hostile().tokens), 0.2)
    fragment = explanation_fragment(hostile(baseline_output=3.0, notes=notes, stderr=errors))
    golden("fragment_hostile.html", re.sub("<style>.*?</style>", "", fragment, flags=re.DOTALL))


def test_an_asset_that_is_missing_is_named() -> None:
    assert asset("style.css").is_file()
    assert read_asset("style.css") is read_asset("style.css")
    with pytest.raises(FileNotFoundError, match=r"assets/none\.css"):
        asset("none.css")


@pytest.mark.parametrize("name", ["explanation.css", "charts.css", "style.css"])
def test_a_style_sheet_asks_for_nothing_and_moves_little(name: str) -> None:
    style = read_asset(name)
    assert style.count("{") == style.count("}")
    assert "url(" not in style
    assert "@import" not in style
    durations = [int(found) for found in re.findall(r"(\d+)ms", style)]
    assert all(duration < 200 for duration in durations)
    if durations:
        assert "prefers-reduced-motion: reduce" in style
