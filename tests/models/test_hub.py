from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fake_hub import COMMIT, FakeHub
from huggingface_hub import constants
from saved_models import save, save_gguf

from tokimp.errors import (
    HubUnreachableError,
    ModelError,
    ModelNotFoundError,
    ModelTooBigError,
    UnsafeWeightsError,
    UnsupportedModelError,
)
from tokimp.models import device, folders, hub
from tokimp.models.loading import MODELS, load


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The hub's client with an empty cache and nobody's token."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "get_token", lambda: None)
    monkeypatch.setenv("TOKIMP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    hub._answers.cache_clear()
    MODELS.clear()
    yield tmp_path
    hub._answers.cache_clear()
    MODELS.clear()


@pytest.fixture
def fake(client: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    server = FakeHub(client / "hub")
    monkeypatch.setattr(hub, "ENDPOINT", server.url)
    yield server
    server.close()


@pytest.fixture
def model(fake: FakeHub) -> str:
    save(fake.root / "some" / "classifier", "classification")
    return "some/classifier"


def _unplug(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nobody answers, and asking fails the test."""
    hub._answers.cache_clear()
    monkeypatch.setattr(hub, "reachable", lambda: False)
    monkeypatch.setattr(hub, "HfApi", lambda **_: pytest.fail("asked the hub"))
    monkeypatch.setattr(hub, "hf_hub_download", lambda *_, **__: pytest.fail("asked the hub"))


def test_an_answering_hub_is_asked_once(fake: FakeHub) -> None:
    assert hub.reachable()
    assert hub.reachable()
    assert fake.asked == ["HEAD "]


def test_threads_that_want_to_know_at_once_share_one_answer(fake: FakeHub) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(hub.reachable())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 4
    assert fake.asked == ["HEAD "]


@pytest.mark.usefixtures("client")
def test_a_hub_that_takes_the_call_but_never_answers_costs_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(hub, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert not hub.reachable()
        assert not hub.reachable()
        assert time.monotonic() - started < 3.5


@pytest.mark.usefixtures("client")
def test_a_closed_port_is_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ENDPOINT", _closed_port())
    assert not hub.reachable()


@pytest.mark.usefixtures("client")
def test_a_hub_that_has_gone_since_is_no_riddle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ENDPOINT", _closed_port())
    monkeypatch.setattr(hub, "reachable", lambda: True)
    with pytest.raises(HubUnreachableError, match="did not answer for some/thing"):
        load("some/thing")


def test_offline_mode_is_honoured_without_asking(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not hub.reachable()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not hub.reachable()
    assert fake.asked == []


def test_a_model_comes_from_the_hub_as_safetensors_only(
    fake: FakeHub, model: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (fake.root / model / "pytorch_model.bin").write_bytes(b"pickle")
    (fake.root / model / "README.md").write_text("readme")
    loaded = load(model)
    assert (loaded.key, loaded.task, loaded.revision) == (model, "classification", COMMIT)
    assert loaded.network.config._attn_implementation == "eager"
    assert set(fake.downloads()) == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert fake.downloads()[-1] == "model.safetensors"
    assert capfd.readouterr() == ("", "")
    assert load(model) is loaded


def test_what_was_downloaded_still_loads_without_the_hub(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(model).network.classifier.weight.clone()
    MODELS.clear()
    _unplug(monkeypatch)
    for revision in (None, "main", COMMIT):
        again = load(model, revision=revision)
        assert again.revision == COMMIT
        torch.testing.assert_close(again.network.classifier.weight, before, rtol=0, atol=0)


def test_a_pinned_commit_on_this_disk_asks_for_nothing(fake: FakeHub, model: str) -> None:
    load(model)
    del fake.asked[:]
    assert hub.fetch(model, COMMIT).name == COMMIT
    assert [line for line in fake.asked if line != "HEAD "] == []


def test_half_a_download_does_not_count(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (hub.fetch(model) / "model.safetensors").unlink()
    assert hub.kept(model) is None
    _unplug(monkeypatch)
    with pytest.raises(HubUnreachableError, match="not on this machine"):
        hub.fetch(model)


@pytest.mark.usefixtures("client")
def test_without_the_hub_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    _unplug(monkeypatch)
    with pytest.raises(HubUnreachableError, match="openai-community/gpt2 is not on this machine"):
        load("gpt2")
    with pytest.raises(HubUnreachableError, match="some/thing"):
        load("some/thing")


def test_names_that_the_hub_does_not_know(model: str) -> None:
    with pytest.raises(ModelNotFoundError, match="no public model 'some/nothing'"):
        load("some/nothing")
    with pytest.raises(ModelNotFoundError, match="no revision 'later'"):
        load(model, revision="later")


def test_pickled_weights_are_refused_before_download(fake: FakeHub, model: str) -> None:
    (fake.root / model / "model.safetensors").rename(fake.root / model / "pytorch_model.bin")
    with pytest.raises(UnsafeWeightsError, match=r"no weights as safetensors or GGUF.*save_pretrained"):
        load(model)
    assert fake.downloads() == []


@pytest.mark.parametrize("facts", [{"tags": ["custom_code"]}, {"config": {"auto_map": {"AutoModel": "x.py"}}}])
def test_own_code_is_refused_from_the_description(fake: FakeHub, model: str, facts: dict[str, object]) -> None:
    fake.facts[model] = facts
    with pytest.raises(UnsafeWeightsError, match="its own code"):
        load(model)
    assert fake.downloads() == []


def _edit_config(fake: FakeHub, model: str, **changes: object) -> None:
    path = fake.root / model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_own_code_is_refused_from_the_config(fake: FakeHub, model: str) -> None:
    _edit_config(fake, model, auto_map={"AutoModel": "x.py"})
    with pytest.raises(UnsafeWeightsError, match="its own code"):
        load(model)
    assert fake.downloads() == ["config.json"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["BertForConditionalGeneration"]}, "BERT is not used for seq2seq here"),
        ({"architectures": ["BertForTokenClassification"]}, "cannot be told what this model is for"),
        ({"model_type": "vit", "architectures": ["X"]}, "cannot be told"),
        ({"model_type": "vit"}, "architecture 'vit' is not known"),
        ({"model_type": "something-new"}, "cannot be read"),
    ],
)
def test_what_cannot_be_explained_is_refused_before_the_weights(
    fake: FakeHub, model: str, changes: dict[str, object], message: str
) -> None:
    _edit_config(fake, model, **changes)
    with pytest.raises(UnsupportedModelError, match=message):
        load(model)
    assert fake.downloads() == ["config.json"]


def test_too_big_is_refused_before_download_and_says_what_fits(
    fake: FakeHub, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.facts[model] = {"safetensors": {"parameters": {"BF16": 7_000_000_000}, "total": 7_000_000_000}}
    for module in (device, folders):
        monkeypatch.setattr(module, "free_memory", lambda: 10_400_000_000)
    with pytest.raises(ModelTooBigError) as caught:
        load(model)
    assert "7.0 billion parameters, which need 28.0 GB" in str(caught.value)
    assert "10.4 GB are free" in str(caught.value)
    assert "up to about 2.0 billion parameters fit" in str(caught.value)
    assert fake.downloads() == []


def test_a_gated_model_says_where_to_ask(fake: FakeHub, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.facts[model] = {"gated": "manual"}
    with pytest.raises(ModelError, match=f"on request. Accept the conditions at {fake.url}/{model}"):
        load(model)
    assert fake.downloads() == []
    fake.closed.add(model)
    monkeypatch.setattr(hub, "get_token", lambda: "somebody's")
    with pytest.raises(ModelError, match="only on request"):
        load(model)


def test_a_hub_that_breaks_off_is_no_riddle(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.reachable()

    def broken(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("reset")

    monkeypatch.setattr(hub, "hf_hub_download", broken)
    with pytest.raises(HubUnreachableError, match=r"could not be downloaded: reset Try again"):
        load(model)


def test_a_gguf_comes_from_the_hub_too(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    (fake.root / "some" / "gguf").mkdir(parents=True)
    save_gguf(fake.root / "some" / "gguf" / "small.gguf")
    loaded = load("some/gguf")
    assert (loaded.key, loaded.task, loaded.revision) == ("some/gguf", "next-token", COMMIT)
    save_gguf(fake.root / "some" / "gguf" / "other.gguf", hidden=16)
    with pytest.raises(ModelNotFoundError, match=r"several GGUF files.*some/gguf/other\.gguf"):
        load("some/gguf", revision="main")
    with pytest.raises(ModelNotFoundError, match=r"no file third\.gguf"):
        load("some/gguf/third.gguf")
    assert load("some/gguf/other.gguf").network.config.hidden_size == 16
    MODELS.clear()
    _unplug(monkeypatch)
    assert load("some/gguf/other.gguf").revision == COMMIT


@pytest.mark.parametrize("text", ["gpt2", "owner/name", "Qwen/Qwen2.5-0.5B", "a_b/c-d.e", "owner/name/file.Q4_1.gguf"])
def test_hub_names(text: str) -> None:
    assert hub.is_hub_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "/etc/passwd", "../up", "a/../b", "a/b/c", "a b", "a/b\n", "~/x", "x" * 200, "é/x", "a--b/c", "a/b?x=1"],
)
def test_what_is_no_hub_name(text: str) -> None:
    assert not hub.is_hub_id(text)
