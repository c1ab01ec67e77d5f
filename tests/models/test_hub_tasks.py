"""What a model is made for is told by its config: in a folder, on this disk, or on the hub before it is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_hub import FakeHub
from huggingface_hub import constants
from saved_models import save

from tests import models
from tokimp.errors import InputError, UnsupportedModelError
from tokimp.models import folders, hub
from tokimp.models.loading import MODELS, load
from tokimp.types import Request
from tokimp.ui import controls
from tokimp.ui.studies import STUDIES
from tokimp.ui.tasks import task_of

NAME = "some/writer"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "get_token", lambda: None)
    monkeypatch.setattr(controls, "any_model_allowed", lambda: True)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    server = FakeHub(tmp_path / "hub")
    monkeypatch.setattr(hub, "ENDPOINT", server.url)
    for known in (hub._answers, hub._told_task):
        known.cache_clear()
    MODELS.clear()
    yield server
    server.close()
    MODELS.clear()
    for known in (hub._answers, hub._told_task):
        known.cache_clear()


def describe(fake: FakeHub, config: dict[str, Any], file: str = "model.safetensors", **facts: Any) -> None:
    (fake.root / NAME).mkdir(parents=True)
    (fake.root / NAME / file).write_bytes(b"")
    fake.facts[NAME] = {"config": config, **facts}


@pytest.mark.parametrize(
    ("config", "task"),
    [
        ({"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}, "seq2seq"),
        ({"architectures": ["MarianMTModel"], "model_type": "marian"}, "seq2seq"),
        ({"architectures": ["BartModel"], "model_type": "bart"}, "seq2seq"),
        ({"model_type": "mbart"}, "seq2seq"),
        ({"architectures": ["BertForMaskedLM"], "model_type": "bert"}, "masked-lm"),
        ({"architectures": ["BartForSequenceClassification"], "model_type": "bart"}, "classification"),
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "next-token"),
    ],
)
def test_the_hub_is_asked_once_for_each_name(fake: FakeHub, config: dict[str, Any], task: str) -> None:
    describe(fake, config)
    assert [task_of(NAME), task_of(NAME), hub.told_task(NAME)] == [task] * 3
    assert len([line for line in fake.asked if line.startswith("GET")]) == 1
    assert not fake.downloads()


def test_of_what_nobody_can_tell_it_is_the_tabs_own_task(fake: FakeHub) -> None:
    describe(fake, {"architectures": ["BertModel"], "model_type": "bert"})
    for name in (NAME, "nobody/knows", "nobody/knows", "no name", ""):
        assert task_of(name) == "next-token"
    assert len([line for line in fake.asked if line.startswith("GET")]) == 2


def test_gguf_files_go_on_with_a_text(fake: FakeHub) -> None:
    describe(fake, {"model_type": "t5"}, "some.gguf", gguf={"total": 5})
    assert hub.told_task(NAME) == hub.told_task(f"{NAME}/some.gguf") == "next-token"


def test_a_page_that_takes_no_other_models_asks_nobody(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(fake, {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"})
    monkeypatch.setattr(controls, "any_model_allowed", lambda: False)
    assert task_of(NAME) == "next-token"
    assert not fake.asked


def test_a_hub_that_does_not_answer_is_asked_again(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(fake, {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"})

    def silent(*_: object) -> None:
        raise hub.HubUnreachableError("The hub is silent.")

    with monkeypatch.context() as patched:
        patched.setattr(hub, "describe", silent)
        assert task_of(NAME) == "next-token"
    assert task_of(NAME) == "seq2seq"


def test_what_was_downloaded_before_tells_it_without_the_hub(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    save(fake.root / NAME, "classification")
    load(NAME)
    monkeypatch.setattr(hub, "describe", lambda *_: pytest.fail("asked the hub"))
    assert task_of(NAME) == "classification"


def test_a_bare_encoder_and_decoder_is_loaded_as_what_its_family_is_for(tmp_path: Path) -> None:
    tiny = models.tiny("bart", "seq2seq")
    tiny.network.save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": ["BartModel"]}), encoding="utf-8")
    assert load(tmp_path).task == "seq2seq"
    with pytest.raises(UnsupportedModelError, match="BartForQuestionAnswering"):
        folders.told_task(config | {"architectures": ["BartForQuestionAnswering"]})


def test_a_model_that_writes_nothing_is_refused_before_it_is_loaded() -> None:
    request = Request(model="some/filler", revision="", task="masked-lm", text="A text", method="occlusion")
    with pytest.raises(InputError, match="writes no text"):
        STUDIES["generation"].check(request)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", None, 7])
def test_what_is_no_name_of_a_model_is_taken_as_the_first_ones_task(
    name: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "1")
    assert task_of(name) == "next-token"
