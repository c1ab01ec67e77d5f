"""Long inputs in little memory: layers run again on the way back instead of being kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from tokimp.models.freed_memory import give_back

if TYPE_CHECKING:
    from tokimp.models.text_model import TextModel

Within = Callable[[], AbstractContextManager[object]]
Forward = Callable[..., Any]

KEPT_BYTES = 128 * 2**20
"""Of layers' inputs that are kept; above, only every few layers' are, and those between are found again."""


def twice(within: Within) -> Callable[[], tuple[AbstractContextManager[object], AbstractContextManager[object]]]:
    """What is opened around the first and the second run of what torch checkpoints: the first is in it already."""
    return lambda: (nullcontext(), within())


@contextmanager
def recomputing(model: TextModel, within: Within = nullcontext) -> Iterator[None]:
    """While open, only layers' inputs are kept for the backward pass, which costs one more forward pass.

    Where those take more than `KEPT_BYTES`, only some are kept, and finding the others costs up to another
    forward pass. `within` is opened around each layer that runs again, so that it runs as it did at first: in
    this thread, which holds the lock.
    """
    again = partial(checkpoint, use_reentrant=False, preserve_rng_state=False, context_fn=twice(within))
    first = _FirstPass(len(model.blocks))

    def forward(layer: Forward, states: Tensor, *args: Any, **kwargs: Any) -> Any:
        ran = first.enter(partial(_called, layer, args, kwargs), states)
        waiting = [states]  # not an argument of the checkpoint, which would keep it
        del states

        def run() -> Any:
            give_back()  # what the layer before left: among what is kept, the allocator would find no use for it
            return ran.run(waiting.pop() if waiting else ran.taken())

        return first.leave(again(run))

    with model.lock, torch.autograd.set_multithreading_enabled(False), _running(model, forward):
        yield


@contextmanager
def remembering(model: TextModel) -> Iterator[list[Ran]]:
    """While open, each layer that runs joins the list, and can be run again by itself, the last one first.

    Of their inputs as many are kept as in `recomputing`. Nothing is kept for a gradient.
    """
    first = _FirstPass(len(model.blocks))
    found: list[Ran] = []

    def forward(layer: Forward, states: Tensor, *args: Any, **kwargs: Any) -> Any:
        found.append(first.enter(partial(_called, layer, args, kwargs), states))
        return first.leave(found[-1].run(states))

    with model.lock, _running(model, forward):
        yield found


def every(layers: int, size: int) -> int:
    """Of how many layers in a row one input of so many bytes is kept, so that all fit into `KEPT_BYTES`.

    Where they cannot, it is as many as keep the fewest.
    """
    fits = (step for step in range(1, layers + 1) if held(layers, step) * size <= KEPT_BYTES)
    return next(fits, min(range(1, layers + 1), key=partial(held, layers)))


def kept_bytes(model: TextModel, length: int) -> int:
    """Of layers' inputs that are there at most, of one text of that many tokens."""
    layers, one = model.size.layers, 4 * length * model.size.hidden
    return held(layers, every(layers, one)) * one


def held(layers: int, step: int) -> int:
    """Inputs that are there at most: one of every `step` layers, and those found again between two."""
    return -(-layers // step) + step - 1


class Ran:
    """A layer that has run.

    run: the layer as a function of its input alone. Its input is kept, or the layer `before` gives it again.
    """

    def __init__(self, run: Forward, states: Tensor, before: Ran | None) -> None:
        self.run = run
        self._before = before
        self._kept = states if before is None else None
        self._differentiable = states.requires_grad
        self.place: int = 0 if before is None else before.place + 1

    def taken(self) -> Tensor:
        """Its input, cut off from what was before; where it is found again, those on the way are held until taken."""
        states = self._input()
        if self._before is not None:
            self._kept = None
        return states.detach().requires_grad_(self._differentiable)

    def _input(self) -> Tensor:
        if self._kept is None:
            assert self._before is not None
            with torch.no_grad():
                self._kept = _states(self._before.run(self._before._input()))
        return self._kept


class _FirstPass:
    """Layers as they follow each other in a forward pass."""

    def __init__(self, layers: int) -> None:
        self._layers = layers
        self._last: Ran | None = None
        self._output: Callable[[], Tensor | None] = lambda: None

    def enter(self, run: Forward, states: Tensor) -> Ran:
        """What is not the very output of the layer before is kept: nothing else would give it again."""
        before = self._last if self._output() is states else None
        if before is not None and before.place + 1 >= every(self._layers, states.numel() * states.element_size()):
            before = None
        self._last = Ran(run, states, before)
        return self._last

    def leave(self, outputs: Any) -> Any:
        self._output = ref(_states(outputs))
        return outputs


def _called(layer: Forward, args: tuple[Any, ...], kwargs: dict[str, Any], states: Tensor) -> Any:
    return layer(states, *args, **kwargs)


def _states(outputs: Any) -> Tensor:
    states: Tensor = outputs if isinstance(outputs, Tensor) else outputs[0]
    return states


@contextmanager
def _running(model: TextModel, forward: Forward) -> Iterator[None]:
    """While open, layers run through `forward(layer, states, …)`: replaced on this instance, and put back."""
    blocks = list(dict.fromkeys(model.blocks))
    for block in blocks:
        block.forward = partial(forward, block.forward)
    try:
        yield
    finally:
        for block in blocks:
            del block.forward
