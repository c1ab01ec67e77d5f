"""How attention is computed: step by step where its steps matter, else in one piece; in blocks where too long."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

import torch
from torch.utils.checkpoint import checkpoint

from tokimp.models.recomputing import Within, twice

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MOST_BYTES = 64 * 2**20
"""Of one layer's attention weights on one text; above, they are never all there at once."""

BLOCK_BYTES = 16 * 2**20
"""Of one layer's attention weights on one text, where they are computed in blocks of queries."""

BLOCKWISE = "tokimp_blockwise"
STEPS = "eager_attention_forward"  # as every family of transformers that has them names its steps

_step_by_step: WeakSet[PreTrainedModel] = WeakSet()
_within: ContextVar[Within] = ContextVar("within", default=nullcontext)


class Block(NamedTuple):
    """The queries of an attention that are at work: from `first` on; `last`: none are left behind them."""

    first: int = 0
    last: bool = True


ALL = Block()
_block: ContextVar[Block] = ContextVar("block", default=ALL)


def block() -> Block:
    """Which queries' weights this thread computes; all at once where they do not go in blocks."""
    return _block.get()


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
def blockwise(network: PreTrainedModel, within: Within = nullcontext) -> Iterator[None]:
    """While open, attention goes step by step, for a block of queries at a time, each run again on the way back.

    Open it under the model's lock, around the backward pass too. `within` is opened around each block that
    runs again. It changes values by rounding, and takes memory that grows with the text's length alone, but
    for a byte for each query and key. Families that write their steps otherwise take all queries at once.
    """
    with eager(network):
        if not goes_in_blocks(network):
            yield
            return
        _register()
        chosen = _within.set(within)
        network.set_attn_implementation(BLOCKWISE)
        try:
            yield
        finally:
            network.set_attn_implementation("eager")
            _within.reset(chosen)


@contextmanager
def stepwise(network: PreTrainedModel, length: int, within: Within = nullcontext) -> Iterator[None]:
    """`eager` for a text of that many tokens, `blockwise` for one whose weights do not fit into one block."""
    with blockwise(network, within) if weight_bytes(network, length) > BLOCK_BYTES else eager(network):
        yield


def weight_bytes(network: PreTrainedModel, length: int) -> int:
    """Of one layer's attention weights on a text of that many tokens."""
    heads = int(getattr(getattr(network, "config", None), "num_attention_heads", None) or 16)
    return 4 * heads * length**2


def goes_in_blocks(network: PreTrainedModel) -> bool:
    """Whether the steps of this family's attention can be taken for some queries at a time."""
    whole = getattr(getattr(network, "config", None), "is_encoder_decoder", False)
    return not whole and hasattr(sys.modules[type(network).__module__], STEPS)


@cache
def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(BLOCKWISE, _in_blocks)
    AttentionMaskInterface.register(BLOCKWISE, partial(_seen, sdpa_mask))


def _seen(mask: Callable[..., torch.Tensor | None], **settings: Any) -> torch.Tensor | None:
    """Which query sees which key (text, 1, query, key), by which the steps' own mask is made for a block at a time."""
    return mask(**{**settings, "allow_is_causal_skip": False})


def _in_blocks(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **settings: Any,
) -> tuple[torch.Tensor, None]:
    """The family's own steps; query (text, head, query, part), the result (text, query, head, part)."""
    steps: Callable[..., tuple[torch.Tensor, Any]] = getattr(sys.modules[type(module).__module__], STEPS)
    hidden = torch.finfo(query.dtype).min
    length = max(1, BLOCK_BYTES // (4 * query.shape[1] * key.shape[2]))
    starts = range(0, query.shape[2], length)

    def attend(start: int, some: torch.Tensor, seen: torch.Tensor | None, *pairs: torch.Tensor) -> torch.Tensor:
        masked = None if seen is None else torch.zeros_like(seen, dtype=some.dtype).masked_fill_(~seen, hidden)
        at = _block.set(Block(start, start == starts[-1]))
        try:
            return steps(module, some, *pairs, masked, **settings)[0]
        finally:
            _block.reset(at)

    again = partial(checkpoint, use_reentrant=False, preserve_rng_state=False, context_fn=twice(_within.get()))
    queries = torch.split(query, length, dim=2)
    masks = [None] * len(queries) if mask is None else torch.split(mask, length, dim=2)
    # Keys and values are arguments: what `attend` knew besides, each layer would keep until the way back.
    each = zip(starts, queries, masks, strict=True)
    return torch.cat([again(attend, *some, key, value) for some in each], dim=1), None


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
    able = bool(getattr(network, "_supports_sdpa", False)) and not getattr(config, "is_encoder_decoder", False)
    capped = getattr(config, "attn_logit_softcapping", None) is not None
    return able and not capped and weight_bytes(network, length) > MOST_BYTES
