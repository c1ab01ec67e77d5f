"""The ranked table and what both sides add up to."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.views.examples import explain, hostile
from tests.views.markup import Markup
from tokimp.types import Token
from tokimp.views.table import ranked_rows, table_html, table_payload, totals

SCORES = [0.5, -2.0, 0.0, 1.0]


def test_rows_go_from_large_to_small() -> None:
    rows = ranked_rows(explain("a b c d", scores=SCORES))
    assert [(row["rank"], row["position"], row["token"], row["effect"]) for row in rows] == [
        (1, 2, " b", "hurts"),
        (2, 4, " d", "helps"),
        (3, 1, "a", "helps"),
        (4, 3, " c", ""),
    ]


def test_ties_keep_the_order_of_the_text() -> None:
    assert [row["position"] for row in ranked_rows(explain("a b c", scores=[1, -1, 1]))] == [1, 2, 3]


def test_totals_of_both_sides_make_the_sum() -> None:
    sums = totals(explain("a b c d", scores=SCORES))
    assert sums == {"helps": 1.5, "hurts": -2.0, "sum": -0.5}


def test_the_payload_shows_errors_where_there_are_any() -> None:
    plain = table_payload(explain("a b", scores=[1, 2]))
    sampled = table_payload(explain("a b", scores=[1, 2], stderr=[0.1, 0.2]))
    assert ("number", "score") in plain["columns"]
    assert ("error", "± error") in sampled["columns"]
    assert "error" not in dict(plain["columns"])
    shown = [(row["number"], row["error"]) for row in sampled["rows"]]
    assert shown == [("2.00", "± 0.20"), ("1.00", "± 0.10")]
    assert "standard error" in sampled["note"]
    assert plain["note"] == ""
    assert sampled["totals"] == [["all that helps", "3"], ["all that hurts", "0"], ["together", "3"]]
    json.dumps(sampled, allow_nan=False)


def test_a_bar_has_its_error_and_the_longest_line_fills_its_side() -> None:
    sampled = table_payload(explain("a b c", scores=[-3.0, 1.0, 0.5], stderr=[0.5, 0.25, 0.0]))
    bars = [row["bar"] for row in sampled["rows"]]
    assert [bar["class"] for bar in bars] == ["tk-bar tkn8", "tk-bar tkp8", "tk-bar tkp8"]
    assert (bars[0]["score"], bars[0]["error"]) == ([12.5, 37.5], [0.0, 25.0])
    assert (bars[1]["score"], bars[1]["error"]) == ([50.0, 12.5], [56.2, 12.5])
    assert bars[2]["error"] is None


def test_an_unsigned_bar_begins_at_the_edge() -> None:
    bars = [row["bar"] for row in table_payload(explain("a b", scores=[2, 1], signed=False))["rows"]]
    assert [(bar["class"], bar["score"]) for bar in bars] == [("tk-bar tku8", [0, 100]), ("tk-bar tku8", [0, 50])]
    within = table_payload(explain("a", scores=[1], stderr=[1.0], signed=False))["rows"][0]["bar"]
    assert within["error"] == [0.0, 100.0]


def test_what_may_be_nothing_takes_no_side() -> None:
    rows = ranked_rows(explain("a b c", scores=[-1.0, 0.4, 0.0], stderr=[0.5, 0.21, 0.0]))
    assert [(row["maybe"], row["effect"]) for row in rows] == [(False, "hurts"), (True, ""), (False, "")]
    page = table_html(explain("a b", scores=[1.0, 0.4], stderr=[0.5, 0.21]))
    assert page.count("tk-maybe") == 1


def test_an_unsigned_table_takes_no_side() -> None:
    page = Markup(table_html(explain("a b", scores=[1, 2], signed=False)))
    assert "helps" not in page.text
    assert "all together3" in page.text


def test_tokens_that_would_not_show_are_named() -> None:
    text = "\n\u202e👩"
    tokens = [Token("\n", 1, 0, 1), Token("\u202e", 2, 1, 2), Token("👩", 3, 2, 3), Token("", 4, 2, 3)]
    assert [row["token"] for row in ranked_rows(explain(text, tokens, [4, 3, 2, 1]))] == [
        "⏎", "U+202E", "👩", "(part)",
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [0, 1, 3, 4, 9])
def test_a_cut_table_still_adds_up(limit: int) -> None:
    page = Markup(table_html(explain("a b c d", scores=SCORES), limit))
    rows = [tag for tag, _ in page.tags].count("tr")
    assert rows == 1 + min(limit, 4) + (limit < 4) + 3
    assert ("1 more0" in page.text) == (limit == 3)
    assert "together−0.5" in page.text


def test_golden_table(golden: Callable[[str, str], None]) -> None:
    golden("table_hostile.html", table_html(hostile()))
    golden("table_errors.html", table_html(hostile(stderr=np.full(len(hostile().tokens), 0.4)), 12))
