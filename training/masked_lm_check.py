"""How often the masked-LM model finds the word: held-out snippets with masks fixed by seed, and fills."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import BertForMaskedLM

from training.body import load_tokenizer, mask_id
from training.loop import pad

SHARE = 0.15
FILLS = (
    "The capital of France is [MASK].",
    "She poured a cup of [MASK].",
    "The movie was not good, it was [MASK].",
    "The [MASK] was delicious and the waiter was friendly.",
    "I would [MASK] recommend this film to anyone.",
    "He is the president of the United [MASK].",
    "The dog chased the [MASK] across the garden.",
    "Thank you very [MASK] for your help.",
    "She opened the [MASK] and walked into the room.",
    "The camera takes very good [MASK].",
    "The actors give fine [MASK] in this film.",
    "They have been married for ten [MASK].",
    "He sat down at the table and read a [MASK].",
    "It was one of the best [MASK] of the year.",
    "Birds can [MASK].",
    "My phone's [MASK] does not last a day.",
    "The stock [MASK] fell sharply on Monday.",
    "I can't wait to see you [MASK].",
    "The president signed the [MASK] into law.",
    "The soup is too [MASK] to eat.",
    "Happy [MASK] to my best friend!",
    "Good morning, how are [MASK]?",
    "The film is based on a true [MASK].",
    "We went to the [MASK] to watch a film.",
)


@dataclass(frozen=True, slots=True)
class HeldOut:
    rows: list[list[int]]  # token ids with masks
    hidden: list[dict[int, int]]  # position -> the token that stood there


@dataclass(frozen=True, slots=True)
class Found:
    top1: float
    top5: float


def held_out(texts: list[str], seed: int) -> HeldOut:
    """15 % of each text's tokens (rounded, at least one) become [MASK], all of them, none left or swapped."""
    tokenizer = load_tokenizer(96)
    mask = mask_id(tokenizer)
    draw = random.Random(seed)
    rows, hidden = [], []
    for encoding in tokenizer.encode_batch(texts):
        inner = range(1, len(encoding.ids) - 1)
        chosen = draw.sample(inner, max(1, round(SHARE * len(inner))))
        hidden.append({position: encoding.ids[position] for position in chosen})
        rows.append([mask if position in hidden[-1] else token for position, token in enumerate(encoding.ids)])
    return HeldOut(rows, hidden)


@torch.inference_mode()
def rate(network: BertForMaskedLM, held: HeldOut) -> Found:
    """Share of all masked tokens that are the model's first choice, or among its first five."""
    order = sorted(range(len(held.rows)), key=lambda index: len(held.rows[index]))
    top = []
    for start in range(0, len(order), 50):
        chosen = order[start : start + 50]
        ids, mask = pad([held.rows[index] for index in chosen])
        state = network.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        places = [(row, place) for row, index in enumerate(chosen) for place in held.hidden[index]]
        truth = torch.tensor([token for index in chosen for token in held.hidden[index].values()])
        logits = network.cls(state[tuple(zip(*places, strict=True))])
        top.append(logits.topk(5).indices == truth[:, None])
    return _found(torch.cat(top))


def rate_unigram(counts: Tensor, held: HeldOut) -> dict[str, object]:
    """The same for the training text's five commonest tokens, whatever the sentence."""
    truth = torch.tensor([token for hidden in held.hidden for token in hidden.values()])
    found = _found(counts.topk(5).indices[None] == truth[:, None])
    return {
        "test_rows": len(held.rows),
        "test_masked_tokens": len(truth),
        "unigram_top1": found.top1,
        "unigram_top5": found.top5,
    }


def _found(hits: Tensor) -> Found:
    return Found(round(float(hits[:, 0].double().mean()), 4), round(float(hits.any(1).double().mean()), 4))


@torch.inference_mode()
def fill(network: BertForMaskedLM, text: str) -> list[str]:
    """The five likeliest tokens at the first [MASK], each with its probability."""
    tokenizer = load_tokenizer(96)
    encoding = tokenizer.encode(text)
    place = encoding.ids.index(mask_id(tokenizer))
    chances = network(input_ids=torch.tensor([encoding.ids])).logits[0, place].softmax(-1).topk(5)
    pairs = zip(chances.indices.tolist(), chances.values.tolist(), strict=True)
    return [f"{tokenizer.id_to_token(token)} {chance:.2f}" for token, chance in pairs]
