from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest
import torch
from saved_models import gpt2, tokenizer

from tokimp.errors import ModelTooBigError
from tokimp.models import cache
from tokimp.models.cache import ModelCache
from tokimp.models.text_model import TextModel


def _model(key: str = "x") -> TextModel:
    return TextModel(gpt2(), tokenizer(), task="next-token", key=key, revision="1")


SIZE = cache.size(_model())


def test_tied_weights_count_once() -> None:
    model = _model()
    assert sum(tensor.nbytes for tensor in model.network.parameters()) <= SIZE
    network = model.network
    network.get_output_embeddings().weight = torch.nn.Parameter(network.get_output_embeddings().weight.clone())
    assert cache.size(model) == SIZE + network.get_output_embeddings().weight.nbytes


def test_the_same_key_is_the_same_object() -> None:
    models = ModelCache(10 * SIZE)
    assert models.get("a", _model) is models.get("a", lambda: pytest.fail("loaded again"))


def test_the_longest_unused_goes_first() -> None:
    models = ModelCache(2 * SIZE)
    for key in ("a", "b", "a", "c"):
        models.get(key, _model)
        gc.collect()
    assert len(models) == 2
    loaded = []
    models.get("a", lambda: loaded.append("a") or _model())
    models.get("b", lambda: loaded.append("b") or _model())
    assert loaded == ["b"]


def test_one_above_the_limit_is_held_alone() -> None:
    models = ModelCache(1)
    models.get("a", _model)
    models.get("b", _model)
    assert len(models) == 1


def test_a_model_in_use_works_on_and_is_not_loaded_twice() -> None:
    models = ModelCache(SIZE)
    used = models.get("a", _model)
    models.get("b", _model)
    assert used.network(torch.tensor([[1, 2]])).logits.shape == (1, 2, len(tokenizer()))
    assert models.get("a", lambda: pytest.fail("loaded again")) is used


def test_threads_at_once_load_once() -> None:
    models, started, loads = ModelCache(10 * SIZE), threading.Barrier(4), []
    found: list[TextModel] = []

    def load() -> TextModel:
        loads.append(1)
        return _model()

    def ask() -> None:
        started.wait()
        found.append(models.get("a", load))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len({id(model) for model in found}) == 1


def test_different_keys_do_not_wait_for_each_other() -> None:
    models, other_done = ModelCache(10 * SIZE), threading.Event()

    def slow() -> TextModel:
        assert other_done.wait(30)
        return _model()

    thread = threading.Thread(target=models.get, args=("slow", slow))
    thread.start()
    models.get("fast", _model)
    other_done.set()
    thread.join()
    assert len(models) == 2


def test_a_failed_load_can_be_tried_again() -> None:
    models = ModelCache(10 * SIZE)

    def fail() -> TextModel:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        models.get("a", fail)
    assert isinstance(models.get("a", _model), TextModel)


def test_looking_loads_nothing_and_finds_what_is_used() -> None:
    models = ModelCache(SIZE)
    assert models.peek("a") is None
    used = models.get("a", _model)
    models.get("b", _model)
    assert models.peek("a") is used


def test_many_models_never_take_more_than_the_limit() -> None:
    models, alive = ModelCache(2 * SIZE), []
    for key in range(4):
        alive.append(weakref.ref(models.get(key, _model)))
        gc.collect()
        held = sum(cache.size(model) for reference in alive if (model := reference()) is not None)
        assert held <= 2 * SIZE
    assert sum(reference() is not None for reference in alive) == 2


def test_idle_models_make_room_for_one_that_does_not_fit_beside_them() -> None:
    models = ModelCache(10 * SIZE)
    idle, used = weakref.ref(models.get("idle", _model)), models.get("used", _model)

    def large() -> TextModel:
        if idle() is not None:
            raise ModelTooBigError("too large")
        return _model()

    assert isinstance(models.get("large", large), TextModel)
    assert idle() is None
    assert models.get("used", lambda: pytest.fail("loaded again")) is used


def test_one_that_never_fits_is_refused() -> None:
    models = ModelCache(10 * SIZE)

    def refused() -> TextModel:
        raise ModelTooBigError("too large")

    for _ in range(2):
        with pytest.raises(ModelTooBigError):
            models.get("large", refused)
        models.get("a", _model)


def test_clear_lets_go() -> None:
    models = ModelCache(10 * SIZE)
    models.get("a", _model)
    models.clear()
    gc.collect()
    loads = []
    models.get("a", lambda: loads.append(1) or _model())
    assert (len(models), loads) == (1, [1])


def test_the_limit_comes_from_the_environment_or_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKIMP_MODEL_BYTES", "123")
    assert cache.memory_limit() == 123
    monkeypatch.delenv("TOKIMP_MODEL_BYTES")
    monkeypatch.setattr(cache, "total_memory", lambda: 3000)
    assert cache.memory_limit() == 1000


def test_the_cache_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TOKIMP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache.sys, "platform", "linux")
    assert cache.folder() == tmp_path / "tokimp"
    monkeypatch.setattr(cache.sys, "platform", "darwin")
    assert cache.folder() == Path.home() / "Library" / "Caches" / "tokimp"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(cache.sys, "platform", "win32")
    assert cache.folder() == tmp_path / "local" / "tokimp"
    monkeypatch.setenv("TOKIMP_CACHE", str(tmp_path / "mine"))
    assert cache.folder() == tmp_path / "mine"
