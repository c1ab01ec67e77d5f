"""What a model writes behind a text: token by token, the likeliest or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from tokimp.errors import UnknownTargetError
from tokimp.models.allowed import Allowed
from tokimp.models.encoder_decoder import Source
from tokimp.models.outputs import answers_at, log_probability
from tokimp.models.targets import prediction
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Floats, Prediction
from tokimp.watch import Watch

if TYPE_CHECKING:
    from transformers.cache_utils import Cache


FEW = 64  # tokens whose vocabulary-sized output is held at once


class Decoding(NamedTuple):
    """How an answer is written; at temperature 0 nothing is drawn."""

    max_new_tokens: int = 32
    temperature: float = 0.0
    top_p: float = 1.0


class Written(NamedTuple):
    """One token, and the model's log-probability of it (whatever the temperature)."""

    id: int
    log_prob: float


class Said(NamedTuple):
    """A token of an answer, what stands before it of the answer, its log-probability and what else could be said."""

    id: int
    behind: tuple[int, ...]
    log_prob: float
    prediction: Prediction


def reading(model: TextModel, inputs: Encoded, answer: Sequence[int]) -> list[Said]:
    """Every token of the answer that `inputs` end with. Cost: one evaluation, some tokens' output at a time."""
    start, said = len(inputs) - len(answer), []
    for first in range(0, len(answer), FEW):
        some = answer[first : first + FEW]
        at = start + first
        with torch.inference_mode():
            rows = answers_at(model, inputs.ids[None, : at + len(some) - 1], [at - 1], len(some), source=inputs.source)[
                0
            ]
        for row, (id_, logits) in enumerate(zip(some, rows, strict=True)):
            log_prob = float(log_probability(logits.double(), model.link)[id_])
            found = prediction(model, inputs.until(at + row), at + row - 1, logits)
            said.append(Said(id_, tuple(answer[: first + row]), log_prob, found))
    return said


def writing(model: TextModel, inputs: Encoded, decoding: Decoding, seed: int, watch: Watch) -> Iterator[Written]:
    """The tokens of an answer as they come, without the token that ends it, and none that is not `Allowed`.

    Cost: one evaluation a token, in which a decoder reads only the newest token; an encoder reads the text once.

    Raises:
        UnknownTargetError: the model ends at once; whatever the watch raises.
    """
    rng = np.random.default_rng(seed)
    past, read = _past(model, inputs), inputs.source
    ends, allowed = ends_of(model), Allowed(model, inputs)
    ids, room = inputs.ids, min(decoding.max_new_tokens, model.limit - (len(inputs) - inputs.source))
    for step in range(max(room, 0)):
        log_probs = _next(model, ids[read:], past)
        watch.count(1)
        chosen = choose(allowed(ids[inputs.source :], log_probs), decoding, rng)
        read = len(ids) if past is not None else 0
        if chosen in ends:
            if not step:
                raise UnknownTargetError("The model writes nothing here: it ends at once.", "Paste an answer.")
            return
        watch((step + 1) / room)
        yield Written(chosen, float(log_probs[chosen]))
        ids = np.r_[ids, chosen]


def choose(log_probs: Floats, decoding: Decoding, rng: np.random.Generator) -> int:
    """The likeliest token, or one drawn among those that make up `top_p` at the temperature."""
    if decoding.temperature == 0:
        return int(log_probs.argmax())
    tempered = log_probs / decoding.temperature
    probs = np.exp(tempered - tempered.max())
    probs /= probs.sum()
    order = np.argsort(-probs, kind="stable")
    before = np.cumsum(probs[order]) - probs[order]
    kept = order[before < decoding.top_p]  # always the likeliest
    return int(rng.choice(kept, p=probs[kept] / probs[kept].sum()))


def ends_of(model: TextModel) -> frozenset[int]:
    """The tokens that end an answer."""
    settings = getattr(model.network, "generation_config", None)
    named = [getattr(settings, "eos_token_id", None), getattr(model.tokenizer, "eos_token_id", None)]
    found: set[int] = set()
    for each in named:
        found |= set(each) if isinstance(each, list | tuple) else {each} if each is not None else set()
    return frozenset(int(each) for each in found)


def _past(model: TextModel, inputs: Encoded) -> Cache | Source | None:
    """Where the keys and values of what was read gather; with an encoder it has read the text."""
    if not inputs.source:
        return DynamicCache() if model.caches else None
    with torch.inference_mode():
        encoded = model.encoded(model.embed(inputs.ids[None, : inputs.source]))
    return Source(encoded, EncoderDecoderCache(DynamicCache(), DynamicCache()))


def _next(model: TextModel, ids: Ids, past: Cache | Source | None) -> Floats:
    """Log-probabilities (vocabulary,) of what comes next behind ids, and behind what `past` holds."""
    with torch.inference_mode():
        logits: Tensor = answers_at(model, ids[None], [len(ids) - 1], 1, past)[0, 0]
        found: Floats = log_probability(logits.double(), model.link).cpu().numpy()
    return found
