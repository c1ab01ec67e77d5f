"""Explanations in shap and pandas."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shap

from tests.views.examples import explain, hostile
from tokimp.errors import TokimpError
from tokimp.types import Token

SPACED = (Token("[CLS]", 101, 0, 0, special=True), Token("a", 5, 0, 1), Token("film", 6, 2, 6))


def test_shap_gets_scores_baseline_and_texts() -> None:
    explanation = explain("The film", scores=[0.5, -2.0], baseline_output=1.25)
    given = explanation.to_shap()
    assert isinstance(given, shap.Explanation)
    assert given.values.tolist() == [0.5, -2.0]
    assert given.base_values == 1.25
    assert given.data.tolist() == ["The", " film"]


def test_without_a_baseline_shap_starts_from_nothing() -> None:
    assert explain("a").to_shap().base_values == 0.0


def test_words_that_spaces_part_read_as_the_text() -> None:
    given = explain("a film", SPACED, [0.0, 1.0, 2.0]).to_shap()
    assert given.data.tolist() == ["[CLS]", "a", " film"]


def test_shap_may_change_what_it_got() -> None:
    explanation = explain("a", scores=[1.0])
    explanation.to_shap().values[0] = 7.0
    assert explanation.scores.tolist() == [1.0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_plots_of_shap_run() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    given = explain("The film was good", scores=[0.5, -2.0, 0.25, 1.0], baseline_output=1.0).to_shap()
    page = shap.plots.text(given, display=False)
    axes = shap.plots.bar(given, show=False)
    widths = sorted(abs(bar.get_width()) for bar in axes.patches)
    pyplot.close("all")
    assert " film" in page
    assert widths == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.filterwarnings("ignore::Warning")  # inseq's own, on import
def test_inseq_gets_one_generated_token_and_keeps_it_through_a_file(tmp_path: Path) -> None:
    import inseq

    explanation = explain("The film was", scores=[0.5, -2.0, 0.25])
    given = explanation.to_inseq()
    (scores,) = given.get_scores_dicts()
    (step,) = scores["target_attributions"]
    assert step == (3, explanation.target.label)
    found = list(scores["target_attributions"][step].values())
    assert found[:-1] == [0.5, -2.0, 0.25]
    assert np.isnan(found[-1])
    assert list(scores["step_scores"][step].values()) == [pytest.approx(explanation.output)]
    given.save(tmp_path / "given.json")
    (again,) = inseq.FeatureAttributionOutput.load(tmp_path / "given.json").sequence_attributions
    assert again.target_attributions[:-1, 0].tolist() == [0.5, -2.0, 0.25]
    assert [token.token for token in again.source] == [token.text for token in explanation.tokens]


def test_inseq_knows_no_classes() -> None:
    read = explain("The film")
    with pytest.raises(TokimpError, match="generated tokens only"):
        replace(read, request=replace(read.request, task="classification")).to_inseq()


def test_pandas_gets_one_row_a_token() -> None:
    pytest.importorskip("pandas")
    explanation = hostile(stderr=np.full(len(hostile().tokens), 0.5))
    frame = explanation.to_pandas()
    assert frame.index.name == "position"
    assert frame["token"].tolist() == [token.text for token in explanation.tokens]
    assert frame["score"].tolist() == explanation.scores.tolist()
    assert frame["stderr"].tolist() == [0.5] * len(frame)
    assert frame["special"].sum() == 2
    assert frame.attrs["method"] == "integrated_gradients"


def test_scores_without_errors_have_none_in_pandas() -> None:
    pytest.importorskip("pandas")
    frame = explain("a b").to_pandas()
    assert frame["stderr"].isna().all()
    assert list(frame.columns) == ["token", "id", "start", "end", "special", "segment", "score", "stderr"]


@pytest.mark.parametrize(("library", "method"), [("shap", "to_shap"), ("inseq", "to_inseq"), ("pandas", "to_pandas")])
def test_what_is_missing_is_named(library: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {library, *(name for name in sys.modules if name.startswith(f"{library}."))}:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TokimpError, match=f"pip install {library}"):
        getattr(replace(explain("a")), method)()
