"""Between a network's layers: hidden states seen or replaced, and what the head would say to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tokimp.models.text_model import TextModel

Enter = Callable[[int, Tensor], Tensor]
Leave = Callable[[int, Tensor], Tensor | None]

HEAD_NUMBERS = 2**23  # logits that are held at a time: of a small vocabulary more rows than of a large one


@contextmanager
def between_layers(model: TextModel, enter: Enter | None = None, leave: Leave | None = None) -> Iterator[None]:
    """Around one forward pass: `enter` returns a layer's input (batch, token, hidden), `leave` sees its output.

    A tensor that `leave` returns takes the output's place.
    """
    entered, left = count(), count()

    def before(_module: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (enter(next(entered), inputs[0]), *inputs[1:]) if enter is not None else inputs

    def after(_module: torch.nn.Module, _inputs: Any, outputs: Any) -> Any:
        alone = isinstance(outputs, Tensor)
        changed = leave(next(left), outputs if alone else outputs[0]) if leave is not None else None
        if changed is None:
            return None
        return changed if alone else (changed, *outputs[1:])

    with model.lock:
        handles: list[Any] = []
        try:
            for block in dict.fromkeys(model.blocks):
                handles += [block.register_forward_pre_hook(before), block.register_forward_hook(after)]
            yield
        finally:
            for handle in handles:
                handle.remove()


def hidden_states(model: TextModel, ids: np.ndarray) -> list[Tensor]:
    """[layer] (token, hidden) of one text's ids (token,): first what layer 0 gets, then each layer's output.

    None has gone through the norm that many networks have behind their last layer. Cost: one evaluation.
    """
    states: list[Tensor] = []

    def enter(layer: int, batch: Tensor) -> Tensor:
        if layer == 0:
            states.append(batch[0])
        return batch

    def leave(_layer: int, batch: Tensor) -> None:
        states.append(batch[0])

    with torch.inference_mode(), between_layers(model, enter, leave):
        model.logits(model.embed(ids)[None], _read_at(model, 1))
    return [layer.float() for layer in states]


def head_logits(model: TextModel, states: Tensor) -> Iterator[Tensor]:
    """What stands behind the last layer, applied to hidden states (row, hidden): logits (row, vocabulary or class).

    Comes in parts of about `HEAD_NUMBERS` logits. A classifier's head reads each row as if it stood at
    the position that it reads. Cost: one evaluation of a single token for each part.
    """
    last = len(model.blocks) - 1
    for part in torch.split(states, max(1, HEAD_NUMBERS // model.embeddings.shape[0])):

        def replace(layer: int, _batch: Tensor, part: Tensor = part) -> Tensor | None:
            return part[:, None] if layer == last else None

        with torch.inference_mode(), between_layers(model, leave=replace):
            one = model.embeddings.new_zeros(1, dtype=torch.long).cpu().numpy()
            logits = model.logits(model.embed(one)[None], _read_at(model, len(part)))
        yield logits if model.task == "classification" else logits[:, 0]


def _read_at(model: TextModel, rows: int) -> Tensor | None:
    """The first position of each row; a classifier reads where it always does."""
    return None if model.task == "classification" else torch.zeros(rows, 1, dtype=torch.long, device=model.device)
