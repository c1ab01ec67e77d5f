"""A visitor's words → the one number that is explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import NoMaskError, TextTooLongError, UnknownTargetError
from tokimp.models.outputs import answers_at, log_probability
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids, display, expand_mask
from tokimp.types import Candidate, Output, Prediction, Target

Asked = str | int | None

SHOWN = 20  # names of answers in a message


class _Word(NamedTuple):
    ids: tuple[int, ...]
    label: str


def reading_position(model: TextModel, inputs: Encoded, mask: int = 0) -> int:
    """Where the model's answer is read: the chosen mask, the last token, or 0 for a class.

    Raises:
        NoMaskError: a fill-mask text without that mask.
    """
    if model.task == "classification":
        return 0
    if model.architecture.writes:
        return len(inputs) - 1
    if not inputs.masks:
        raise NoMaskError("There is no [MASK] in the text.", "Type [MASK], or click the word to mask.")
    if not 0 <= mask < len(inputs.masks):
        raise NoMaskError(
            f"There are {len(inputs.masks)} masks, counted from 0; there is no mask {mask}.", "Choose another."
        )
    return inputs.masks[mask]


def answer_logits(model: TextModel, inputs: Encoded, position: int) -> Tensor:
    """What the model says: logits (vocabulary or class,). Cost: one forward pass."""
    with torch.inference_mode():
        return answers_at(model, inputs.ids[None], [position], 1, source=inputs.source)[0, 0]


def copies_logits(model: TextModel, inputs: Encoded, position: int, count: int) -> Tensor:
    """The same of `count` copies in one batch: logits (copy, vocabulary or class)."""
    with torch.inference_mode():
        rows = np.repeat(inputs.ids[None], count, axis=0)
        return answers_at(model, rows, [position] * count, 1, source=inputs.source)[:, 0]


def prediction(model: TextModel, inputs: Encoded, position: int, logits: Tensor, count: int = 10) -> Prediction:
    """The `count` likeliest candidates of the logits (vocabulary or class,), with their probabilities."""
    log_probs = log_probability(logits, model.link)
    probs = log_probs if model.link == "identity" else log_probs.exp()
    entropy = float(-(probs * log_probs.clamp_min(-1e4)).sum()) if model.link == "softmax" else None
    best = logits.topk(min(count, int(logits.isfinite().sum()))).indices.tolist()
    candidates = tuple(Candidate(i, label_of(model, (i,)), float(probs[i]), float(logits[i])) for i in best)
    return Prediction(candidates, inputs.tokens, position, entropy, inputs.masks)


def label_of(model: TextModel, ids: tuple[int, ...]) -> str:
    """A class by its name, or a word as it would stand in the text, its leading space included."""
    named = model.answers_by_id
    return named[ids[0]] if ids[0] in named else display(model.tokenizer, ids)


def resolve(
    model: TextModel,
    inputs: Encoded,
    logits: Tensor,
    position: int,
    target: Asked,
    contrast: Asked,
    output: Output,
) -> tuple[Encoded, Target]:
    """The target that was asked for, and the inputs to explain it on.

    A word of several tokens is read as the sum of its log-probabilities ("logit" becomes
    "log_prob"); in a fill-mask text it gets as many masks, so the inputs grow.

    Raises:
        UnknownTargetError: no such class, no such id, an empty word, a contrast equal to the
            target, or a word and its contrast that need different numbers of masks.
        TextTooLongError: the model takes the text, but not with the word of several tokens.
    """
    word = _lookup(model, inputs, logits, target)
    other = None if contrast is None else _lookup(model, inputs, logits, contrast)
    if other is not None and other.ids == word.ids:
        raise UnknownTargetError(f"{word.label!r} cannot be told from itself.", "Choose another word to compare with.")
    longest = max(len(each.ids) for each in (word, other) if each is not None)
    several, line = longest > 1, "answer" if inputs.source else "text"
    if len(inputs) - inputs.source + longest - 1 > model.limit:
        raise TextTooLongError(
            f"With the {longest} tokens of the word, the {line} is longer than the model takes.",
            f"Shorten the {line}, or choose a word of one token.",
        )
    if model.task == "masked-lm":
        if other is not None and len(other.ids) != len(word.ids):
            raise UnknownTargetError(
                f"{word.label!r} is {len(word.ids)} and {other.label!r} {len(other.ids)} tokens long.",
                "In a mask, compare words of the same number of tokens.",
            )
        inputs = expand_mask(inputs, position, len(word.ids))
    if model.link == "identity":
        output = "logit"
    elif output == "logit" and (several or model.link == "log_prob"):
        output = "log_prob"
    resolved = Target(
        index=word.ids[0],
        label=word.label,
        position=position,
        contrast=None if other is None else other.ids[0],
        contrast_label=None if other is None else other.label,
        output=output,
        continuation=word.ids[1:],
        contrast_continuation=() if other is None else other.ids[1:],
        source=inputs.source,
    )
    return inputs, resolved


def _lookup(model: TextModel, inputs: Encoded, logits: Tensor, asked: Asked) -> _Word:
    size, named = len(logits), model.answers_by_id
    if asked is None:
        best = int(logits.argmax())
        return _Word((best,), label_of(model, (best,)))
    if isinstance(asked, int):
        if not 0 <= asked < size or not logits[asked].isfinite():
            raise UnknownTargetError(f"There is no output {asked}.", f"Choose a number from 0 to {size - 1}.")
        return _Word((asked,), label_of(model, (asked,)))
    if named:
        return _named(named, logits, asked, "class" if model.task == "classification" else "answer")
    return _word(model, inputs, logits, asked)


def _named(named: Mapping[int, str], logits: Tensor, asked: str, noun: str) -> _Word:
    """The answer of that name, else one whose name differs in case or outer spaces only: of words the likeliest."""
    exact = [i for i, name in named.items() if name == asked]
    folded = asked.strip().casefold()
    found = exact or [i for i, name in named.items() if name.strip().casefold() == folded]
    if not found:
        some = ", ".join(list(named.values())[:SHOWN])
        more = f" and {len(named) - SHOWN:,} more" if len(named) > SHOWN else ""
        raise UnknownTargetError(f"{asked!r} is no {noun} of this model.", f"Choose among: {some}{more}.")
    best = found[0] if noun == "class" else max(found, key=lambda i: float(logits[i]))
    return _Word((best,), named[best])


def _word(model: TextModel, inputs: Encoded, logits: Tensor, asked: str) -> _Word:
    """The ids of a word as it would follow here.

    Typed with a space in front, the space counts. Typed without, the word is looked up both ways
    ("girl", " girl") and the way with fewer tokens is taken; between equals, the likelier one.
    """
    if not asked:
        raise UnknownTargetError("The word to explain is empty.", "Type a word, or leave the choice to the model.")
    spellings = [asked] if asked[0].isspace() else [asked, " " + asked]
    found = {ids: None for spelling in spellings if (ids := ids_behind(model, inputs, spelling))}
    if not found or all(set(ids) == {model.tokenizer.unk_token_id} for ids in found):
        raise UnknownTargetError(f"The model has no token for {asked!r}.", "Choose another word.")
    log_probs = logits.log_softmax(-1)
    ids = min(found, key=lambda ids: (len(ids), -float(log_probs[ids[0]])))
    return _Word(ids, label_of(model, ids))


def ids_behind(model: TextModel, inputs: Encoded, word: str) -> tuple[int, ...]:
    """The ids by which the text grows when the word is typed behind it; alone where tokens would merge."""
    tokenizer, own = model.tokenizer, model.ids_of_answer(word)
    if own is not None:
        return own
    if model.task == "next-token" and inputs.prompt == len(inputs):
        longer = _plain_ids(tokenizer(inputs.text + word, add_special_tokens=True, verbose=False)["input_ids"])
        count = len(inputs)
        if len(longer) > count and np.array_equal(longer[:count], inputs.ids):
            return tuple(longer[count:].tolist())
    # What a decoder writes may be in another language, with a vocabulary of its own.
    typed = {"text_target": word} if model.task == "seq2seq" else {"text": word}
    return tuple(_plain_ids(tokenizer(**typed, add_special_tokens=False, verbose=False)["input_ids"]).tolist())


def _plain_ids(ids: object) -> Ids:
    return np.array(ids, dtype=np.int64)
