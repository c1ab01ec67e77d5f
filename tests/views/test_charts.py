"""Candidates as bars."""

from __future__ import annotations

from collections.abc import Callable

from tests.views.markup import Markup
from tokimp.types import Candidate, Prediction
from tokimp.views.charts import bars_html, bars_payload


def predict(*pairs: tuple[str, float], entropy: float | None = 1.0) -> Prediction:
    found = tuple(Candidate(place, label, prob, 0.0) for place, (label, prob) in enumerate(pairs))
    return Prediction(found, (), 0, entropy)


def test_what_is_explained_and_its_contrast_are_marked() -> None:
    bars = bars_payload(predict((" girl", 0.47), (" boy", 0.31), ("\n", 0.1)), chosen=0, contrast=1)["bars"]
    assert [bar["role"] for bar in bars] == ["explained", "rather than", ""]
    assert bars[0]["label"] == "“ girl”, 47\u202f%, explained"
    assert [bar["name"] for bar in bars] == ["“ girl”", "“ boy”", "“⏎”"]


def test_the_rest_of_the_probability_is_told() -> None:
    assert bars_payload(predict(("a", 0.5), ("b", 0.25)))["rest"] == "25\u202f%"
    assert bars_payload(predict(("a", 0.5), ("b", 0.5)))["rest"] is None
    assert bars_payload(predict(("a", 0.5), ("b", 0.25)), limit=1)["rest"] == "50\u202f%"


def test_independent_labels_have_no_rest() -> None:
    assert bars_payload(predict(("toxic", 0.1), ("insult", 0.05), entropy=None))["rest"] is None


def test_classes_stand_without_quotes() -> None:
    assert bars_payload(predict(("positive", 0.9)), words=False)["bars"][0]["name"] == "positive"


def test_golden_bars(golden: Callable[[str, str], None]) -> None:
    page = bars_html(predict((" girl", 0.47), ("<script>${7*7}", 0.31), ("\n", 0.01), ("שלום", 0.0003)), 0, 1)
    assert {tag for tag, _ in Markup(page).tags} == {"ul", "li", "bdi", "svg", "rect", "data", "small", "span"}
    golden("bars.html", page)
