"""A model that can be held at one of its batches."""

from __future__ import annotations

import threading

import pytest
from torch import Tensor

from tokimp.models.text_model import TextModel


class Gate:
    """Lets a model work until its batch number `last`, which waits to be let through."""

    def __init__(self, model: TextModel, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
        self.batches = 0
        self.reached = threading.Event()
        self.open = threading.Event()
        compute = model.logits

        def logits(embeds: Tensor, positions: Tensor | None, *past: object) -> Tensor:
            self.batches += 1
            if self.batches == last:
                self.reached.set()
                assert self.open.wait(60)
            return compute(embeds, positions, *past)  # type: ignore[arg-type]

        monkeypatch.setattr(model, "logits", logits)
