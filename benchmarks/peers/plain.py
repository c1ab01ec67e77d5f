"""transformers and a loop: what people write themselves."""

from __future__ import annotations

from collections.abc import Callable

import torch
from cases import Case
from contest import Floats
from torch import Tensor


def leave_one_out(case: Case) -> Floats:
    """Scores (token,), one copy at a time."""
    count = len(case.players)
    keep = torch.cat([torch.ones(1, count, dtype=torch.bool), ~torch.eye(count, dtype=torch.bool)])
    with torch.no_grad():
        values = torch.stack([_value(case, ids[None])[0] for ids in case.filled(keep)])
    drops: Floats = (values[0] - values[1:]).double().numpy()
    return drops


def batched(case: Case, batch: int) -> Callable[[Tensor], Tensor]:
    """Values (coalition,) of coalitions (coalition, player), `batch` at a time: what a peer may be given."""

    def game(keep: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([_value(case, case.filled(rows)) for rows in torch.split(keep.bool(), batch)])

    return game


def _value(case: Case, ids: Tensor) -> Tensor:
    logits: Tensor = case.network(input_ids=ids).logits
    if case.model.task == "classification":
        return logits[:, case.target]
    return logits[:, -1].log_softmax(-1)[:, case.target]
