"""What a model's settings keep it from writing, as transformers' own `generate` keeps it."""

from __future__ import annotations

from typing import Any

import torch

from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Floats


class Allowed:
    """Rules of a generation config that make tokens impossible, whatever the model finds likely.

    Those are suppressed tokens, bad words, an end before `min_length`, and words of `no_repeat_ngram_size`
    tokens that stand there already. A forced first token is no rule: the decoder begins with it. Nor is a
    forced end: it comes behind the last token that was asked for.
    """

    def __init__(self, model: TextModel, inputs: Encoded) -> None:
        settings = getattr(model.network, "generation_config", None)
        self._rules = [] if settings is None else _rules(settings, inputs)

    def __call__(self, ids: Ids, log_probs: Floats) -> Floats:
        """log_probs (vocabulary,) of what comes behind ids (token,) in their line; −∞ for what must not."""
        if not self._rules:
            return log_probs
        line = torch.from_numpy(ids)[None]
        scores = torch.from_numpy(log_probs.copy())[None]
        for rule in self._rules:
            scores = rule(line, scores)
        found: Floats = scores[0].numpy()
        return found


def _rules(settings: Any, inputs: Encoded) -> list[Any]:
    """transformers' own, for an answer behind `inputs`."""
    import transformers

    begin = len(inputs) - inputs.source
    start = begin - max(inputs.begins - 1, 0)  # what is forced counts as new

    def named(name: str) -> Any:
        return getattr(settings, name, None) or None

    found: list[Any] = []
    ends = settings.eos_token_id
    if size := named("no_repeat_ngram_size"):
        found.append(transformers.NoRepeatNGramLogitsProcessor(size))
    if words := named("bad_words_ids"):
        found.append(transformers.NoBadWordsLogitsProcessor(words, ends))
    if (length := named("min_length")) and ends is not None:
        found.append(transformers.MinLengthLogitsProcessor(length, ends))
    if (more := named("min_new_tokens")) and ends is not None:
        found.append(transformers.MinNewTokensLengthLogitsProcessor(start, more, ends))
    if ids := named("suppress_tokens"):
        found.append(transformers.SuppressTokensLogitsProcessor(ids))
    if ids := named("begin_suppress_tokens"):
        found.append(transformers.SuppressTokensAtBeginLogitsProcessor(ids, begin))
    return found
