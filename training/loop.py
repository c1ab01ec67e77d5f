"""The training loop that both models share: batches of like length, warm-up, checkpoints."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer


@dataclass(frozen=True, slots=True)
class Schedule:
    steps: int
    batch: int
    warmup: float = 0.1  # share of all steps in which the rate rises to its peak
    decay: float = 0.9  # share of all steps, the last ones, in which it falls to zero
    clip: float = 1.0
    seed: int = 0
    checkpoint_seconds: float = 180.0


def batches(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """Every index once; within a batch the lengths are alike, so little is spent on padding."""
    draw = random.Random(seed)
    order = list(range(len(lengths)))
    draw.shuffle(order)
    pool = 50 * size
    grouped: list[list[int]] = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lengths.__getitem__)
        grouped += [near[first : first + size] for first in range(0, len(near), size)]
    draw.shuffle(grouped)
    return grouped


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """ids (row, token) filled up with 0, and the mask of what is real (row, token)."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    return ids, (torch.arange(width)[None] < torch.tensor([len(row) for row in rows])[:, None]).long()


class Trained:
    """What is trained: named parameters and their optimizer, saved and resumed together."""

    def __init__(self, parameters: dict[str, torch.nn.Parameter], optimizer: Optimizer, checkpoint: Path) -> None:
        self.parameters = parameters
        self.optimizer = optimizer
        self.checkpoint = checkpoint
        self.rates = [group["lr"] for group in optimizer.param_groups]

    def resume(self) -> int:
        """The number of steps already done; 0 without a checkpoint."""
        if not self.checkpoint.is_file():
            return 0
        saved = torch.load(self.checkpoint, weights_only=True)
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(saved["parameters"][name])
        self.optimizer.load_state_dict(saved["optimizer"])
        return int(saved["step"])

    def save(self, step: int) -> None:
        state = {"step": step, "parameters": self.parameters, "optimizer": self.optimizer.state_dict()}
        unfinished = self.checkpoint.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(self.checkpoint)


def train(
    trained: Trained, lengths: Sequence[int], loss_of: Callable[[list[int], int], Tensor], schedule: Schedule
) -> None:
    """Runs the schedule, from the checkpoint if there is one.

    Args:
        loss_of: mean loss of the rows with these indices; the second argument, the step, seeds
            whatever is drawn at random, so that a resumed run goes on as the first would have.
    """
    plan = list(islice(_plan(lengths, schedule), schedule.steps))
    done = trained.resume()
    warm, falling = (max(1, round(share * len(plan))) for share in (schedule.warmup, schedule.decay))
    weights = list(trained.parameters.values())
    saved = shown = time.monotonic()
    running = 0.0
    for step in range(done, len(plan)):
        factor = min((step + 1) / warm, 1.0, (len(plan) - step) / falling)
        for group, rate in zip(trained.optimizer.param_groups, trained.rates, strict=True):
            group["lr"] = rate * factor
        loss = loss_of(plan[step], step)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, schedule.clip)
        trained.optimizer.step()
        trained.optimizer.zero_grad(set_to_none=True)
        running = loss.item() if step == done else 0.98 * running + 0.02 * loss.item()
        now = time.monotonic()
        if now - shown > 20:
            shown = now
            print(f"step {step + 1} of {len(plan)}, loss {running:.4f}", flush=True)
        if now - saved > schedule.checkpoint_seconds:
            saved = now
            trained.save(step + 1)
    trained.save(len(plan))


def _plan(lengths: Sequence[int], schedule: Schedule) -> Iterator[list[int]]:
    for epoch in count():
        yield from batches(lengths, schedule.batch, schedule.seed + epoch)
