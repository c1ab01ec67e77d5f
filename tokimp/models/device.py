"""Where networks run, in which precision, and how much memory there is: the one place that picks."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

try:
    import spaces  # ZeroGPU's package asks to be imported before torch
except ImportError:
    spaces = None

import torch

Function = TypeVar("Function", bound=Callable[..., Any])

UNKNOWN_MEMORY = 8 * 1024**3
# Weights are held once in fp32; the rest is for activations, gradients and what loading needs for a moment.
HEADROOM = 1.3
BYTES_EACH = 4


@dataclass(frozen=True, slots=True)
class Placement:
    """Device and precision that a network is loaded into."""

    device: torch.device
    dtype: torch.dtype


def placement() -> Placement:
    """CUDA (ZeroGPU shows itself as CUDA), else MPS, else the CPU; fp32 on all of them.

    Half precision flips a few per cent of the predictions and blurs gradients.
    """
    if torch.cuda.is_available():
        return Placement(torch.device("cuda"), torch.float32)
    if torch.backends.mps.is_available():
        return Placement(torch.device("mps"), torch.float32)
    return Placement(torch.device("cpu"), torch.float32)


def gpu(function: Function) -> Function:
    """`spaces.GPU` on a ZeroGPU Space, else the function itself."""
    if spaces is None:
        return function
    decorated: Function = spaces.GPU(function)
    return decorated


def total_memory() -> int:
    """Bytes of memory that this process could ever have: the machine's, or its container's limit."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        machine = UNKNOWN_MEMORY
    limit = _container_limit()
    return machine if limit is None else min(machine, limit)


def free_memory() -> int:
    """Bytes that new weights can take: the machine's available memory, the room left in the container, or the GPU's."""
    if torch.cuda.is_available():
        with suppress(RuntimeError):  # ZeroGPU shows a GPU that may only be asked inside `gpu` functions
            return int(torch.cuda.mem_get_info()[0])
    free = _meminfo("MemAvailable")
    if free is None:
        free = total_memory() // 2
    limit = _container_limit()
    return free if limit is None else max(0, min(free, limit - _container_use()))


def fits(parameters: int) -> bool:
    """Whether that many parameters can be held in fp32 and worked with now."""
    return parameters * BYTES_EACH * HEADROOM <= free_memory()


def largest_fitting() -> int:
    """Number of parameters of the largest network that would fit now."""
    return int(free_memory() / (BYTES_EACH * HEADROOM))


def _meminfo(field: str) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return None


CONTAINER = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)


def _container_limit() -> int | None:
    for limit, _, _ in CONTAINER:
        with suppress(OSError, ValueError):  # "max" where there is none
            return int(Path(limit).read_text())
    return None


def _container_use() -> int:
    """Bytes in use in the container, without the file cache, which gives way."""
    for _, usage, stat in CONTAINER:
        with suppress(OSError, ValueError):
            lines = (line.split() for line in Path(stat).read_text().splitlines())
            reclaimable = {name: int(value) for name, value in lines}.get("inactive_file", 0)
            return int(Path(usage).read_text()) - reclaimable
    return 0
