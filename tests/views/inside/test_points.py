"""Hidden states as points: tokens at a layer, ways through the layers, several texts, similarity."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from tests.views.inside.trees import HOSTILE, check_drawing, nodes, texts, titles
from tokimp.internals.hidden_states import far_out
from tokimp.views.drawing import markup
from tokimp.views.inside.axes import Axis, apart
from tokimp.views.inside.labels import MOST, Spot, placed
from tokimp.views.inside.points import Group, similarity_figure, tokens_figure, ways_figure
from tokimp.views.letters import estimated_width

RANDOM = np.random.default_rng(0)


def group(count: int, name: str = "a text") -> Group:
    return Group(name, RANDOM.normal(size=(count, 2)), [f" t{place}" for place in range(count)])


def test_points_stand_where_they_are_and_axes_say_their_share() -> None:
    square = Group("", np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), [" a", " b", " c"])
    figure = tokens_figure([square], (0.613, 0.2), "Tokens after layer 3", selected=1)
    a, b, c = (dot[1] for dot in nodes(figure, "circle"))
    assert a["cx"] == c["cx"] < b["cx"]
    assert a["cy"] == b["cy"] > c["cy"]  # upwards is more
    assert b["class"] == "tks1 tk-picked"
    assert (b["data-kind"], b["data-index"]) == ("token", 1)
    assert {"first component, 61\u202f% of the variance", "second component, 20\u202f% of the variance"} <= set(
        texts(figure)
    )
    assert titles(figure) == ["“ a”, token 0", "“ b”, token 1", "“ c”, token 2"]


def test_points_keep_their_positions_where_tokens_are_left_out() -> None:
    found = Group("", np.eye(2), [" b", " c"], places=[1, 4])
    figure = tokens_figure([found], (0.5, 0.5), "Tokens")
    assert [dot[1]["data-index"] for dot in nodes(figure, "circle")] == [1, 4]
    assert titles(figure)[1] == "“ c”, token 4"


def test_texts_differ_by_colour_and_shape_and_are_named() -> None:
    figure = tokens_figure([group(3, "river"), group(3, "money"), group(3, "third")], (0.5, 0.3), "Tokens of 3 texts")
    assert {"river", "money", "third"} <= set(texts(figure, "tk-axis"))
    assert len(nodes(figure, "circle", "tks1")) == 4  # one of them in the legend
    second, third = nodes(figure, "path", "tks2"), nodes(figure, "path", "tks3")
    assert (len(second), len(third)) == (4, 4)
    assert second[0][1]["d"].count("L") == 3
    assert third[0][1]["d"].count("L") == 2
    assert "“ t0”, token 0, money" in titles(figure)


def test_a_way_joins_its_layers_and_names_its_ends() -> None:
    way = Group(
        "“ bank”", np.column_stack([np.arange(9.0), np.arange(9.0) ** 2]), [f"layer {each}" for each in range(9)]
    )
    figure = ways_figure([way], (0.9, 0.1), "“ bank” through the layers", layer=4)
    (line,) = nodes(figure, "path", "tk-way")
    assert line[1]["d"].count("L") == 8
    assert {"0", "4", "8"} <= set(texts(figure, "tk-heading"))
    assert "“ bank”, layer 4" in titles(figure)
    assert nodes(figure, "circle", "tk-picked")[0][1]["data-index"] == 4


def test_similarity_lines_say_their_numbers_and_end_at_their_names() -> None:
    lines = np.array([[1.0, -0.5], [0.5, -0.504]])
    figure = similarity_figure(lines, [(" a", " b"), (" a", " c")])
    assert {"a · b", "a · c"} == set(texts(figure, "tk-name"))
    assert "“ a” and “ c”, layer 1: −0.50" in titles(figure)
    check_drawing(figure)


def boxes(drawn: list[tuple[str, dict[str, float], str]]) -> list[tuple[float, float, float, float]]:
    found = []
    for _, facts, name in drawn:
        wide = estimated_width(name, 13)
        left = facts["x"] - {"start": 0.0, "middle": wide / 2, "end": wide}[str(facts.get("text-anchor", "start"))]
        found.append((left, facts["y"] - 10, left + wide, facts["y"] + 3))
    return found


@pytest.mark.parametrize("count", [2, 30, 300])
def test_names_stand_on_no_other_name_and_on_no_point(count: int) -> None:
    spots = [Spot(f"name{place}", *RANDOM.uniform(20, 380, 2), away=7.0) for place in range(count)]
    drawn = boxes(placed(spots, (0, 0, 440, 400)))  # type: ignore[arg-type]
    assert 2 <= len(drawn) <= MOST
    for one, other in combinations(drawn, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for left, top, right, bottom in drawn:
        assert not [spot for spot in spots if left < spot.x < right and top < spot.y < bottom]
        assert 0 <= left <= right <= 440


def test_first_names_come_first() -> None:
    crowd = [Spot(f"n{place}", 100 + place, 100, 7.0, first=place == 3) for place in range(6)]
    assert "n3" in [each[2] for each in placed(crowd, (0, 0, 300, 300))]


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis(0, 1, 0, 100), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis(-7, 13, 0, 100), [-5, 0, 5, 10]),
        (Axis(1, 49152, 0, 100, log=True), [1, 10, 100, 1000, 10000]),
        (Axis(3, 3, 0, 100), [3]),
    ],
)
def test_ticks_are_round(axis: Axis, ticks: list[float]) -> None:
    assert axis.ticks() == pytest.approx(ticks)


def test_axes_map_ends_to_ends() -> None:
    assert [Axis(2, 4, 10, 110).at(value) for value in (2, 3, 4)] == [10, 60, 110]
    assert Axis(1, 100, 0, 50, log=True).at(10) == pytest.approx(25)
    assert Axis(1, 1, 0, 50).at(1) == 25


def test_lines_move_apart_and_stay_in_order() -> None:
    assert apart([50, 50, 52, 10], 0, 100, 15) == [50, 65, 80, 10]
    assert apart([98, 99], 0, 100, 15) == [85, 100]


def test_one_huge_state_is_found_by_its_size() -> None:
    states = RANDOM.normal(size=(12, 8))
    assert far_out(states) == []
    states[[0, 5]] *= 100
    assert far_out(states) == [0, 5]


def test_drawings_hold(golden: Callable[[str, str], None]) -> None:
    count = len(HOSTILE)
    points = np.column_stack([np.arange(count), np.arange(count) ** 2 % 5.0])
    hostile = [Group("<b>one</b>", points, HOSTILE), Group("${two}", points + 0.5, HOSTILE)]
    figure = tokens_figure(hostile, (0.5, 0.25), "Tokens of 2 texts", selected=0)
    check_drawing(figure)
    check_drawing(ways_figure(hostile, (0.5, 0.25), "Ways"))
    check_drawing(tokens_figure([Group("", np.zeros((2, 2)), [" a", " a"])], (0.0, 0.0), "All the same"))
    check_drawing(similarity_figure(np.ones((1, 9)), list(zip(HOSTILE, HOSTILE, strict=True))))
    golden("points.html", markup(figure))
