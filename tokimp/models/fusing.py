"""How attention is computed: step by step where its weights are read, in one piece where they would not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MOST_BYTES = 64 * 2**20
"""Of one layer's attention weights on one text; above, they are never all there at once."""

_step_by_step: WeakSet[PreTrainedModel] = WeakSet()


@contextmanager
def eager(network: PreTrainedModel) -> Iterator[None]:
    """While open, attention is computed step by step, so that its weights can be read."""
    before = network.config._attn_implementation
    outermost = network not in _step_by_step
    _step_by_step.add(network)
    if before not in ("eager", None):
        network.set_attn_implementation("eager")
    try:
        yield
    finally:
        if outermost:
            _step_by_step.discard(network)
        if before not in ("eager", None):
            network.set_attn_implementation(before)


@contextmanager
def fused(network: PreTrainedModel, length: int) -> Iterator[None]:
    """While open, attention over a long text is computed in one piece, in memory that grows with its length alone.

    Open it under the model's lock, around the backward pass too. It changes values by rounding, and nothing
    where `fuses` says no or `eager` is open. A module that is none of transformers' own stays as it is.
    """
    stepwise = getattr(getattr(network, "config", None), "_attn_implementation", None) == "eager"
    if not stepwise or network in _step_by_step or not fuses(network, length):
        yield
        return
    network.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        network.set_attn_implementation("eager")


def fuses(network: PreTrainedModel, length: int) -> bool:
    """Whether attention over so many tokens is computed in one piece, where nobody reads its weights.

    Not where the scores are capped, as in Gemma 2, which that piece of torch leaves out.
    """
    config = getattr(network, "config", None)
    if config is None:
        return False
    heads = int(getattr(config, "num_attention_heads", None) or 16)
    able = bool(getattr(network, "_supports_sdpa", False)) and not getattr(config, "is_encoder_decoder", False)
    capped = getattr(config, "attn_logit_softcapping", None) is not None
    return able and not capped and 4 * heads * length**2 > MOST_BYTES
