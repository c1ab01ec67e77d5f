"""Trains minilm-sentiment and writes its delta, config, figures and card.

    python -m training.sentiment --cache <folder>

A second call with the same folder goes on where the first one stopped.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.func import functional_call
from transformers import BertForSequenceClassification

from tokimp.models.deltas import factor_delta, fold_delta
from training.body import load_body, load_tokenizer, task_config, write_delta
from training.cards import ROOT, write_card
from training.corpora import Snippet, Splits, fetch_snippets, split_ratings
from training.factors import packed, rate_groups, trainable, unfactored
from training.loop import Schedule, Trained, pad, train
from training.negation_checks import CHECK_A, CHECK_B, CHECK_C, check_sentences
from training.templates import Sentence, training_sentences, turned_sentences

SEED = 0
MAX_LENGTH = 96
TEMPLATED = 1200
TURNED = 3600
DISTILLED = 6000  # real rows, and as many templated ones
HEAD = ("bert.pooler.", "classifier.")
# Of (56, 38), (64, 28) and (76, 12) the pair with the highest validation AUROC.
RANKS = {"linear": 76, "words": 12, "positions": 8}


def build_network() -> BertForSequenceClassification:
    labels = {0: "negative", 1: "positive"}
    config = task_config(
        architectures=["BertForSequenceClassification"],
        id2label=labels,
        label2id={label: index for index, label in labels.items()},
    )
    torch.manual_seed(SEED)
    network = BertForSequenceClassification(config)
    # The pack's pooler was never trained: all-MiniLM averages its tokens.
    body = {f"bert.{name}": tensor for name, tensor in load_body().items() if not name.startswith("pooler.")}
    network.load_state_dict(body, strict=False)
    torch.nn.init.normal_(network.bert.pooler.dense.weight, std=0.02)
    torch.nn.init.zeros_(network.bert.pooler.dense.bias)
    return network


def learned_sentences(snippets: list[Snippet]) -> list[Sentence]:
    """Soft targets: sigmoid(1.5 · rating), so that a lukewarm review is not learned as a certain one."""
    rated = [Sentence(row.text, 1 / (1 + math.exp(-1.5 * row.rating))) for row in snippets]
    return rated + training_sentences(TEMPLATED, SEED)


def second_round(snippets: list[Snippet]) -> list[Sentence]:
    """Everything again, with negation in many more frames."""
    return learned_sentences(snippets) + turned_sentences(TURNED, SEED)


@dataclass(frozen=True, slots=True)
class Round:
    epochs: int
    layers: float  # peak learning rates
    head: float


FIRST = Round(epochs=2, layers=8e-5, head=5e-4)
SECOND = Round(epochs=1, layers=5e-5, head=2e-4)


def fit(network: BertForSequenceClassification, sentences: list[Sentence], checkpoint: Path, training: Round) -> None:
    tokenizer = load_tokenizer(MAX_LENGTH)
    rows = [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in sentences])]
    targets = torch.tensor([row.positive for row in sentences])

    def loss_of(indices: list[int], step: int) -> Tensor:
        torch.manual_seed(SEED * 1_000_003 + step)
        ids, mask = pad([rows[index] for index in indices])
        logits = network(input_ids=ids, attention_mask=mask).logits
        positive = targets[indices]
        return torch.nn.functional.cross_entropy(logits, torch.stack([1 - positive, positive], dim=1))

    parameters = dict(network.named_parameters())
    head = [weight for name, weight in parameters.items() if name.startswith(HEAD)]
    layers = [weight for name, weight in parameters.items() if not name.startswith(HEAD)]
    groups = [{"params": layers, "lr": training.layers}, {"params": head, "lr": training.head}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    network.train()
    schedule = Schedule(steps=training.epochs * math.ceil(len(rows) / 32), batch=32, seed=SEED)
    train(Trained(parameters, optimizer, checkpoint), [len(row) for row in rows], loss_of, schedule)
    network.eval()


def distil(
    teacher: BertForSequenceClassification, delta: Mapping[str, Tensor], real: list[Sentence], checkpoint: Path
) -> dict[str, Tensor]:
    """The delta after its factors were trained on; fp16.

    Cutting to low rank costs accuracy and negation; this wins them back. Real texts have what the uncut
    network says as their targets (Hinton et al. 2015, section 2), templated ones keep their own.
    """
    tokenizer = load_tokenizer(MAX_LENGTH)
    chosen = random.Random(SEED).sample(real, DISTILLED)
    said = positive_of(teacher, [row.text for row in chosen]).tolist()
    sentences = [Sentence(row.text, positive) for row, positive in zip(chosen, said, strict=True)]
    sentences += turned_sentences(DISTILLED, SEED + 1)
    rows = [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in sentences])]
    targets = torch.tensor([row.positive for row in sentences])
    body = {f"bert.{name}": tensor for name, tensor in load_body().items()}
    parameters = trainable(delta)

    def loss_of(indices: list[int], step: int) -> Tensor:
        del step
        ids, mask = pad([rows[index] for index in indices])
        weights = unfactored(body, parameters)
        logits = functional_call(teacher, weights, kwargs={"input_ids": ids, "attention_mask": mask}).logits
        positive = targets[indices]
        return torch.nn.functional.cross_entropy(logits, torch.stack([1 - positive, positive], dim=1))

    optimizer = torch.optim.AdamW(rate_groups(parameters, factors=5e-4, others=1e-4), weight_decay=0.0, fused=True)
    schedule = Schedule(steps=math.ceil(len(rows) / 32), batch=32, seed=SEED + 100, warmup=0.1, decay=0.7)
    train(Trained(parameters, optimizer, checkpoint), [len(row) for row in rows], loss_of, schedule)
    return packed(parameters)


@torch.inference_mode()
def positive_of(network: BertForSequenceClassification, texts: list[str]) -> Tensor:
    """Probability of "positive" (text,)."""
    tokenizer = load_tokenizer(MAX_LENGTH)
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    result = torch.empty(len(rows))
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        ids, mask = pad([rows[index] for index in chosen])
        result[chosen] = network(input_ids=ids, attention_mask=mask).logits.softmax(-1)[:, 1]
    return result


def area_under_curve(scores: Tensor, positive: Tensor) -> float:
    """Probability that a positive row gets the higher score than a negative one; ties count half."""
    difference = scores[positive][:, None] - scores[~positive][None]
    return float(((difference > 0).double() + 0.5 * (difference == 0).double()).mean())


@dataclass(frozen=True, slots=True)
class Rated:
    accuracy: float
    auroc: float
    above_99: float  # share of texts with a confidence above 0.99


def rate(network: BertForSequenceClassification, snippets: list[Snippet]) -> Rated:
    scores = positive_of(network, [row.text for row in snippets])
    positive = torch.tensor([row.rating > 0 for row in snippets])
    accuracy = float(((scores > 0.5) == positive).double().mean())
    sure = float((torch.maximum(scores, 1 - scores) > 0.99).double().mean())
    return Rated(round(accuracy, 4), round(area_under_curve(scores, positive), 4), round(sure, 4))


def check(network: BertForSequenceClassification, patterns: tuple[str, ...]) -> float:
    """Share of the templated sentences on the right side of one half."""
    sentences = check_sentences(patterns)
    scores = positive_of(network, [row.text for row in sentences])
    right = (scores > 0.5) == torch.tensor([row.positive > 0.5 for row in sentences])
    return round(float(right.double().mean()), 4)


def cut(network: BertForSequenceClassification) -> dict[str, Tensor]:
    def rank(name: str) -> int:
        if "word_embeddings" in name:
            return RANKS["words"]
        return RANKS["positions" if "position_embeddings" in name else "linear"]

    return factor_delta(load_body(), network.state_dict(), rank, lambda name: name.startswith(HEAD))


def folded(network: BertForSequenceClassification, delta: Mapping[str, Tensor]) -> BertForSequenceClassification:
    """The network as it is after the delta has been written and folded in again."""
    again = BertForSequenceClassification(network.config).eval()
    again.load_state_dict(fold_delta(load_body(), delta))
    return again


def figures_of(network: BertForSequenceClassification, splits: Splits, examples: list[str]) -> dict[str, object]:
    test = rate(network, splits.test)
    scores = positive_of(network, examples)
    return {
        "test_rows": len(splits.test),
        "test_accuracy": test.accuracy,
        "test_auroc": test.auroc,
        "test_above_99": test.above_99,
        "negation_unseen_words": check(network, CHECK_A),
        "negation_unseen_patterns": check(network, CHECK_B),
        "examples": {text: round(float(score), 3) for text, score in zip(examples, scores, strict=True)},
    }


EXAMPLES = [
    "The acting was wonderful and the story moved me to tears.",
    "A dull, predictable plot and terrible acting.",
    "The food was not good at all.",
    "The hotel was far from disappointing.",
    "There is nothing boring about this film.",
    "I have never had a better meal.",
    "I don't recommend this phone.",
    "The staff were friendly, but the room was dirty and the bed was painful.",
    "It is funny, clever and full of charm.",
    "I expected a masterpiece and got a mess.",
    "Nobody liked the ending.",
    "The book could not have been better.",
    "No one could dislike this book.",
    "I wish I could say that I enjoyed it.",
    "Great, my flight is cancelled again.",
    "The train leaves at nine.",
    "It is so bad that it is good.",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the data and checkpoints")
    parser.add_argument("--out", type=Path, default=ROOT / "minilm-sentiment")
    given = parser.parse_args()
    splits = split_ratings(fetch_snippets(given.cache), SEED, test=1500, validation=800)
    network = build_network()
    sentences = learned_sentences(splits.train)
    print(f"{len(sentences)} training rows", flush=True)
    fit(network, sentences, given.cache / "sentiment-first.pt", FIRST)
    fit(network, second_round(splits.train), given.cache / "sentiment-second.pt", SECOND)
    delta = distil(network, cut(network), sentences, given.cache / "sentiment-distilled.pt")
    shipped = folded(network, delta)
    rated = rate(shipped, splits.validation)
    size = write_delta(given.out, delta, network.config)
    figures = {
        "rank_linear": RANKS["linear"],
        "rank_words": RANKS["words"],
        "bytes": size,
        "training_rows": len(sentences),
        "validation_rows": len(splits.validation),
        "validation_accuracy": rated.accuracy,
        "validation_auroc": rated.auroc,
        "validation_negation": check(shipped, CHECK_C),
        **figures_of(shipped, splits, EXAMPLES),
    }
    write_card(given.out, figures)


if __name__ == "__main__":
    main()
