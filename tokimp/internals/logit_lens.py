"""What each layer would answer if it were the last (nostalgebraist 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tokimp.errors import MethodUnavailableError
from tokimp.models.layers import head_logits, hidden_states
from tokimp.models.outputs import log_probability
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats
from tokimp.watch import Watch

Ints = npt.NDArray[np.int64]
TOP = 5


@dataclass(frozen=True, eq=False)
class LogitLens:
    """Layer 0 stands for the embeddings; `positions` are those that were read.

    top (layer, position, rank) are ids of the likeliest words, top_probability their probabilities.
    answer (position,) is what the model says in the end; its probability and rank (layer, position), 1
    where nothing is likelier.
    """

    positions: tuple[int, ...]
    top: Ints
    top_probability: Floats
    answer: Ints
    probability: Floats
    rank: Ints


def logit_lens(
    model: TextModel,
    inputs: Encoded,
    positions: tuple[int, ...] | None = None,
    answer: int | None = None,
    watch: Watch | None = None,
) -> LogitLens:
    """The head, with the norm before it, on each layer's hidden states.

    Read are all positions of a decoder and the masks of a fill-mask text, unless `positions` says
    otherwise; followed is the model's own answer at each, or the id `answer` at all.

    Cost: two evaluations, and the head once for each layer and position.

    Raises:
        MethodUnavailableError: the model has no head that reads words.
    """
    if model.task == "classification":
        raise MethodUnavailableError("A classifier has no words to say at each layer.", "Choose a language model.")
    if positions is None:
        positions = tuple(inputs.masks) if inputs.masks else tuple(range(len(inputs)))
    layers = [states[list(positions)] for states in hidden_states(model, inputs.ids)]
    followed = _answers(model, layers[-1]) if answer is None else np.full(len(positions), answer, dtype=np.int64)
    flat = _read(model, torch.cat(layers), np.tile(followed, len(layers)), watch or Watch())
    read = {name: values.reshape(len(layers), len(positions), *values.shape[1:]) for name, values in flat.items()}
    return LogitLens(positions=tuple(positions), answer=followed, **read)


def _answers(model: TextModel, states: Any) -> Ints:
    return np.concatenate([logits.argmax(-1).cpu().numpy() for logits in head_logits(model, states)])


def _read(model: TextModel, states: Tensor, followed: Ints, watch: Watch) -> dict[str, Any]:
    """Of the vocabulary-sized output of states (row, hidden) only these few numbers (row, …) are kept."""
    found: dict[str, list[Any]] = {"top": [], "top_probability": [], "probability": [], "rank": []}
    start = 0
    for logits in head_logits(model, states):
        wanted = followed[start : start + len(logits)]
        start += len(logits)
        rows = np.arange(len(logits))
        value = logits[rows, wanted]
        log_probs = log_probability(logits.float(), model.link)
        best = log_probs.topk(min(TOP, log_probs.shape[-1]))
        found["top"].append(best.indices.cpu().numpy())
        found["top_probability"].append(best.values.exp().double().cpu().numpy())
        found["probability"].append(log_probs[rows, wanted].exp().double().cpu().numpy())
        found["rank"].append(1 + (logits > value[:, None]).sum(-1).cpu().numpy())
        watch(start / len(states))
    return {name: np.concatenate(parts) for name, parts in found.items()}
