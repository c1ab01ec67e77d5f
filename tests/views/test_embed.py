"""An embed brings what it uses and no more, and its frame can be as high as it is."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from tests.views.examples import explain, tokens_of
from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.views.embed import (
    HIGHEST,
    Document,
    Frame,
    expected_height,
    frame_code,
    heatmap_embed,
    height,
    notice,
    tokens_embed,
)
from tokimp.views.sheets import digest, lean, used

STORY = "Music from flutes and drums filled the air as stories were shared under the shade of tall oak trees. "


def style_of(document: Document) -> str:
    return re.findall("<style>(.*?)</style>", document.html, re.DOTALL)[0]


def test_rules_that_are_not_used_stay_at_home() -> None:
    style = """
        /* about */ .a > .b, .c { color: #ffffff; }
        .a :is(u, .d) { margin: 0 1px; }
        [title] .a { x: 1 }  i { y: 2 }
        @media (max-width: 30rem) { .c { z: 3; } .b { z: 4; } }
    """
    assert used(style, '<p class="a">') == ".a :is(u,.d){margin:0 1px}i{y:2}"
    assert used(style, '<p class="a" title="t"><b class="b">') == (
        ".a>.b{color:#fff}.a :is(u,.d){margin:0 1px}[title] .a{x:1}i{y:2}@media (max-width:30rem){.b{z:4}}"
    )
    assert used(style, "<p>") == "i{y:2}"


def test_no_rule_is_lost() -> None:
    style = read_asset("explanation.css") + read_asset("embed.css")
    names = " ".join(set(re.findall(r"\.([a-z][\w-]+)", style)))
    everything = f'<p class="{names}" theme="" data-jp-theme-light="" title="" open="">'
    assert used(style, everything) == lean(style)


def test_an_embed_has_its_shades_and_no_others() -> None:
    signed, unsigned = (style_of(tokens_embed(explain(STORY, signed=signed))) for signed in (True, False))
    assert ".tkp10{" in signed
    assert ".tkn10{" in signed
    assert ".tku1{" not in signed
    assert ".tku10{" in unsigned
    assert ".tkp1{" not in unsigned
    assert not re.search(r"\.tk-(table|story|cells|doubt)\b", signed)
    heatmap = heatmap_embed(explain("a b"), np.ones((2, 1)), ["x"])
    assert ".tk-cells" in style_of(heatmap)
    assert ".tk-numbers" not in style_of(heatmap)
    assert heatmap.style == digest(style_of(heatmap))


def test_a_heatmap_is_a_table_of_numbers() -> None:
    explanation = explain("one two", stderr=np.ones(2))
    document = heatmap_embed(explanation, np.array([[1.0, -0.5], [0.0, 0.25]]), [" girl", "\n"])
    page = Markup(document.html)
    cells = [(found["class"], tag) for tag, found in page.tags if tag == "td" and "class" in found]
    assert [name for name, _ in cells] == ["tkp10", "tkn5", "tk0", "tkp2"]
    assert "girl⏎one1−0.5two00.25" in page.text
    assert "dotted" not in page.text


def test_notes_stand_above_the_text() -> None:
    document = tokens_embed(explain(STORY, notes=("of the method",)), Frame(notes=("of the page",)))
    text = Markup(document.html).text
    assert text.index("of the page") < text.index("of the method") < text.index("Music")


def test_a_notice_escapes_what_it_says() -> None:
    page = Markup(notice("<b>", "<script>", Frame(link='"><i>', theme="dark"), refresh=3).html)
    assert not {"script", "b", "i"} & {tag for tag, _ in page.tags}
    assert "<script>" in page.text
    assert page.attributes("http-equiv") == ["refresh"]


def test_a_frame_grows_with_what_is_in_it() -> None:
    explanation = explain(STORY)
    heights = [height(explanation, width) for width in (320, 480, 640, 960)]
    assert heights == sorted(heights, reverse=True)
    longer = explain(STORY * 3, tokens_of(STORY * 3))
    assert height(explanation) < height(longer) <= HIGHEST
    assert height(replace(longer, request=replace(longer.request, text=STORY * 3 + "\n" * 8))) > height(longer)
    assert height(explain(STORY, notes=("A note.",))) > height(explanation)
    assert height(explain(STORY, stderr=np.ones(len(explanation.tokens)))) > height(explanation)
    assert height(explain("x" * 8000)) == HIGHEST


def test_a_heatmap_takes_a_row_for_each_token() -> None:
    three, four = (height(explain(text), heatmap=True) for text in ("a b c", "a b c d"))
    assert four - three == 26


def test_what_is_not_computed_yet_is_as_high_as_its_text() -> None:
    explanation = explain(STORY * 2, tokens_of(STORY * 2))
    request = replace(explanation.request, target=" girl")
    assert abs(expected_height(request) - height(explanation)) <= 34
    assert expected_height(replace(request, text="", target=None)) < expected_height(request)


def test_a_frame_is_html() -> None:
    (_, found), *rest = Markup(frame_code("https://a.example/e/1?view=heatmap&theme=dark", 'a "title"', 200)).tags
    assert rest == []
    assert found["src"] == "https://a.example/e/1?view=heatmap&theme=dark"
    assert (found["title"], found["height"], found["loading"]) == ('a "title"', "200", "lazy")
