"""Gradients of long inputs in little memory: layers run again on the way back instead of being kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from tokimp.models.text_model import TextModel

Within = Callable[[], AbstractContextManager[object]]


def twice(within: Within) -> Callable[[], tuple[AbstractContextManager[object], AbstractContextManager[object]]]:
    """What is opened around the first and the second run of what torch checkpoints: the first is in it already."""
    return lambda: (nullcontext(), within())


@contextmanager
def recomputing(model: TextModel, within: Within = nullcontext) -> Iterator[None]:
    """While open, only the layers' inputs are kept for the backward pass, which costs one more forward pass.

    The layers' `forward` is replaced on this instance, under its lock, and put back. `within` is
    opened around each layer that runs again, so that it runs as it did at first: in this thread,
    which holds the lock.
    """
    again = partial(checkpoint, use_reentrant=False, preserve_rng_state=False, context_fn=twice(within))

    with model.lock, torch.autograd.set_multithreading_enabled(False):
        blocks = list(dict.fromkeys(model.blocks))
        for block in blocks:
            block.forward = partial(again, block.forward)
        try:
            yield
        finally:
            for block in blocks:
                del block.forward
