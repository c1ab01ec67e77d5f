"""Trains minilm-mlm and writes its delta, config, figures and card.

    python -m training.masked_lm --cache <folder> --wordnet <folder>

First all weights are trained, then their change is cut to low rank, then the factors are trained on,
which wins back what the cut lost. A second call with the same folder goes on where the first stopped.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.func import functional_call
from transformers import BertForMaskedLM

from tokimp.models.deltas import factor_delta, fold_delta
from training.body import load_body, load_tokenizer, mask_id, task_config, write_delta
from training.cards import ROOT, write_card
from training.corpora import fetch_snippets, wordnet_sentences
from training.factors import packed, rate_groups, trainable, unfactored
from training.loop import Schedule, Trained, pad, train
from training.masked_lm_check import FILLS, HeldOut, fill, held_out, rate, rate_unigram

SEED = 0
MAX_LENGTH = 96
MASKED = 0.25
BATCH = 48
GLOSSES = 30_000
HEAD = "cls."
TIED = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")
# Ranks of the linear layers and of the word embeddings: each fills the 8 MB.
SHARES = ((40, 58), (48, 48), (56, 38), (64, 28))


class MaskedLoss(torch.nn.Module):
    """Mean cross-entropy at the masked positions alone: the vocabulary is wide, so no others are decoded."""

    def __init__(self, network: BertForMaskedLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor, masked: Tensor, truth: Tensor) -> Tensor:
        hidden = self.network.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        return torch.nn.functional.cross_entropy(self.network.cls(hidden[masked]), truth)


def build_network(counts: Tensor) -> BertForMaskedLM:
    """The body under a head that starts as the identity, with the log unigram as its bias."""
    config = task_config(
        architectures=["BertForMaskedLM"],
        tie_word_embeddings=True,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    torch.manual_seed(SEED)
    network = BertForMaskedLM(config)
    network.load_state_dict({f"bert.{name}": tensor for name, tensor in load_body().items()}, strict=False)
    transform = network.cls.predictions.transform
    with torch.no_grad():
        torch.nn.init.eye_(transform.dense.weight)
        # The activation is almost linear around 2, and the norm that follows takes the 2 away again.
        transform.dense.bias.fill_(2.0)
        network.cls.predictions.bias.copy_(((counts + 0.5) / (counts + 0.5).sum()).log())
    return network


class Corpus:
    """Token ids of the training rows, and their masked copies."""

    def __init__(self, texts: list[str]) -> None:
        tokenizer = load_tokenizer(MAX_LENGTH)
        self.rows = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
        self.mask_id = mask_id(tokenizer)
        self.lengths = [len(row) for row in self.rows]

    def counts(self) -> Tensor:
        flat = torch.tensor([token for row in self.rows for token in row[1:-1]])
        return torch.bincount(flat, minlength=task_config().vocab_size).double()

    def masked(self, indices: list[int], step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """ids and mask (row, token), the masked positions (row, token), what stood there (masked,)."""
        ids, mask = pad([self.rows[index] for index in indices])
        draw = torch.rand(ids.shape, generator=torch.Generator().manual_seed(SEED * 1_000_003 + step))
        inner = mask.bool()
        inner[:, 0] = False
        inner[torch.arange(len(indices)), mask.sum(1) - 1] = False
        masked = inner & (draw < MASKED)
        masked[0, 1] |= not masked.any()
        return ids.masked_fill(masked, self.mask_id), mask, masked, ids[masked]


def fit_all(network: BertForMaskedLM, corpus: Corpus, schedule: Schedule, checkpoint: Path) -> None:
    loss = MaskedLoss(network)
    parameters = dict(network.named_parameters())
    head = [weight for name, weight in parameters.items() if name.startswith(HEAD)]
    layers = [weight for name, weight in parameters.items() if not name.startswith(HEAD)]
    groups = [{"params": layers, "lr": 5e-4}, {"params": head, "lr": 1e-3}]
    trained = Trained(parameters, torch.optim.AdamW(groups, weight_decay=0.01, fused=True), checkpoint)
    train(trained, corpus.lengths, lambda rows, step: loss(*corpus.masked(rows, step)), schedule)


def fit_factors(
    network: BertForMaskedLM, delta: Mapping[str, Tensor], corpus: Corpus, schedule: Schedule, checkpoint: Path
) -> dict[str, Tensor]:
    """The delta after training on with its ranks held; fp16."""
    loss = MaskedLoss(network)
    body = {f"bert.{name}": tensor for name, tensor in load_body().items()}
    parameters = trainable(delta)

    def loss_of(rows: list[int], step: int) -> Tensor:
        weights = unfactored(body, parameters, "network.")
        mean: Tensor = functional_call(loss, weights, corpus.masked(rows, step))
        return mean

    groups = rate_groups(parameters, factors=1e-3, others=5e-4)
    trained = Trained(parameters, torch.optim.AdamW(groups, weight_decay=0.0, fused=True), checkpoint)
    train(trained, corpus.lengths, loss_of, schedule)
    return packed(parameters)


def cut(network: BertForMaskedLM, share: tuple[int, int]) -> dict[str, Tensor]:
    def rank(name: str) -> int:
        if "position_embeddings" in name:
            return 8
        return share[1] if "word_embeddings" in name else share[0]

    tuned = {name: tensor for name, tensor in network.state_dict().items() if name not in TIED}
    return factor_delta(load_body(), tuned, rank, lambda name: name.startswith(HEAD))


def folded(network: BertForMaskedLM, delta: Mapping[str, Tensor]) -> BertForMaskedLM:
    """The network as it is after the delta has been written and folded in again."""
    again = BertForMaskedLM(network.config)
    again.load_state_dict(fold_delta(load_body(), delta), strict=False)
    return again.eval()


def best_cut(network: BertForMaskedLM, rows: HeldOut) -> tuple[tuple[int, int], dict[str, Tensor]]:
    """The share of ranks with the highest top-5 on the validation rows, and its delta."""
    deltas = {share: cut(network, share) for share in SHARES}
    rated = {share: rate(folded(network, delta), rows) for share, delta in deltas.items()}
    for share, value in rated.items():
        print(share, value, flush=True)
    best = max(SHARES, key=lambda share: rated[share].top5)
    return best, deltas[best]


def load_texts(cache: Path, wordnet: Path) -> tuple[list[str], list[str], list[str]]:
    """Snippets in an order drawn by seed, WordNet's examples, and some of its definitions."""
    draw = random.Random(SEED)
    snippets = [snippet.text for snippet in fetch_snippets(cache)]
    draw.shuffle(snippets)
    examples, definitions = wordnet_sentences(wordnet)
    draw.shuffle(definitions)
    return snippets, examples, definitions[:GLOSSES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the data and checkpoints")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of WordNet's data.* files")
    parser.add_argument("--out", type=Path, default=ROOT / "minilm-mlm")
    parser.add_argument("--steps", type=int, nargs=2, default=(500, 450), help="of all weights, of the factors")
    given = parser.parse_args()
    snippets, examples, definitions = load_texts(given.cache, given.wordnet)
    test, validation = held_out(snippets[:1000], SEED), held_out(snippets[1000:1500], SEED + 1)
    # The snippets count twice: WordNet has more sentences, but duller ones.
    corpus = Corpus(snippets[1500:] * 2 + examples + definitions)
    counts = corpus.counts()
    network = build_network(counts)
    steps, more = given.steps
    schedule = Schedule(steps=steps, batch=BATCH, seed=SEED, warmup=0.18, decay=0.7)
    fit_all(network, corpus, schedule, given.cache / f"mlm-all-{steps}.pt")
    share, delta = best_cut(network, validation)
    figures: dict[str, object] = {
        "rank_linear": share[0],
        "rank_words": share[1],
        "snippets": len(snippets) - 1500,
        "examples": len(examples),
        "definitions": len(definitions),
        "steps_all": steps,
        "steps_factors": 0,
        **rate_unigram(counts, test),
        "uncut_top1": rate(network, test).top1,
        "cut_top1": rate(folded(network, delta), test).top1,
    }
    publish(given.out, folded(network, delta), delta, test, figures)
    corpus = Corpus(snippets[1500:] * 2 + examples)
    schedule = Schedule(steps=more, batch=BATCH, seed=SEED + 100, warmup=0.04, decay=0.5)
    delta = fit_factors(network, delta, corpus, schedule, given.cache / f"mlm-factors-{steps}-{more}.pt")
    publish(given.out, folded(network, delta), delta, test, {**figures, "steps_factors": more})


def publish(
    out: Path, shipped: BertForMaskedLM, delta: dict[str, Tensor], test: HeldOut, figures: dict[str, object]
) -> None:
    size = write_delta(out, delta, shipped.config)
    rated = rate(shipped, test)
    print(rated, flush=True)
    fills = {text: fill(shipped, text) for text in FILLS}
    measured = {"test_top1": rated.top1, "test_top5": rated.top5, "bytes": size, "fills": fills}
    write_card(out, {**figures, **measured})


if __name__ == "__main__":
    main()
