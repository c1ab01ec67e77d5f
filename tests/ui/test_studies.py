"""Studies: each runs piece by piece under the page's limits, is kept by its request, and refuses what it cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tokimp
from tests.models import TEXTS
from tokimp.comparison import Comparison
from tokimp.errors import OptionError, TokimpError, TooMuchWorkError
from tokimp.methods import METHODS
from tokimp.models.text_model import TextModel
from tokimp.prompt_comparison import PromptComparison
from tokimp.share import from_link, to_code
from tokimp.types import Request
from tokimp.ui import revisions, work
from tokimp.ui.desk import Desk, Limits
from tokimp.ui.state import asked_of
from tokimp.ui.studies import STUDIES, Studied
from tokimp.ui.studies.asking import MOST_METHODS
from tokimp.ui.studies.base import FORMATS, written

TEXT = TEXTS["next-token"]
COMPARE = Request(
    "tiny", "", "next-token", TEXT, "", options={"methods": "occlusion,saliency", "evaluate": False}, view="compare"
)
PROMPTS = Request(
    "tiny",
    "",
    "next-token",
    "The {who: girl|boy} was not\nThe film was",
    "occlusion,saliency",
    options={"keywords": "the, {who}"},
    view="prompts",
)


@pytest.fixture
def desk(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    monkeypatch.setattr(work, "check_model", lambda _name: None)
    monkeypatch.setattr(revisions, "held", lambda _name, _task: decoder)
    return Desk(limits=Limits(seconds=60.0))


def studied(desk: Desk, request: Request, moments: list[work.Moment[Studied]] | None = None) -> Studied:
    return desk.study(asked_of(request), (moments if moments is not None else []).append)


def test_methods_are_compared_as_in_the_package(desk: Desk, decoder: TextModel) -> None:
    moments: list[work.Moment[Studied]] = []
    found = studied(desk, COMPARE, moments)
    expected = tokimp.compare(decoder, TEXT, ("occlusion", "saliency"))
    assert isinstance(found.value, Comparison)
    assert found.value.methods == expected.methods
    np.testing.assert_allclose(found.value.consensus, expected.consensus, rtol=0, atol=1e-6)
    pieces = [len(moment.value.value.methods) for moment in moments if moment.value is not None]
    assert pieces == [1, 2]
    assert found.finished
    assert found.evaluations > 0


def test_prompts_are_compared_as_in_the_package(desk: Desk, decoder: TextModel) -> None:
    found = studied(desk, PROMPTS)
    expected = tokimp.compare_prompts(decoder, PROMPTS.text, ["the", "{who}"], ("occlusion", "saliency"))
    assert isinstance(found.value, PromptComparison)
    assert found.value.prompts == expected.prompts == ("The girl was not", "The boy was not", "The film was")
    assert [track.keyword for track in found.value.keywords] == [track.keyword for track in expected.keywords]
    shares = [[hit and hit.share for hit in track.hits] for track in found.value.keywords]
    assert shares == [[hit and pytest.approx(hit.share, abs=1e-6) for hit in track.hits] for track in expected.keywords]


def test_what_was_worked_out_is_found_again(desk: Desk) -> None:
    first = studied(desk, COMPARE)
    moments: list[work.Moment[Studied]] = []
    assert studied(desk, COMPARE, moments) is first
    assert [moment.value for moment in moments if moment.evaluations or moment.value] == []
    assert desk.studied(asked_of(first.request)) is first
    other = replace(COMPARE, options={**COMPARE.options, "methods": "saliency"})
    assert desk.studied(asked_of(other)) is None


@pytest.mark.parametrize("limit", [Limits(seconds=60.0, evaluations=4), Limits(seconds=60.0, evaluations=10**6)])
def test_a_limit_keeps_what_is_known_by_then(desk: Desk, limit: Limits) -> None:
    desk.limits = limit
    slow = replace(COMPARE, options={"methods": "saliency,shapley_sampling,occlusion", "evaluate": False})
    found = studied(desk, slow)
    cut = limit.evaluations == 4
    assert found.finished is not cut
    assert ("limit for one question" in found.stopped) is cut
    assert found.value.methods[0] == "saliency"
    assert (len(found.value.methods) == 3) is not cut
    assert desk.studied(asked_of(found.request)) is found


def test_a_limit_before_anything_is_known_is_an_error(desk: Desk) -> None:
    desk.limits = Limits(seconds=60.0, evaluations=2)
    with pytest.raises(TooMuchWorkError):
        studied(desk, replace(COMPARE, options={"methods": "shapley_sampling", "evaluate": False}))


@pytest.mark.parametrize("request_", [COMPARE, PROMPTS], ids=["compare", "prompts"])
def test_a_link_gives_the_same_study_and_files_hold_all_of_it(desk: Desk, request_: Request) -> None:
    found = studied(desk, request_)
    assert from_link(to_code(found.request)) == found.request
    assert STUDIES[request_.view].heading(found)
    assert "<script" not in STUDIES[request_.view].body(found)
    texts = {suffix: written(found, suffix) for suffix in FORMATS}
    assert json.loads(texts[".json"])["kind"] in ("comparison", "prompts")
    assert texts[".html"].startswith("<!DOCTYPE html>")
    assert "saliency" in texts[".csv"]


@pytest.mark.parametrize(
    ("base", "wrong"),
    [
        (COMPARE, {"text": " "}),
        (COMPARE, {"text": "x" * (work.MOST_CHARACTERS + 1)}),
        (COMPARE, {"method": "occlusion"}),
        (COMPARE, {"options": {"methods": ""}}),
        (COMPARE, {"options": {"methods": "occlusion,guessing"}}),
        (COMPARE, {"options": {"methods": ",".join(list(METHODS)[: MOST_METHODS + 1])}}),
        (COMPARE, {"options": {"methods": 7}}),
        (COMPARE, {"options": {"steps": 7}}),
        (COMPARE, {"options": {"evaluate": "yes"}}),
        (PROMPTS, {"text": "\n \n"}),
        (PROMPTS, {"text": "line\n" * 51}),
        (PROMPTS, {"text": "{a: 1|2|3|4|5|6|7|8} {b: 1|2|3|4|5|6|7}"}),
        (PROMPTS, {"text": "{a: 1|2} {b}"}),
        (PROMPTS, {"text": "{a: 1|2} }"}),
        (PROMPTS, {"method": ""}),
        (PROMPTS, {"method": "<script>"}),
        (PROMPTS, {"options": {"keywords": ",".join(map(str, range(21)))}}),
        (PROMPTS, {"options": {"methods": "occlusion"}}),
    ],
)
def test_what_will_not_do_is_told_before_a_model_is_loaded(base: Request, wrong: dict[str, Any]) -> None:
    request = replace(base, **wrong)
    with pytest.raises(TokimpError) as told:
        STUDIES[request.view].check(request)
    assert str(told.value).endswith(".")


def test_there_is_no_study_of_another_name() -> None:
    with pytest.raises(OptionError):
        STUDIES["attention"]
