"""Prompts side by side: aligned cells, answers, keywords, tables and files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.views.compare.made import by, hostile_methods, hostile_prompts, methods, prompts
from tests.views.examples import HOSTILE, tokens_of
from tests.views.inside.trees import check_drawing, nodes, texts, titles
from tests.views.markup import Markup
from tokimp.compare.agreement import compared
from tokimp.comparison import Comparison
from tokimp.errors import OptionError
from tokimp.prompt_comparison import Alignment, PromptComparison
from tokimp.views.compare.answers import answers_figure, answers_payload, answers_sentence, told_apart
from tokimp.views.compare.cells import width_of
from tokimp.views.compare.columns import columns_figure, columns_html, columns_payload, drawn_columns
from tokimp.views.compare.keywords import BY, keyword_sentences, keywords_figure, keywords_payload
from tokimp.views.compare.page import content, prompts_body, prompts_page
from tokimp.views.compare.sheet import methods_csv, prompts_csv
from tokimp.views.drawing import markup

TEXTS = ["a c", "a b c", "a b c", "a b c", "a b b c"]
NOTHING = PromptComparison((), {}, (), Alignment(np.zeros((0, 0), dtype=np.int64)))


def cells(table: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table, newline="")))


def test_tokens_stand_in_their_columns_and_gaps_are_dashes() -> None:
    figure = columns_figure(prompts(TEXTS, []))
    assert figure is not None
    check_drawing(figure)
    assert texts(figure, "tk-axis").count("–") == 2 + 3
    assert "prompt 1, “a”: 1" in titles(figure)
    assert "prompt 1, “ c”: −2" in titles(figure)
    picked = [each[1]["data-index"] for each in nodes(figure, "rect") if "data-index" in each[1]]
    assert sorted(set(picked)) == [0, 1, 2, 3, 4]
    json.dumps(columns_payload(prompts(TEXTS, [])), allow_nan=False)


def test_one_scale_for_all_prompts_without_special_tokens() -> None:
    one = by("occlusion", [2.0, 4.0, 0, 0, 0])
    assert compared("", one.tokens, [one]).consensus.sum() == pytest.approx(1.0)
    made = prompts(["a", "a b c d"], [])
    figure = columns_figure(made)
    assert figure is not None
    shades = {each[2][0][2]: each[1]["class"] for each in nodes(figure, "g") if each[2][0][2].startswith("prompt")}
    assert shades["prompt 1, “a”: 1"] == "tkp2"  # 1 of 4, and a half is even
    assert shades["prompt 2, “ d”: −4"] == "tkn10"


def test_long_prompts_keep_the_columns_with_the_largest_scores() -> None:
    values = np.zeros((100, 100))
    values[3, 70], values[4, 20] = 5.0, -6.0
    kept = drawn_columns(values)
    assert len(kept) == 60
    assert {20, 70} <= set(kept)
    assert kept == sorted(kept)
    assert drawn_columns(values[:2]) == list(range(100))


def test_answers_are_bars_and_another_answer_is_orange() -> None:
    made = prompts(TEXTS, [])
    figure = answers_figure(made)
    assert figure is not None
    check_drawing(figure)
    bars = nodes(figure, "rect")
    assert [bar[1]["class"] for bar in bars] == ["tks1"] * 4 + ["tks2"]
    assert bars[0][1]["width"] == pytest.approx(9 * bars[4][1]["width"], rel=0.01)
    narrow = "\u202f"
    assert answers_sentence(made) == (
        f"Probability of “ girl”: median 90{narrow}%, 10{narrow}% to 90{narrow}%; prompt 5 stands out."
    )


def test_keywords_are_lines_with_squares_where_they_stand_out() -> None:
    made = prompts(["x a", "x a", "x a", "x a", "x b b b b a"], ["a", "zebra"])
    for by_what in BY:
        figure = keywords_figure(made, "occlusion", by_what)
        assert figure is not None
        check_drawing(figure)
    figure = keywords_figure(made, "occlusion")
    assert figure is not None
    squares = [each[1]["data-index"] for each in nodes(figure, "rect", "tk-picked")]
    assert squares == [4]
    assert keyword_sentences(made, "occlusion")[1] == "“zebra” is in no prompt."
    assert keyword_sentences(made, "occlusion")[0].endswith("prompt 5 stands out.")
    assert keywords_figure(prompts(TEXTS, ["zebra"]), "occlusion") is None


def test_a_line_breaks_where_a_prompt_has_no_such_word() -> None:
    made = prompts(["x a", "x a", "x", "x a", "x a"], ["a"])
    figure = keywords_figure(made, "occlusion")
    assert figure is not None
    assert len(nodes(figure, "path", "tk-line")) == 2
    assert len(nodes(figure, "circle", "tks1")) == 1 + 4  # one is the legend's


def test_without_prompts_there_is_nothing_to_draw() -> None:
    assert (columns_payload(NOTHING), answers_payload(NOTHING), keywords_payload(NOTHING)) == (None, None, [])
    assert columns_html(NOTHING) == ""
    Markup(prompts_body(NOTHING))
    assert cells(prompts_csv(NOTHING))[0][0] == "prompt"


def test_names_of_prompts_fit_and_begin_where_they_differ() -> None:
    alike = [f"The quick brown fox jumps over the {each} dog once more" for each in ("lazy", "sleeping")]
    assert told_apart(alike, 130.0) == ["…lazy dog once…", "…sleeping dog on…"]
    assert told_apart(["The lazy dog", "The dog"], 130.0) == ["The lazy dog", "The dog"]
    assert told_apart(["W" * 40], 130.0)[0].endswith("W…")
    assert all(width_of(each) <= 130 for each in told_apart(["W" * 40, "i" * 90, *alike], 130.0))
    assert told_apart([], 130.0) == []


def test_hostile_prompts_stay_text(golden: Callable[[str, str], None]) -> None:
    made = hostile_prompts()
    body = prompts_body(made)
    allowed = {"section", "h2", "p", "div", "svg", "g", "rect", "circle", "path", "text", "title"}
    assert {tag for tag, _ in Markup(body).tags} <= allowed
    for figure in (columns_figure(made), answers_figure(made), keywords_figure(made, "occlusion")):
        assert figure is not None
        check_drawing(figure)
    assert "<script" not in prompts_page(made)
    golden("compare_prompts_hostile.html", body)
    golden("compare_keywords.html", markup(keywords_figure(prompts(TEXTS, ["a", "c"]), "occlusion") or ("g", {}, "")))


def test_tables_hold_every_token_and_no_formula() -> None:
    made = hostile_prompts()
    rows = cells(made.to_csv())
    assert len(rows) == 1 + sum(len(each.tokens) for each in made.explanations)
    assert {row[-1] for row in rows if row[0] == "4"} == {"'=1+1"}
    keywords = cells(made.to_csv("keywords"))
    assert ["'=1+1", "occlusion", "4"] in [row[:3] for row in keywords]
    answers = cells(made.to_csv("answers"))
    assert [row[0] for row in answers[1:]] == ["1", "2", "3", "4", "5"]
    assert all(not cell.startswith(("=", "+", "@")) for row in rows + keywords + answers for cell in row)
    with pytest.raises(OptionError, match="no table"):
        prompts_csv(made, "no such")  # type: ignore[arg-type]


def test_numbers_of_the_table_are_those_of_the_comparison() -> None:
    made = methods()
    rows = list(csv.DictReader(io.StringIO(methods_csv(made), newline="")))
    assert [float(row["score"]) for row in rows if row["method"] == "lime"] == [0, 4, -3, 2, 1.5]
    assert [float(row["rank"]) for row in rows[:5]] == made.ranks[0].tolist()
    assert [float(row["consensus"]) for row in rows[:5]] == made.consensus.tolist()
    special = next(csv.DictReader(io.StringIO(methods_csv(hostile_methods()), newline="")))
    assert (special["token"], special["rank"], special["consensus"]) == ("[CLS]", "", "")


@pytest.mark.parametrize("made", [methods(), hostile_methods(), prompts(TEXTS, ["a"]), hostile_prompts()])
def test_files_are_chosen_by_their_suffix(made: Comparison | PromptComparison, tmp_path: Path) -> None:
    for suffix in (".html", ".csv", ".json", ".JSON"):
        made.save(tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == content(made, suffix)
    again = type(made).from_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert again.to_json() == made.to_json()
    assert again.to_html() == made.to_html()
    with pytest.raises(OptionError, match="no format"):
        made.save(tmp_path / "a.docx")
    assert made._repr_html_().startswith("<style>")


def test_emoji_and_parts_of_characters_have_a_cell() -> None:
    made = prompts(["hi 👩 you", "hi you", HOSTILE], ["👩"])
    figure = columns_figure(made)
    assert figure is not None
    check_drawing(figure)
    assert len(tokens_of("hi 👩 you")) == 6
    assert keyword_sentences(made, "occlusion")[0].startswith("“👩” in")
