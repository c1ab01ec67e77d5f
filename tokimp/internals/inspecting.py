"""The way in to what happens inside a model while it reads a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np

from tokimp.internals.attention_maps import Measure, Survey, attention_map, every_map, survey
from tokimp.internals.cross_attention import check_in_one_line, cross_attention, own_attention
from tokimp.internals.layer_scores import Kind, layer_scores
from tokimp.internals.logit_lens import LogitLens, logit_lens
from tokimp.internals.network import Influence, TokenNetwork, token_network
from tokimp.internals.parts import Part, attended
from tokimp.internals.token_probabilities import TokenProbabilities, token_probabilities
from tokimp.models.layers import hidden_states
from tokimp.models.loading import load
from tokimp.models.scoring import memory_watched
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Floats, Target, Token

Kept = TypeVar("Kept")

SECOND = 512
"""Tokens that a second text may have, where the first is shorter."""


@dataclass(frozen=True, eq=False)
class Internals:
    """What happened inside; nothing is computed before it is asked for, and each thing once.

    Each runs the model anew, which is quick, so that only what is looked at has to be held.
    """

    model: TextModel
    inputs: Encoded
    memory: dict[str, Any] = field(default_factory=dict, repr=False)

    def kept(self, name: str, compute: Callable[[], Kept]) -> Kept:
        """What `compute` returned the first time that this name was asked for: nothing that holds a model."""
        if name not in self.memory:
            self.memory[name] = compute()
        return cast(Kept, self.memory[name])

    def beside(self, text: str) -> Internals:
        """The insides of the same model while it reads another text, kept with these. Of at most as many tokens.

        An encoder's decoder is given the same answer.
        """
        most, answer = max(len(self.inputs), SECOND), self.answer if self.inputs.source else ()
        inputs, memory = self.kept(f"beside {text}", lambda: (self.model.encode(text, most, answer), dict[str, Any]()))
        return Internals(self.model, inputs, memory)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.inputs.tokens

    @property
    def answer(self) -> tuple[int, ...]:
        """The ids that stand behind the text as the model's own words, without those that a decoder begins with."""
        return tuple(self.inputs.ids[self.inputs.written :].tolist())

    @cached_property
    def attentions(self) -> Floats:
        """Attention weights (layer, head, query, key) in half precision; rows sum to 1. Cost: one evaluation.

        With an encoder, its layers' first; rows of tokens that a layer does not read are 0.
        """
        if self.inputs.source:
            return own_attention(self.model, self.inputs)
        return every_map(self.model, self.inputs)

    @cached_property
    def cross_attentions(self) -> Floats:
        """Attention (layer, head, query, key) of the decoder's tokens to the source; rows sum to 1.

        In half precision; only with an encoder. Cost: one evaluation.
        """
        return cross_attention(self.model, self.inputs)

    @cached_property
    def attention_norms(self) -> Floats:
        """‖α f(x)‖ (layer, head, query, key) of Kobayashi et al. 2020, in half precision. Cost: one evaluation."""
        check_in_one_line(self.inputs)
        return every_map(self.model, self.inputs, "norms")

    def attention_map(
        self,
        layer: int | None = None,
        head: int | None = None,
        measure: Measure = "weights",
        part: Part | None = None,
    ) -> Floats:
        """(query, key) of one head; None means over layers or heads. Cost: one evaluation.

        With an encoder of one `part`, None for the answer's attention to the text; its layers stand before the
        decoder's.
        """
        return attention_map(self.model, self.inputs, layer, head, measure, part)

    def sides(self, part: Part | None = None) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
        """The tokens that look, and those that are looked at, `part` as in `attention_map`."""
        at = attended(self.model, self.inputs, part)
        queries, keys = (self.tokens[each.start : each.stop] for each in (at.queries, at.keys))
        return queries, keys

    def survey(self, measure: Measure = "weights", part: Part | None = None) -> Survey:
        """Small pictures of all heads, and what each does, `part` as in `attention_map`. Cost: one evaluation."""
        return survey(self.model, self.inputs, measure, part)

    @cached_property
    def hidden_states(self) -> Floats:
        """(layer, token, hidden) in single precision: what layer 0 gets, then each layer's output.

        Cost: one evaluation.
        """
        check_in_one_line(self.inputs)
        return np.stack([states.cpu().numpy() for states in hidden_states(self.model, self.inputs.ids)])

    @cached_property
    def logit_lens(self) -> LogitLens:
        """What each layer would answer at each position. Cost: two evaluations, and the head at each layer."""
        check_in_one_line(self.inputs)
        return logit_lens(self.model, self.inputs)

    @cached_property
    def token_probabilities(self) -> TokenProbabilities:
        """How likely each token of the text was, with an encoder each of the answer.

        Cost: one evaluation; of a fill-mask model one a token.
        """
        return token_probabilities(self.model, self.inputs)

    def network(self, influence: Influence = "attention", position: int | None = None) -> TokenNetwork:
        """Who gives how much to whom, layer by layer. Cost: one evaluation; by value zeroing one more a token."""
        return token_network(self.model, self.inputs, influence, position)

    def layer_scores(self, target: Target, kind: Kind = "gradient") -> Floats:
        """Gradient times hidden state (layer, token), signed, in the target's unit. Cost: forward and backward."""
        check_in_one_line(self.inputs)
        return layer_scores(self.model, self.inputs, target, kind)


@memory_watched()
def inspect(model: TextModel | str, text: str, limit: int | None = None, generated: Sequence[int] = ()) -> Internals:
    """What happens inside the model while it reads the text, of at most `limit` tokens, with the ids written behind it.

    Raises:
        EmptyTextError, TextTooLongError; later, where a model does not have what is asked for,
        MethodUnavailableError.
    """
    loaded = load(model) if isinstance(model, str) else model
    return Internals(loaded, loaded.encode(text, limit, generated))
