"""The texts and models that are timed, and the copies of a network that the peers get."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from convergence import SEED_PROMPT

from tokimp.api import Question, ask
from tokimp.models.loading import load
from tokimp.models.text_model import TextModel
from tokimp.types import Output

TEXTS = {
    "smollm2-135m": SEED_PROMPT,
    "minilm-sentiment": (
        "The actors are brilliant and the music stays with you, but the story is much too long and its end a mess. "
        "I expected little, laughed more than once, and still left before the credits had come to an end."
    ),
}


@dataclass(frozen=True)
class Case:
    """A question, and what a peer needs for the same: ids, the target's id, and the id that stands for nothing.

    network and tokenizer are the peers' own copies of ours.
    """

    question: Question
    network: Any
    tokenizer: Any
    fill: int

    @property
    def model(self) -> TextModel:
        return self.question.model

    @property
    def text(self) -> str:
        return self.question.text

    @property
    def ids(self) -> torch.Tensor:
        """The text (token,)."""
        return torch.from_numpy(self.question.inputs.ids)

    @property
    def target(self) -> int:
        return self.question.target.index

    @property
    def players(self) -> torch.Tensor:
        """Positions of the tokens that share the value out (player,)."""
        return torch.from_numpy(self.question.inputs.free)

    def filled(self, keep: torch.Tensor) -> torch.Tensor:
        """ids (copy, token) with the players that keep (copy, player) leaves out filled."""
        ids = self.ids.repeat(len(keep), 1)
        ids[:, self.players] = torch.where(keep, ids[:, self.players], self.fill)
        return ids


def decoder_case(tokens: int) -> Case:
    """SmolLM2 on the start of the seed prompt; explained is the log-probability of its own next token.

    captum explains log-probabilities only. Its stand-in for a token is the unknown token, as inseq's is.
    """
    model = load("smollm2-135m")
    network, tokenizer = _copies(model)
    return Case(_question(model, tokens, "log_prob"), network, tokenizer, tokenizer.unk_token_id)


def classifier_case(tokens: int) -> Case:
    """The sentiment classifier on a review; explained is the logit of the class that it picks."""
    model = load("minilm-sentiment")
    network, tokenizer = _copies(model)
    return Case(_question(model, tokens, "logit"), network, tokenizer, tokenizer.mask_token_id)


def _copies(model: TextModel) -> tuple[Any, Any]:
    return copy.deepcopy(model.network), copy.deepcopy(model.tokenizer)


def text_of(model: TextModel, tokens: int) -> str:
    """The model's own text, over and over, cut so that it has `tokens` tokens, special ones included.

    Raises:
        ValueError: a cut there falls into a word.
    """
    text = " ".join([TEXTS[model.key]] * (1 + tokens // 32))
    spans = model.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False, verbose=False)
    own = model.tokenizer.num_special_tokens_to_add()
    text = text[: spans["offset_mapping"][tokens - own - 1][1]]
    found = len(model.encode(text))
    if found != tokens:
        raise ValueError(f"The text cannot be cut to {tokens} tokens: it has {found}.")
    return text


def _question(model: TextModel, tokens: int, output: Output) -> Question:
    return ask(model, text_of(model, tokens), output=output)
