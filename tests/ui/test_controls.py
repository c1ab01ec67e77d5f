"""The form follows from declared facts: the catalogue, the methods and their options."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.posted import as_posted
from tokimp.methods.base import FAMILIES, METHODS, options_of
from tokimp.models.catalog import CATALOG
from tokimp.models.text_model import TextModel
from tokimp.types import TASKS, Candidate, Prediction, Task
from tokimp.ui import controls
from tokimp.ui.forms import Choice, OptionForm


def entries(payload: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    return {entry["value"]: entry for group in payload["groups"] for entry in group["options"]}


@pytest.mark.parametrize("task", TASKS)
def test_every_model_of_a_task_is_listed(task: Task) -> None:
    keys = [key for key, entry in CATALOG.items() if entry.task == task]
    listed = entries(controls.model_choice(task, keys[0], hub_reachable=False))
    assert sorted(listed) == sorted(keys)
    assert all(CATALOG[key].about in listed[key]["note"] for key in keys)


def test_what_only_the_hub_has_is_greyed_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "at_hand", lambda _entry: False)
    without = entries(controls.model_choice("next-token", "gpt2", hub_reachable=False))
    assert all(entry["disabled"] and "not at hand" in entry["label"] for entry in without.values())
    reached = entries(controls.model_choice("next-token", "gpt2", hub_reachable=True))
    assert not any(entry["disabled"] for entry in reached.values())


@pytest.mark.parametrize(
    ("setting", "space", "allowed"), [(None, False, True), (None, True, False), ("1", True, True), ("0", False, False)]
)
def test_other_models_may_be_typed_where_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, space: bool, allowed: bool
) -> None:
    for name, value in (("TOKIMP_ALLOW_ANY_MODEL", setting), ("SPACE_ID", "a/b" if space else None)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    payload = controls.model_choice("next-token", "gpt2", hub_reachable=False)
    assert (payload["other"] is not None) == allowed


def test_methods_stand_in_families_with_what_they_tell() -> None:
    payload = controls.method_choice("classification", "occlusion")
    listed = entries(payload)
    assert sorted(listed) == sorted(METHODS)
    for key, method in METHODS.items():
        assert listed[key]["note"] == method.info.tells
        assert method.info.cost in listed[key]["detail"]
        assert listed[key]["link"] == [method.info.paper, method.info.url]
    assert payload["chosen"] == "occlusion"
    assert [group["title"].lower() for group in payload["groups"]] == list(FAMILIES)
    assert payload["guide"]


def test_a_method_that_cannot_is_greyed_with_the_reason(classifier: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "offers", frozenset({"gradient"}))
    listed = entries(controls.method_choice("classification", "occlusion", classifier))
    assert listed["attention"]["disabled"]
    assert "needs attention weights" in listed["attention"]["label"]
    assert listed["attention"]["reason"].startswith("Needs attention weights")
    assert not listed["occlusion"]["disabled"]


@pytest.mark.parametrize("key", METHODS)
def test_declared_options_become_fields(key: str) -> None:
    fields = {field["name"]: field for field in controls.options_payload(key)["fields"]}
    for option in options_of(METHODS[key]):
        field = fields.pop(option.name)
        assert field["value"] == field["default"] == option.default
        assert tuple(field["choices"]) == option.choices
        assert field["kind"] == (option.kind.__name__ if option.kind else None)
        assert (field["low"], field["high"], field["help"]) == (option.low, option.high, option.help)
    assert set(fields) == {"output", "precision"} | ({"seed"} if METHODS[key].info.stochastic else set())


def test_what_every_method_has_is_kept_when_the_method_changes() -> None:
    settings: dict[str, Any] = {"output": "prob", "seed": 7, "precision": "bf16", "steps": 8}
    fields = {field["name"]: field["value"] for field in controls.options_payload("occlusion", settings)["fields"]}
    assert (fields["output"], fields["seed"], fields["precision"]) == ("prob", 7, "bf16")
    assert "steps" not in fields
    kept = as_posted(OptionForm(render=False), controls.options_payload("saliency", settings))
    assert kept == {"output": "prob", "precision": "bf16"}


def test_only_what_differs_from_the_defaults_is_asked_for() -> None:
    form = OptionForm(render=False)
    payload = controls.options_payload("integrated_gradients")
    assert as_posted(form, payload) == {}
    payload["fields"][0]["value"] = 8
    assert as_posted(form, payload) == {"steps": 8}
    assert as_posted(form, None) == {}


@pytest.mark.parametrize(("chosen", "typed", "picked"), [(8180, "", 8180), (None, "girl", "girl"), (None, "", None)])
def test_a_choice_is_an_id_a_word_or_nothing(chosen: int | None, typed: str, picked: object) -> None:
    assert as_posted(Choice(render=False), {"chosen": chosen, "typed": typed}) == picked
    assert as_posted(Choice(render=False), {"chosen": {"a": 1}, "typed": 3}) is None


def test_a_typed_word_comes_back_into_its_field(prediction: Prediction) -> None:
    payload = controls.target_choice("next-token", prediction, "girl")
    assert (payload["typed"], payload["chosen"]) == ("girl", None)
    assert controls.target_choice("next-token", prediction, 3)["chosen"] == 3
    assert controls.target_choice("classification", prediction, None)["other"] is None


@pytest.fixture
def prediction() -> Prediction:
    return Prediction((Candidate(3, " girl", 0.5, 1.0), Candidate(4, " boy", 0.2, 0.5)), (), 0, 1.0)


def test_candidates_show_their_spaces_and_probabilities(prediction: Prediction) -> None:
    assert entries(controls.contrast_choice("next-token", prediction, None))[4]["label"] == "“ boy”  20\u202f%"


def test_masks_are_told_apart_by_the_words_around_them() -> None:
    payload = controls.mask_choice("The [MASK] barked at the [MASK] all night.", 1)
    labels = [entry["label"] for entry in entries(payload).values()]
    assert labels == ["1: The ▢ barked at the [MASK] al…", "2: …he [MASK] barked at the ▢ all night."]
    assert payload["chosen"] == 1
    assert controls.mask_choice("[MASK]", 4)["chosen"] == 0
