"""The drawing of an explanation: valid, self-contained, and the same in every font."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import explain, hostile
from tokimp.errors import OptionError
from tokimp.views.picture import WIDTH
from tokimp.views.shades import mixed, shades
from tokimp.views.svg import explanation_svg

SPACE = "{http://www.w3.org/2000/svg}"
LINK = "https://example.org/?r=1a_b-c"


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def fills(svg: str) -> set[str]:
    return {each.attrib["fill"] for each in tree(svg).iter() if "fill" in each.attrib}


def grounds(svg: str) -> list[str]:
    return [each.attrib["fill"] for each in tree(svg).iter(f"{SPACE}rect") if each.attrib["width"] == str(WIDTH)]


def titles(svg: str) -> list[str]:
    return [group.findtext(f"{SPACE}title", "") for group in tree(svg).iterfind(f"{SPACE}g/{SPACE}g")]


def test_it_holds_nothing_but_shapes_letters_and_titles() -> None:
    drawn = tree(explanation_svg(hostile(notes=("<i>note</i>",)), link=LINK))
    assert {each.tag.removeprefix(SPACE) for each in drawn.iter()} == {"svg", "title", "rect", "text", "g", "a"}
    names = {name for each in drawn.iter() for name in each.attrib}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "src"}
    assert [each.attrib["href"] for each in drawn.iter() if "href" in each.attrib] == [LINK]


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_makes_valid_xml(text: str) -> None:
    assert tree(explanation_svg(explain(text))).tag == f"{SPACE}svg"


def test_letters_are_held_in_the_width_that_was_left_for_them() -> None:
    for text in tree(explanation_svg(hostile(), link=LINK)).iter(f"{SPACE}text"):
        assert float(text.attrib["textLength"]) > 0
        assert text.attrib["lengthAdjust"] == "spacingAndGlyphs"


def test_numbers_are_in_the_titles() -> None:
    svg = explanation_svg(explain("a\tb", scores=[2.0, -0.5, 0.125], stderr=[0.25, 0.0, 0.5]))
    assert titles(svg) == [
        "“a”, 2.00 ± 0.25, pushes towards, rank 1 of 3 · 76\u202f% of all",
        "“⇥”, −0.5 ± 0, pushes away, rank 2 of 3 · 19\u202f% of all",
        "“b”, 0.12 ± 0.50, not distinguishable from 0, rank 3 of 3 · 4.8\u202f% of all",
    ]


def test_it_says_what_was_asked_of_whom() -> None:
    explanation = explain("a b", target={"contrast": 7, "contrast_label": " boy"}, notes=("Mind this.",))
    drawn = tree(explanation_svg(explanation, link=LINK))
    said = " ".join(drawn.itertext())
    for part in ("Why “ girl” rather than “ boy”?", "smollm2-135m", "integrated gradients", "Mind this.", LINK):
        assert part in said
    assert drawn.findtext(f"{SPACE}title") == "Why “ girl” rather than “ boy”? smollm2-135m, integrated gradients."


def test_the_largest_score_has_the_full_colour_and_one_that_may_be_nothing_half() -> None:
    svg = explanation_svg(explain("a\tb", scores=[2.0, 0.0, 1.0], stderr=[0.0, 0.0, 1.0]))
    light = shades()
    assert light.ground["tkp10"] in fills(svg)
    assert mixed(light.ground["tkp5"], light.paper, 0.45) in fills(svg)
    assert len(list(tree(svg).iter(f"{SPACE}path"))) == 1


def test_light_dark_and_transparent() -> None:
    explanation = explain("a\tb", scores=[2.0, 0.0, 1.0])
    light, dark, clear = (explanation_svg(explanation, **look) for look in ({}, {"dark": True}, {"transparent": True}))
    assert [grounds(light), grounds(dark), grounds(clear)] == [[shades().paper], [shades(dark=True).paper], []]
    assert not set(shades().ground.values()) & fills(dark)


def test_unsigned_scores_have_their_own_scale() -> None:
    svg = explanation_svg(explain("a\tb", scores=[2.0, 0.0, 1.0], signed=False))
    assert "how much" in " ".join(tree(svg).itertext())
    assert shades().ground["tku10"] in fills(svg)
    assert shades().ground["tkp10"] not in fills(svg)


def test_everything_stays_within_the_drawing() -> None:
    drawn = tree(explanation_svg(explain("word " * 300 + "x" * 500), link=LINK + "9" * 900))
    height = float(drawn.attrib["height"])
    for rect in drawn.iter(f"{SPACE}rect"):
        place = {name: float(rect.get(name, 0)) for name in ("x", "y", "width", "height")}
        assert place["x"] + place["width"] <= WIDTH
        assert place["y"] + place["height"] <= height
    centred = set(drawn.iterfind(f"{SPACE}g//{SPACE}text"))
    for text in drawn.iter(f"{SPACE}text"):
        anchor = 0.5 if text in centred else 0.0
        left = float(text.attrib["x"]) - anchor * float(text.attrib["textLength"])
        assert left >= 23
        assert left + float(text.attrib["textLength"]) <= WIDTH - 23
        assert float(text.attrib["y"]) < height


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "https://a b", 'https://a"onload=', "", "x"]
)
def test_what_is_no_web_address_is_no_link(link: str) -> None:
    with pytest.raises(OptionError, match="https://"):
        explanation_svg(explain("a"), link=link)


def test_golden_svg(golden: Callable[[str, str], None]) -> None:
    text = "He <b> שלום 12 naïve"
    golden("explanation.svg.html", explanation_svg(explain(text, stderr=np.full(10, 0.4)), link=LINK))
