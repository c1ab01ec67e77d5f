"""A model that can be held at one of its batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator

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

    def until_reached(self, moments: Iterator[object]) -> None:
        """Reads on until the model waits."""
        while not self.reached.is_set():
            next(moments)

    def until_over(self) -> None:
        """Opens, and waits for the work's thread to end."""
        self.open.set()
        for thread in threading.enumerate():
            if thread.name == "tokimp-work":
                thread.join(60)
                assert not thread.is_alive()
