from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch
from saved_models import bert, gpt2, save, tokenizer
from transformers import BertForMaskedLM, T5Config, T5ForConditionalGeneration
from transformers.utils import logging as transformers_logging

from tokimp.errors import (
    ModelNotFoundError,
    ModelTooBigError,
    OptionError,
    UnsafeWeightsError,
    UnsupportedModelError,
)
from tokimp.models import device, folders, hub
from tokimp.models.loading import MODELS, load
from tokimp.models.quiet import quiet


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model held from elsewhere, and no hub."""
    MODELS.clear()
    monkeypatch.setattr(hub, "reachable", lambda: False)


@pytest.mark.parametrize("task", ["classification", "next-token", "masked-lm"])
def test_a_folder_tells_its_task(tmp_path: Path, task: str) -> None:
    saved = save(tmp_path / "model", task)
    model = load(tmp_path / "model")
    assert (model.task, model.key) == (task, str(tmp_path / "model"))
    assert model.revision.startswith("local:")
    assert model.network.config._attn_implementation == "eager"
    assert not model.network.training
    assert not any(tensor.requires_grad for tensor in model.network.parameters())
    for name, tensor in saved.state_dict().items():
        torch.testing.assert_close(model.network.state_dict()[name], tensor, rtol=0, atol=0)


def test_half_precision_on_disk_is_computed_in_fp32(tmp_path: Path) -> None:
    gpt2().half().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    assert {tensor.dtype for tensor in load(tmp_path).network.parameters()} == {torch.float32}


def test_several_files_of_weights_are_one_model(tmp_path: Path) -> None:
    network = gpt2()
    network.save_pretrained(tmp_path, max_shard_size="10KB")
    tokenizer().save_pretrained(tmp_path)
    parts = sorted(tmp_path.glob("model-*.safetensors"))
    assert len(parts) > 1
    torch.testing.assert_close(load(tmp_path).network.transformer.wte.weight, network.transformer.wte.weight)
    parts[0].unlink()
    with pytest.raises(UnsafeWeightsError, match="no whole set of weights"):
        load(tmp_path)


def test_the_same_folder_is_the_same_object_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "model", "next-token")
    monkeypatch.chdir(tmp_path)
    model = load("model")
    assert load(tmp_path / "model") is model
    assert load("model", task="next-token") is model
    with torch.no_grad():
        changed = gpt2()
        changed.transformer.wte.weight += 1
    changed.save_pretrained("model")
    again = load("model")
    assert again is not model
    assert again.revision != model.revision


def test_nothing_is_printed_and_settings_stay(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, "classification")
    before = (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled())
    capfd.readouterr()
    load(tmp_path)
    assert capfd.readouterr() == ("", "")
    assert (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()) == before


def _nested() -> None:
    with quiet():
        with quiet():
            pass
        assert transformers_logging.get_verbosity() == logging.CRITICAL
        raise ValueError("x")


def test_quiet_inside_quiet_ends_with_the_last_also_after_an_error() -> None:
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.INFO)
    try:
        with pytest.raises(ValueError, match="x"):
            _nested()
        assert transformers_logging.get_verbosity() == logging.INFO
    finally:
        transformers_logging.set_verbosity(before)


def test_pickled_weights_are_refused_with_a_way_out(tmp_path: Path) -> None:
    save(tmp_path, "classification")
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(UnsafeWeightsError, match=r"safetensors.*save_pretrained"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_own_code_is_refused(tmp_path: Path, name: str) -> None:
    save(tmp_path, "classification")
    fields = json.loads((tmp_path / name).read_text())
    (tmp_path / name).write_text(json.dumps(fields | {"auto_map": {"AutoModel": "x.py"}}))
    (tmp_path / "x.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UnsafeWeightsError, match="its own code"):
        load(tmp_path)


def test_a_body_without_a_head_is_an_error_not_a_warning(tmp_path: Path) -> None:
    save(tmp_path, "body")
    with pytest.raises(UnsupportedModelError, match=r"cannot be told.*BertModel.*task="):
        load(tmp_path)
    with pytest.raises(UnsupportedModelError, match=r"no head for classification: .*classifier.* would be random"):
        load(tmp_path, task="classification")


def test_a_head_for_another_task_is_not_made_up(tmp_path: Path) -> None:
    save(tmp_path / "bert", "masked-lm")
    with pytest.raises(UnsupportedModelError, match="no head for classification"):
        load(tmp_path / "bert", task="classification")
    save(tmp_path / "gpt2", "next-token")
    with pytest.raises(UnsupportedModelError, match="GPT-2 is not used for masked-lm"):
        load(tmp_path / "gpt2", task="masked-lm")


def test_translators_that_do_not_say_how_they_begin_are_refused(tmp_path: Path) -> None:
    sizes = {"d_model": 8, "d_ff": 8, "d_kv": 4, "num_heads": 2, "num_layers": 1}
    T5ForConditionalGeneration(T5Config(vocab_size=11, **sizes)).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(UnsupportedModelError, match="what the decoder begins with"):
        load(tmp_path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"no config\.json"):
        load(tmp_path)
    save(tmp_path, "classification")
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[:-100])
    with pytest.raises(UnsupportedModelError, match=r"The weights in .* cannot be loaded"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(weights)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UnsupportedModelError, match=r"The tokenizer in .* cannot be loaded"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(UnsupportedModelError, match="not a JSON object"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UnsupportedModelError, match="not JSON"):
        load(tmp_path)


def test_weights_of_another_size_than_the_config_are_refused(tmp_path: Path) -> None:
    save(tmp_path, "classification")
    fields = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(fields | {"hidden_size": 8}))
    with pytest.raises(UnsupportedModelError, match="cannot be loaded"):
        load(tmp_path)


def test_too_big_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = save(tmp_path, "classification")
    count = sum(tensor.numel() for tensor in network.state_dict().values())
    for module in (device, folders):
        monkeypatch.setattr(module, "free_memory", lambda: int(count * 4 * 1.3) - 1)
    with pytest.raises(ModelTooBigError, match="0 million parameters"):
        load(tmp_path)
    for module in (device, folders):
        monkeypatch.setattr(module, "free_memory", lambda: int(count * 4 * 1.3) + 1)
    assert load(tmp_path).task == "classification"


def test_a_pair_is_taken_as_it_is_and_never_held() -> None:
    network, words = bert(BertForMaskedLM), tokenizer()
    model = load((network, words))
    assert model.network is network
    assert (model.task, model.key, model.revision) == ("masked-lm", "BertForMaskedLM", "object")
    assert load((network, words), task="masked-lm") is not model
    assert len(MODELS) == 0


def test_a_pair_must_be_one() -> None:
    with pytest.raises(OptionError, match="network and its tokenizer"):
        load((gpt2(),))  # type: ignore[arg-type]
    slow = type("Slow", (), {"is_fast": False})()
    with pytest.raises(OptionError, match="encode"):
        load((gpt2(), slow))
    with pytest.raises(UnsupportedModelError, match="GPT-2 is not used for classification"):
        load((gpt2(), tokenizer()), task="classification")


def test_unknown_names_and_tasks_are_explained() -> None:
    with pytest.raises(OptionError, match="There are: classification, next-token, masked-lm"):
        load("gpt2", task="translation")  # type: ignore[arg-type]
    with pytest.raises(ModelNotFoundError, match="Did you mean 'distilbert-sst2'"):
        load("distilbert sst2")
    with pytest.raises(ModelNotFoundError, match="Give a catalogue key"):
        load("~~~")
    with pytest.raises(ModelNotFoundError):
        load("x" * 5000)


def test_a_key_means_the_catalogue_even_beside_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "gpt2", "next-token")
    monkeypatch.chdir(tmp_path)
    asked: list[tuple[str, str | None]] = []

    def fetch(name: str, revision: str | None, _task: str) -> Path:
        asked.append((name, revision))
        return tmp_path / "gpt2"

    monkeypatch.setattr(hub, "fetch", fetch)
    assert load("gpt2").key == "gpt2"
    assert asked == [("openai-community/gpt2", "607a30d783dfa663caf39e06633721c8d4cfcd7e")]
    assert load("./gpt2").key == "./gpt2"


@pytest.mark.packs
def test_a_pack_serves_its_own_revision_and_the_hub_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def fetch(name: str, revision: str | None, _task: str) -> Path:
        asked.append((name, revision))
        raise ModelNotFoundError("asked")

    monkeypatch.setattr(hub, "fetch", fetch)
    model = load("smollm2-135m")
    assert load("smollm2-135m", task="next-token") is model
    assert load("smollm2-135m", revision=model.revision).revision == model.revision
    assert asked == []
    with pytest.raises(ModelNotFoundError, match="asked"):
        load("smollm2-135m", revision="main")
    assert asked == [("HuggingFaceTB/SmolLM2-135M-Instruct", "main")]
