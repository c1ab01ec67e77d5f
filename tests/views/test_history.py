"""How scores came to be, as lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.views.examples import explain, hostile, tokens_of
from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.types import Explanation
from tokimp.views import history
from tokimp.views.drawing import Node
from tokimp.views.history import history_payload, history_svg
from tokimp.views.page import explanation_page


def walked(steps: int, tokens: int, **attribution: Any) -> Explanation:
    """Scores that walk at random from 0."""
    text = " ".join("abcdefgh"[place % 8] for place in range(tokens))
    path = np.random.default_rng(0).normal(size=(steps, tokens)).cumsum(0)
    return explain(text, tokens_of(text)[:tokens], path[-1], history=path, **attribution)


def nodes(tree: Node, tag: str) -> list[Node]:
    inner = [] if isinstance(tree[2], str) else [found for child in tree[2] for found in nodes(child, tag)]
    return [tree, *inner] if tree[0] == tag else inner


def tree_of(explanation: Explanation) -> Node:
    payload = history_payload(explanation)
    assert payload is not None
    tree: Node = payload["tree"]
    return tree


def lines(tree: Node) -> list[Node]:
    return [path for path in nodes(tree, "path") if re.fullmatch(r"M\d+ -?\d+l.*\d", path[1]["d"])]


def ends(path: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last point of a path that is told in steps."""
    start, _, moves = path.partition("l")
    x, y = map(int, start[1:].split())
    steps = [int(number) for number in re.findall(r"-?\d+", moves)]
    return (x, y), (x + sum(steps[::2]), y + sum(steps[1::2]))


def test_a_method_without_steps_has_no_story() -> None:
    assert history_payload(explain("a b")) is None
    assert history_svg(explain("a b", history=np.ones((1, 2)))) == ""
    assert "How it got there" not in explanation_page(explain("a b"))


def test_each_token_has_its_line_over_the_whole_width() -> None:
    drawn = lines(tree_of(walked(5, 12)))
    assert len(drawn) == 12
    for _, attributes, _ in drawn:
        first, last = ends(attributes["d"])
        assert (first[0], last[0]) == (0, 600)


def test_lines_end_at_their_scores() -> None:
    path = np.array([[0.0, 0.0], [1.0, -2.0], [2.0, -1.0]])
    drawn = lines(tree_of(explain("a b", tokens_of("a b")[:2], path[-1], history=path)))
    heights = sorted(ends(attributes["d"])[1][1] for _, attributes, _ in drawn)
    assert heights == [5, 148]  # 2 is on top, −2 at the bottom of 190 pixels: −1 is three quarters down


@pytest.mark.parametrize(("steps", "tokens"), [(2, 1), (1000, 3), (50, 400), (1000, 400)])
def test_a_drawing_stays_small(steps: int, tokens: int) -> None:
    story = walked(steps, tokens)
    drawn = lines(tree_of(story))
    assert len(drawn) <= history.NAMED + history.GREY
    assert max(len(re.findall(r"-?\d+", attributes["d"])) for _, attributes, _ in drawn) <= 2 * history.POINTS
    assert len(history_svg(story).encode()) < 7_000 + 300 * history.GREY * (tokens <= history.NAMED + history.GREY)


def test_many_others_are_one_band() -> None:
    tree = tree_of(walked(20, 100))
    assert [path[1].get("class") for path in nodes(tree, "path")].count("tk-band") == 1
    assert f"The {history.NAMED} largest are named; the other {100 - history.NAMED} lie in the grey band." in str(tree)
    assert "are grey" in str(tree_of(walked(20, 12)))


def test_names_never_stand_on_each_other() -> None:
    steps = np.vstack([np.zeros(8), np.linspace(1, 1.001, 8)])
    tree = tree_of(explain("a b c d e f g h", tokens_of("a b c d e f g h"), steps[-1], history=steps))
    places = sorted(text[1]["y"] for text in nodes(tree, "text") if text[1].get("class") == "tk-name")
    assert len(places) == 8
    assert min(after - before for before, after in pairwise(places)) >= 14
    assert places[-1] <= 200


def test_titles_tell_the_numbers_and_doubt_is_dotted() -> None:
    steps = np.array([[0.0, 0.0], [0.5, -0.25]])
    tokens = tokens_of("a b")[:2]
    tree = tree_of(explain("a b", tokens, steps[-1], history=steps, stderr=[0.1, 0.2]))
    assert {title[2] for title in nodes(tree, "title")} == {"“a”: 0.50 ± 0.10", "“ b”: −0.25 ± 0.20"}
    assert sorted(path[1]["class"] for path in lines(tree)) == ["tkn8 tk-maybe", "tkp8"]


def test_wild_first_steps_do_not_press_the_rest_flat() -> None:
    steps = np.array([[1000.0, -1000.0], [1.0, -1.0], [1.0, -1.0]])
    texts = nodes(tree_of(explain("a b", tokens_of("a b")[:2], steps[-1], history=steps)), "text")
    assert {text[2] for text in texts} >= {"3", "−3"}


@pytest.mark.parametrize("scores", [[0.0, 0.0], [5e-324, 0.0], [1e300, -1e300]])
def test_odd_scores_are_drawn_without_harm(scores: list[float]) -> None:
    steps = np.array([scores, scores])
    payload = history_payload(explain("a b", tokens_of("a b")[:2], scores, history=steps))
    json.dumps(payload, allow_nan=False)


def test_the_stopping_test_is_drawn_with_its_goal() -> None:
    facts = tuple({"rank": rank, "probability": 0.1 * place, "top": 3} for place, rank in enumerate((40, 9, 3)))
    page = Markup(history_svg(walked(3, 4, iterations=facts)))
    assert "40 at first, 3 at last." in page.text
    assert "0\u202f% at first, 20\u202f% at last." in page.text
    assert "goal: 3" in page.text
    goal = next(attributes["d"] for _, attributes in page.tags if attributes.get("class") == "tk-test")
    strip = next(path for path in page.attributes("d") if path.startswith("M0 51l"))
    assert ends(strip)[1][1] == int(goal.split()[1].split("H")[0])


def test_facts_of_other_methods_are_left_alone() -> None:
    page = history_svg(walked(3, 4, iterations=({"rank": None}, {"rank": None}, {"word": "<b>"})))
    assert "tk-strip" not in page


def test_the_browser_knows_every_tag_and_attribute() -> None:
    facts = tuple({"rank": 3 - place, "probability": 0.1, "top": 1} for place in range(3))
    known = set(re.findall(r'"([a-zA-Z-]+)"', re.sub(r"[^=]*= \[", "[", read_asset("drawing.js"), count=1)))
    for tag, attributes in Markup(history_svg(walked(3, 40, iterations=facts))).tags:
        names = {"viewBox" if name == "viewbox" else name for name in attributes}
        names = {"preserveAspectRatio" if name == "preserveaspectratio" else name for name in names}
        assert {tag, *names} <= known


def test_golden_history(golden: Callable[[str, str], None]) -> None:
    count = len(hostile().tokens)
    scores = hostile().scores
    steps = np.outer([0.0, 1.4, 0.9, 1.0], scores)
    facts = tuple({"rank": 8 - 2 * place, "probability": place / 4, "top": 3} for place in range(4))
    page = history_svg(hostile(history=steps, stderr=np.full(count, 0.4), iterations=facts))
    assert {tag for tag, _ in Markup(page).tags} == {"div", "p", "span", "svg", "g", "path", "text", "title"}
    golden("history_hostile.html", page)
