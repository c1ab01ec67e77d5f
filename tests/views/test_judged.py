"""What files and embeds of an explanation say of trust: a line, rows and numbers, whatever metrics are called."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import HOSTILE, explain, hostile
from tests.views.markup import Markup
from tests.views.test_files import TEXTS, table_of
from tokimp.score import Chance, Curve, Score
from tokimp.types import Explanation
from tokimp.views.embed import Frame, heatmap_embed, height, tokens_embed
from tokimp.views.files import FORMATS, Look, content
from tokimp.views.judged import COLUMNS, judged_html, judged_line, judged_rows
from tokimp.views.latex import explanation_latex
from tokimp.views.markdown import explanation_markdown
from tokimp.views.sheets import digest

CURVE = Curve((0.0, 0.5, 1.0), (0.9, 0.4, 0.1), (0.6, 0.3, 0.1), (0.8, 0.4, 0.1), (0.9, 0.6, 0.1))
WILD = "</summary><script>alert(1)</script>=1+1|*x*\\"


def score(metric: str, value: float | None, *, higher: bool | None = True, **settings: Any) -> Score:
    known: dict[str, Any] = {"chance": Chance(0.05, 0.1, 0.18, 0.01, 40), "unit": "probability", "removal": "mask"}
    title = metric.replace("_", "-").capitalize()
    return Score(metric=metric, title=title, value=value, higher_is_better=higher, **(known | settings))


def found(taken: float = 0.31, kept: float = 0.02) -> tuple[Score, ...]:
    several = (score("comprehensiveness", taken), score("sufficiency", kept, higher=False))
    return (
        *several,
        score("deletion", 0.25, higher=False, curve=CURVE),
        score("log_odds", None, notes=("None here.",)),
    )


def wild(text: str = WILD) -> tuple[Score, ...]:
    return (replace(score(text, 0.5, removal=text, unit=text, notes=(text,)), title=text), *found())


@pytest.mark.parametrize(
    ("taken", "kept", "line"),
    [
        (0.31, 0.02, "Better than chance: comprehensiveness 0.31 (random 0.05 to 0.18); tokens masked"),
        (0.01, 0.31, "Worse than chance: comprehensiveness 0.01 (random 0.05 to 0.18); tokens masked"),
        (
            0.1,
            0.02,
            "Better than chance: sufficiency 0.02 (random 0.05 to 0.18); "
            "no better than chance: comprehensiveness 0.1 (random 0.05 to 0.18); tokens masked",
        ),
    ],
)
def test_the_line_says_number_band_and_how_tokens_went(taken: float, kept: float, line: str) -> None:
    assert judged_line(found(taken, kept)) == line


def test_the_line_says_no_more_than_is_known() -> None:
    assert judged_line(()) == ""
    assert judged_line([score("comprehensiveness", None)]) == ""
    assert judged_line([score("comprehensiveness", 0.31, chance=None)]) == "Comprehensiveness 0.31; tokens masked"
    assert judged_line([replace(score("soft_ns", 0.5, removal="zeroed"), title="Soft-NS")]) == (
        "Better than chance: Soft-NS 0.5 (random 0.05 to 0.18); tokens zeroed in part"
    )
    assert judged_html([score("comprehensiveness", None)]) == ""


def test_rows_name_how_tokens_were_removed() -> None:
    assert judged_rows(found()) == [
        ("Comprehensiveness (mask)", "0.31 probability", "0.05 to 0.18", "better"),
        ("Sufficiency (mask)", "0.02 probability", "0.05 to 0.18", "better"),
        ("Deletion (mask)", "0.25 probability", "0.05 to 0.18", "worse"),
        ("Log-odds (mask)", "–", "0.05 to 0.18", ""),
    ]


def test_a_page_has_the_numbers_their_bands_and_curves_and_its_style() -> None:
    explanation = explain("a b c")
    page = explanation.to_html(scores=found())
    assert Markup(page).text.count("Better than chance: comprehensiveness 0.31") == 1
    assert page.count('class="tk-metric-row"') == 3
    assert page.count('class="tk-curve"') == 1
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    assert ".tk-metric-row{" in style
    assert digest(style) in page
    assert "tk-trust" not in explanation.to_html()


def test_an_embed_has_a_line_to_be_unfolded_and_room_for_it() -> None:
    explanation = explain("a b c")
    plain, document = tokens_embed(explanation), tokens_embed(explanation, Frame(scores=found()))
    assert "<summary>Better than chance: comprehensiveness 0.31 (random 0.05 to 0.18)" in document.html
    assert "<details open" not in document.html
    assert "tk-trust" not in plain.html
    assert ".tk-metric-row{" in document.html.partition("</style>")[0]
    assert (
        "Better than chance"
        in heatmap_embed(explanation, explanation.scores[:, None], ["x"], Frame(scores=found())).html
    )
    assert height(explanation, scores=found()) == height(explanation)
    assert height(explanation, scores=found(0.1)) > height(explanation)


def test_json_is_still_the_explanation_and_holds_the_scores() -> None:
    explanation = hostile()
    written = content(explanation, ".json", Look(scores=wild())).decode()
    assert Explanation.from_json(written).to_json() == explanation.to_json()
    assert tuple(map(Score.from_fields, json.loads(written)["metrics"])) == wild()
    assert content(explanation, ".json").decode() == explanation.to_json()


def test_csv_has_each_number_with_the_ends_of_its_band() -> None:
    text = content(explain("a b"), ".csv", Look(scores=(*wild()[:1], *found()))).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for row in rows:
        ends = [row[f"comprehensiveness_mask{end}"] for end in ("", "_low", "_high")]
        assert ends == ["0.31", "0.05", "0.18"]
        assert row["log_odds_mask"] == ""
    assert not any(name.startswith(("=", "+", "-", "@")) for name in rows[0])


def test_markdown_has_a_table_of_them() -> None:
    table = table_of(explanation_markdown(explain("a b"), scores=found()))
    assert table[-5] == list(COLUMNS)
    assert table[-4] == ["Comprehensiveness (mask)", "0.31 probability", "0.05 to 0.18", "better"]


@given(TEXTS)
def test_markdown_and_latex_take_any_name_as_text(name: str) -> None:
    explanation = explain("a b")
    page = explanation_markdown(explanation, scores=wild(name))
    plain = re.sub(r"^```text\n.*?\n```$", "", page, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)[`_\[\]{}$~#@]|<|www\.|://", plain.replace("**", ""))
    tex = explanation_latex(explanation, scores=wild(name))
    bare = re.sub(r"\\[\\{}$&#%_,^]", "", tex)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    known = set(re.findall(r"\\([A-Za-z]+)", explanation_latex(explain("\\{}$&#%_^~|`<>\"' \n\t\n−"))))
    known |= {"DeclareUnicodeCharacter", "tiny", "fbox", "fboxsep", "textsuperscript", "cdot", "pm", "times"}
    assert set(re.findall(r"\\([A-Za-z]+)", tex)) <= known | {"hookleftarrow", "scriptsize", "allowbreak", "smallskip"}


@pytest.mark.parametrize("suffix", [".html", ".md", ".tex", ".csv", ".json"])
@given(text=st.one_of(TEXTS, st.just(HOSTILE), st.just(WILD)))
def test_every_file_in_words_can_be_written(suffix: str, text: str) -> None:
    assert content(explain("a b"), suffix, Look(scores=wild(text)))


def test_no_tag_comes_from_a_name() -> None:
    for page in (hostile().to_html(scores=wild()), tokens_embed(hostile(), Frame(scores=wild())).html):
        assert "script" not in {tag for tag, _ in Markup(page).tags}
        assert WILD in Markup(page).text


def test_pictures_are_as_without() -> None:
    for suffix in (".svg", ".png"):
        assert suffix in FORMATS
        assert content(explain("a b"), suffix, Look(scores=found())) == content(explain("a b"), suffix)
