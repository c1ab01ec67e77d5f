"""Methods on one text: lines, agreement, tables and sentences, with hostile tokens and without anything."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from tests.views.compare.made import TEXT, by, hostile_methods, methods
from tests.views.examples import HOSTILE, tokens_of
from tests.views.inside.trees import check_drawing, nodes, texts, titles
from tests.views.markup import Markup
from tokimp.compare.agreement import compared
from tokimp.views.characters import drawable
from tokimp.views.compare.lines import lines_html, lines_payload
from tokimp.views.compare.matrix import MEASURES, matrix_figure, matrix_html, matrix_payload, note
from tokimp.views.compare.metrics import chance_sentence, tables_html, tables_payload
from tokimp.views.compare.page import methods_body, methods_fragment, methods_page
from tokimp.views.compare.sentences import consensus_sentence, inside_sentence, odds_sentence, sentences
from tokimp.views.drawing import markup


def test_one_line_a_method_and_one_for_all_together() -> None:
    lines = lines_payload(methods())
    assert [line["method"] for line in lines] == ["", "attention", "occlusion", "lime"]
    assert lines[0]["name"] == "all together"
    buckets = [[item["bucket"] for item in line["view"]["tokens"]["items"]] for line in lines]
    assert buckets[2] == ["tk0", "tkp10", "tkn6", "tkp4", "tkp2"]
    assert all(name.startswith(("tku", "tk0")) for name in buckets[0])
    json.dumps(lines, allow_nan=False)


def test_every_line_is_what_was_typed() -> None:
    page = Markup(lines_html(hostile_methods()))
    assert page.typed.count(drawable(HOSTILE)) == 3
    assert "script" not in {tag for tag, _ in page.tags}


def test_the_matrix_says_every_number() -> None:
    agreement = methods().agreement
    for measure in MEASURES:
        figure = matrix_figure(agreement, measure)
        check_drawing(figure)
        assert len(nodes(figure, "rect")) >= 9
    figure = matrix_figure(agreement)
    assert "Occlusion and LIME: 1.00" in titles(figure)
    assert f"Attention and Occlusion: {agreement.between('attention', 'occlusion'):.2f}".replace("-", "−") in titles(
        figure
    )
    assert [each[1]["data-index"] for each in nodes(figure, "rect") if "data-index" in each[1]] == list(range(9))
    assert note(agreement) == (
        "Scores are compared with their signs, but by size in pairs with Attention; overlap by size."
    )
    json.dumps(matrix_payload(agreement), allow_nan=False)


def test_what_has_no_correlation_has_no_colour() -> None:
    made = compared(TEXT, tokens_of(TEXT), [by("occlusion", [0.0] * 5), by("lime", [1, 2, 3, 4, 5])])
    figure = matrix_figure(made.agreement)
    assert "Occlusion and LIME: –" in titles(figure)
    assert "Scores are compared with their signs, overlap by size." == note(made.agreement)  # noqa: SIM300


def test_the_best_by_a_metric_stands_first() -> None:
    (table,) = tables_payload(methods())
    assert table["title"] == "Comprehensiveness (mask)"
    assert [row["token"] for row in table["rows"]] == ["Occlusion", "Attention", "LIME"]
    assert [row["verdict"] for row in table["rows"]] == ["better", "no better", "worse"]
    assert table["rows"][0]["bar"] == {"class": "tk-bar tku8", "score": [0.0, 100.0], "error": [20.0, 40.0]}
    assert table["rows"][0]["chance"] == "0.1 … 0.3"
    assert table["note"].startswith(
        "Higher is better. Better than chance: Occlusion. No better than chance: Attention."
    )
    assert chance_sentence(methods(), "no such") == ""
    shown = {key for key, _ in table["columns"]}
    assert {"rank", "token", "bar", "number", "chance", "verdict", "evaluations", "seconds"} == shown
    assert all(shown <= set(row) for row in table["rows"])


def test_values_that_are_missing_stand_last() -> None:
    tables = tables_payload(hostile_methods())
    assert [table["metric"] for table in tables] == ["comprehensiveness", "<b>"]
    assert tables[1]["rows"][0]["number"] == "–"
    assert tables[1]["rows"][0]["verdict"] == ""
    json.dumps(tables, allow_nan=False)
    page = Markup(tables_html(hostile_methods()))
    assert {tag for tag, _ in page.tags} <= {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect"}


def test_without_metrics_there_is_what_it_cost() -> None:
    made = compared(TEXT, tokens_of(TEXT), [by("occlusion", [1, 2, 3, 4, 5])])
    (table,) = tables_payload(made)
    assert [row["evaluations"] for row in table["rows"]] == [410]
    assert "410" in tables_html(made)
    assert tables_payload(compared(TEXT, tokens_of(TEXT), [])) == []


def test_sentences_hold_their_numbers() -> None:
    made = methods()
    assert odds_sentence(made) == (
        "Methods disagree most on “a” (rank 1 by Attention, 5 by Occlusion; spread 1.89) and “ b” (rank 1 by "
        "Occlusion, 5 by Attention; spread 1.89), of 5 tokens."
    )
    assert consensus_sentence(made) == (
        "All methods together give most to “ b” (28\u202f%; 2 of 2 with signs say it pushes towards), “ c” "
        "(28\u202f%; 2 of 2 with signs say it pushes away) and “ d” "
        "(18\u202f%; 2 of 2 with signs say it pushes towards)."
    )
    inside = inside_sentence(made)
    assert "(Attention)" in inside
    assert "(Occlusion and LIME; 1.00 among themselves)" in inside
    assert sentences(made)[-1] == "Saliency is left out: Saliency <needs> gradients."


def test_little_has_little_to_say() -> None:
    nothing = compared(TEXT, tokens_of(TEXT), [])
    assert sentences(nothing) == []
    one = compared(TEXT, tokens_of(TEXT), [by("occlusion", [1, 0, 0, 0, 0])])
    assert len(sentences(one)) == 1
    for made in (nothing, one):
        Markup(methods_body(made))


def test_pages_hold(golden: Callable[[str, str], None]) -> None:
    made = hostile_methods()
    body = methods_body(made)
    assert {tag for tag, _ in Markup(body).tags} & {"script", "i", "style"} == set()
    assert "http" not in body
    page = methods_page(made)
    assert page.count("<script") == 0
    assert "tk-compared" in page
    assert "<style>" in methods_fragment(made)
    golden("compare_methods_hostile.html", body)
    golden("compare_matrix.html", markup(matrix_figure(methods().agreement)))
    golden("compare_tables.html", tables_html(methods()))


def test_the_matrix_scrolls_by_itself() -> None:
    assert 'class="tk-wide" tabindex="0"' in matrix_html(methods().agreement)
    assert np.isfinite(methods().agreement.overlap).all()
    assert "Occlusion" in texts(matrix_figure(methods().agreement, "overlap"), "tk-axis")
