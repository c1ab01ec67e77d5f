"""How likely each token of a text was to the model that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tokimp.errors import MethodUnavailableError
from tokimp.models.layers import head_logits, hidden_states
from tokimp.models.outputs import answers_at, logits_at
from tokimp.models.scoring import batch_rows, in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.writing import FEW
from tokimp.types import Floats
from tokimp.watch import Watch

Ints = npt.NDArray[np.int64]
TOP = 10


@dataclass(frozen=True, eq=False)
class TokenProbabilities:
    """Of each token (token,), NaN (rank 0) where the model says nothing of it: a decoder's first, an encoder's, and
    special tokens of a fill-mask model.

    probability; rank among all tokens, 1 for the likeliest; entropy of what the model expected there,
    and surprisal −log p of what stood there, both in nats. top (token, rank): ids of the likeliest
    instead, with top_probability.
    """

    probability: Floats
    rank: Ints
    entropy: Floats
    surprisal: Floats
    top: Ints
    top_probability: Floats

    @property
    def perplexity(self) -> float:
        """exp of the mean surprisal; of a fill-mask model it is a pseudo-perplexity."""
        return float(np.exp(np.nanmean(self.surprisal)))


def token_probabilities(model: TextModel, inputs: Encoded, watch: Watch | None = None) -> TokenProbabilities:
    """A decoder reads each token's left context, and with an encoder the whole text; a fill-mask model the whole
    text with that token masked (Salazar et al. 2020).

    Cost: one evaluation, with an encoder for each `FEW` tokens of the answer; for a fill-mask model one for each
    token, batched.

    Raises:
        MethodUnavailableError: a classifier, which says nothing of words.
    """
    if model.task == "classification":
        raise MethodUnavailableError("A classifier has no probabilities of words.", "Choose a language model.")
    watch = watch or Watch()
    count = min(TOP, model.embeddings.shape[0])
    facts: dict[str, Any] = {
        "probability": np.full(len(inputs), np.nan),
        "rank": np.zeros(len(inputs), dtype=np.int64),
        "entropy": np.full(len(inputs), np.nan),
        "surprisal": np.full(len(inputs), np.nan),
        "top": np.zeros((len(inputs), count), dtype=np.int64),
        "top_probability": np.full((len(inputs), count), np.nan),
    }
    read = _of_the_answer if inputs.source else _left_to_right if model.task == "next-token" else _masked
    for places, logits in read(model, inputs, watch):
        _read(logits.double(), places, inputs.ids[places], facts)
    return TokenProbabilities(**facts)


def _left_to_right(model: TextModel, inputs: Encoded, watch: Watch) -> Any:
    states = hidden_states(model, inputs.ids)[-1][:-1]
    watch.count(1)
    start = 1
    for logits in head_logits(model, states):
        yield np.arange(start, start + len(logits)), logits
        start += len(logits)
        watch(start / len(inputs))


def _of_the_answer(model: TextModel, inputs: Encoded, watch: Watch) -> Any:
    for first in range(inputs.written, len(inputs), FEW):
        end = min(first + FEW, len(inputs))
        with torch.inference_mode():
            read = inputs.ids[None, : end - 1]
            logits = answers_at(model, read, [first - 1], end - first, source=inputs.source)[0]
        watch.count(1)
        yield np.arange(first, end), logits
        watch(end / len(inputs))


def _masked(model: TextModel, inputs: Encoded, watch: Watch) -> Any:
    done = 0

    def run(places: Any) -> Tensor:
        rows = np.repeat(inputs.ids[None], len(places), axis=0)
        rows[np.arange(len(places)), places] = model.tokenizer.mask_token_id
        with torch.inference_mode():
            return logits_at(model, model.embed(rows), [int(place) for place in places], 1)[:, 0]

    rows = batch_rows(model, len(inputs), len(inputs))
    for places, logits in in_batches(inputs.free, rows, run):  # type: ignore[arg-type]
        watch.count(len(places))
        done += len(places)
        yield np.asarray(places), logits
        watch(done / len(inputs.free))


def _read(logits: Tensor, places: Ints, ids: Ints, facts: dict[str, Any]) -> None:
    """Of logits (place, vocabulary) what is kept of each place."""
    log_probs = logits.log_softmax(-1)
    value = log_probs[np.arange(len(places)), ids]
    best = log_probs.topk(facts["top"].shape[1])
    facts["probability"][places] = value.exp().cpu().numpy()
    facts["rank"][places] = 1 + (log_probs > value[:, None]).sum(-1).cpu().numpy()
    facts["entropy"][places] = -(log_probs.exp() * log_probs.clamp_min(-1e4)).sum(-1).cpu().numpy()
    facts["surprisal"][places] = -value.cpu().numpy()
    facts["top"][places] = best.indices.cpu().numpy()
    facts["top_probability"][places] = best.values.exp().cpu().numpy()
