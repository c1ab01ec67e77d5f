"""The drawer: a headline, sentences and their numbers; whatever stands in a token stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.views.inside.trees import every, nodes
from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.reasons import Number, Reason, Reasons
from tokimp.views.why.drawer import TITLES, numbers_tree, reasons_html, shown_number
from tokimp.views.why.table import COLUMNS, reasons_csv, reasons_page
from tokimp.views.why.tree import drawer_payload

HOSTILE = ["<script>alert(1)</script>", "${7*7}", "{{x}}", "\\n\"'", "שלום", "a\x00b\u202e", "👩‍👩‍👧"]


def reasons(name: str = "bad", *, finished: bool = True) -> Reasons:
    token = (f"“{name}”", "strong")
    numbers = (
        Number("probability", 0.83, None, "probability"),
        Number(f"with “{name}”, probability", 0.25, None, "probability"),
        Number("effect when masked", 1.5, None, "logits"),
        Number("effect when deleted", -0.5, 0.25, "logits"),
        Number("rank", 2.0, None, "rank"),
    )
    told = (
        Reason("token", (token, (" got −0.33, rank 2 of 8.", "")), (Number("score", -0.33, None, "logits"),)),
        Reason("without", (("Without ", ""), token, (", the model would say negative.", "")), numbers, ("A limit.",)),
        Reason("sink", (("This model shows no attention.", ""),)),
    )
    headline = (("A real effect: ", "strong"), ("the removal of ", ""), token, (" changes much.", ""))
    return Reasons(5, name, headline, told, False, finished, 604, 5.5)


def test_drawer_golden(golden: Callable[[str, str], None]) -> None:
    golden("why.html", reasons_html(reasons()))


def test_hostile_drawer_golden(golden: Callable[[str, str], None]) -> None:
    golden("why_hostile.html", reasons_html(reasons(" ".join(HOSTILE)), unfolded=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_stands_in_a_token_stays_text(name: str) -> None:
    page = Markup(reasons(name)._repr_html_())
    tags = {tag for tag, _ in page.tags}
    assert tags <= {
        "style", "section", "p", "details", "summary", "strong", "span", "div", "svg", "path", "rect", "title"
    }  # fmt: skip
    shown = name.replace("\x00", "␀")
    assert shown in page.text
    json.dumps(drawer_payload(reasons(name)), allow_nan=False)


def test_elements_other_than_known_ones_are_not_made() -> None:
    told = Reason("token", (("text", "script onload=x"),))
    assert "<strong>text</strong>" in reasons_html(Reasons(0, "a", (("b", ""),), (told,)))


def test_the_browser_draws_the_same_sentences_and_numbers() -> None:
    drawn = drawer_payload(reasons(), "12 %")
    assert drawn is not None
    known = set(re.findall(r'"([a-zA-Z-]+)"', re.sub(r"[^=]*= \[", "[", read_asset("drawing.js"), count=1)))
    for each in every(drawn["tree"]):
        assert {each[0], *each[1]} <= known
    folds = nodes(drawn["tree"], "details")
    assert len(folds) == 2
    assert _written(folds[1]).startswith("Without it Without “bad”, the model would say negative.")
    assert _written(folds[1]).endswith("A limit.")
    assert "12 %" in _written(drawn["tree"])
    assert "604 evaluations" in _written(drawer_payload(reasons())["tree"])  # type: ignore[index]
    assert drawer_payload(None) is None
    assert _written(drawer_payload(None, "Waiting")["tree"]) == "Waiting"  # type: ignore[index]


@pytest.mark.parametrize("name", HOSTILE)
def test_files_hold_what_a_token_holds_as_text(name: str) -> None:
    page = reasons_page(reasons(name))
    assert "<script" not in page
    assert name.replace("\x00", "␀") in Markup(page).text
    rows = list(csv.DictReader(io.StringIO(reasons_csv(reasons(name)), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["reason"] for row in rows] == ["token", *["without"] * 5, "sink"]
    assert [float(row["value"]) for row in rows[:3]] == [-0.33, 0.83, 0.25]
    assert {row["position"] for row in rows} == {"5"}


def _written(tree: Any) -> str:
    return tree[2] if isinstance(tree[2], str) else "".join(map(_written, tree[2]))


def test_bars_of_one_unit_share_their_scale() -> None:
    tree = numbers_tree(reasons()["without"].numbers)
    assert tree is not None
    bars = [each[1] for each in nodes(tree, "rect")]
    assert [(bar["x"], bar["width"]) for bar in bars] == [
        (0.0, pytest.approx(600 * 0.83, abs=0.1)),
        (0.0, pytest.approx(150.0)),
        (pytest.approx(600 / 3, abs=0.1), pytest.approx(400.0, abs=0.1)),  # from −0.75 to 1.5
        (pytest.approx(600 * 0.25 / 2.25, abs=0.1), pytest.approx(600 * 0.5 / 2.25, abs=0.2)),
    ]
    assert [bar["class"] for bar in bars] == ["tk-more", "tk-more", "tk-more", "tk-less"]
    (error,) = nodes(tree, "path", "tk-error")
    assert error[1]["d"] == "M0.0 8H133.3"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Number("a", 0.25, None, "probability"), "25\u202f%"),
        (Number("a", 0.25, 0.02, "share"), "25\u202f% ± 2\u202f%"),
        (Number("a", 1.9046, 0.0699, "logits"), "1.90 ± 0.07 logits"),
        (Number("a", -0.5, None, "nats"), "−0.5 nats"),
        (Number("a", 2.0, None, "rank"), "2"),
        (Number("a", 0.125), "0.125"),
    ],
)
def test_numbers_stand_with_their_unit(row: Number, said: str) -> None:
    assert shown_number(row) == said


def test_nothing_to_unfold_is_no_drawer_and_zero_is_a_bar() -> None:
    assert numbers_tree(()) is None
    tree = numbers_tree((Number("a", 0.0, None, "logits"), Number("b", 0.0, None, "logits")))
    assert tree is not None
    assert [bar[1]["width"] for bar in nodes(tree, "rect")] == [1.0, 1.0]


def test_what_nothing_is_comparable_with_has_no_bar() -> None:
    tree = numbers_tree(
        (Number("a", 0.5, None, "logits"), Number("b", 2.0, None, "rank"), Number("c", 3.0, None, "rank"))
    )
    assert tree is not None
    assert nodes(tree, "rect") == []


def test_what_is_not_finished_says_so() -> None:
    assert "Unfinished: 604 evaluations" in reasons_html(reasons(finished=False))
    assert "Unfinished" not in reasons_html(reasons())


def test_reasons_go_to_json_and_back() -> None:
    assert Reasons.from_json(reasons().to_json()) == reasons()
    for broken in ("[]", "{}", '{"format": 1}', '{"format": 2}'):
        with pytest.raises(ValueError, match="no "):
            Reasons.from_json(broken)


def test_every_kind_of_reason_has_a_title() -> None:
    kinds = re.findall(r'"(\w+)"', (Reason.__doc__ or "").split("kind:")[1].split("notes:")[0])
    assert set(kinds) == set(TITLES)
