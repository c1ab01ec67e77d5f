"""A module of somebody's own: anything that returns logits for ids."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import MethodUnavailableError, OptionError, UnsupportedModelError
from tokimp.models.architectures import Architecture
from tokimp.models.lookups import Lookups
from tokimp.models.own_outputs import at, layers_of
from tokimp.models.own_probe import probe
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.models.traits import Size
from tokimp.types import Task

ALWAYS = frozenset({"weights", "candidates"})


class OwnModule(TextModel):
    """A `torch.nn.Module` called with ids (batch, token) alone; what it offers was found out by calling it.

    Gradients run from embeddings that are handed to the module in place of those that it looks up.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        tokenizer: Any,
        *,
        task: Task,
        limit: int | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        if task == "seq2seq":
            raise UnsupportedModelError("A module of one's own has no encoder here.", "Choose another task.")
        self.network: Any = module.eval().requires_grad_(False)
        found = probe(module, tokenizer, task, limit, len(labels))
        self.architecture = Architecture("own", "a module of one's own", (task,), "")
        self.tokenizer = tokenizer
        self.task = task
        self.key = type(module).__name__
        self.revision = "object"
        self.precision = "fp32"
        self.lock = threading.RLock()
        self.labels = _named(labels, found.columns) if task == "classification" else ()
        self.link = "identity" if task == "classification" and found.columns == 1 else "softmax"
        self.limit = min(found.limit, 4096)
        self.starts_with = ()
        self.continuation = None
        self.offers = ALWAYS | ({"gradient", "attention"} - set(found.reasons))
        self.reasons = found.reasons
        self._found = found

    @property
    def caches(self) -> bool:
        return False

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters(), torch.empty(0)).device

    @property
    def size(self) -> Size:
        found = self._found
        hidden = self.embeddings.shape[1] if found.table else 512
        return Size(found.layers or 12, hidden, found.heads, found.vocabulary)

    @property
    def embeddings(self) -> Tensor:
        if not self._found.table:
            raise MethodUnavailableError(
                f"The embeddings of {self.key} cannot be reached: {self.reasons['gradient']}.", "Choose another method."
            )
        matrix: Tensor = self.network.get_parameter(self._found.table)
        return matrix

    @property
    def blocks(self) -> list[torch.nn.Module]:
        return []

    @property
    def weights(self) -> int:
        table = self.embeddings.numel() if self._found.table else 0
        return int(sum(parameter.numel() for parameter in self.network.parameters()) - table)

    def ordinary_ids(self, _inputs: Encoded | None = None) -> Ids:
        both = min(len(self.tokenizer), self._found.vocabulary)
        return np.setdiff1d(np.arange(both), self.tokenizer.all_special_ids)

    def embed(self, ids: np.ndarray) -> Tensor:
        return torch.nn.functional.embedding(torch.as_tensor(ids, device=self.device), self.embeddings)

    def logits(self, embeds: Tensor, positions: Tensor | None, past: Any = None, source: int = 0) -> Tensor:  # noqa: ARG002
        blank = torch.full(embeds.shape[:2], self._found.placeholder, dtype=torch.long, device=embeds.device)

        def run(rows: Any, length: int | None) -> Any:
            ids = blank[rows, :length].contiguous()
            with Lookups(ids, embeds[rows, :length]):
                return self.network(ids)

        return self._read(run, positions)

    def answers(self, ids: Ids, positions: Tensor | None, past: Any = None, source: int = 0) -> Tensor:  # noqa: ARG002
        tensor = torch.as_tensor(ids, device=self.device)
        return self._read(lambda rows, length: self.network(tensor[rows, :length].contiguous()), positions)

    def attentions(self, ids: np.ndarray, source: int = 0) -> list[Tensor]:  # noqa: ARG002
        if "attention" not in self.offers:
            raise MethodUnavailableError(f"{self.key} shows no attention weights.", "Choose another method.")
        with self.lock, torch.inference_mode(), self._autocast():
            output = self.network(torch.as_tensor(ids[None], device=self.device))
        layers = [layer for path in self._found.places.attentions for layer in layers_of(at(output, path), 1)]
        return [layer[0].float() for layer in layers]

    def _read(self, run: Callable[[Any, int | None], Any], positions: Tensor | None) -> Tensor:
        """Logits (batch, kept, vocabulary) at positions (batch, kept), or (batch, class)."""
        places = self._found.places
        with self.lock, self._autocast():
            if positions is None:
                return at(run(slice(None), None), places.logits).float()
            if not places.last:
                logits = at(run(slice(None), None), places.logits).float()
                return logits.gather(1, positions[..., None].expand(-1, -1, logits.shape[-1]))
            # It answers behind the last token only, so that it has to read each beginning by itself.
            found: dict[tuple[int, int], Tensor] = {}
            for last in sorted(set(positions.flatten().tolist())):
                rows, kept = (positions == last).nonzero(as_tuple=True)
                some = at(run(rows, last + 1), places.logits).float().reshape(len(rows), -1)
                found |= dict(zip(zip(rows.tolist(), kept.tolist(), strict=True), some, strict=True))
            batch, count = positions.shape
            return torch.stack([torch.stack([found[row, each] for each in range(count)]) for row in range(batch)])


def _named(labels: Sequence[str], columns: int) -> tuple[str, ...]:
    if labels and len(labels) != columns:
        raise OptionError(f"The module has {columns} classes, and {len(labels)} labels are given.")
    return tuple(map(str, labels)) if labels else tuple(map(str, range(columns)))
