"""A fine-tuned network as its difference from a body that is already at hand.

File format `tokimp-delta-1`, fp16 safetensors. With P a state-dict name of the task network:

    P                  the whole tensor, replaces the body's or adds what the body lacks
    P.left, P.right    (out, rank) and (rank, in): P is the body's tensor + left @ right

The body's own names get a prefix ("bert.") to become the task network's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

FORMAT = "tokimp-delta-1"
LEFT = ".left"
RIGHT = ".right"


def fold_delta(body: Mapping[str, Tensor], delta: Mapping[str, Tensor], prefix: str = "bert.") -> dict[str, Tensor]:
    """State dict of the task network, fp32, sharing no memory with `body` or `delta`.

    Integer buffers of the body (position ids) are left out.

    Raises:
        ValueError: half of a factor pair, a pair for a tensor that the body lacks, both a pair and
            a whole tensor, or shapes that do not fit.
    """
    folded = {
        prefix + name: tensor.to(torch.float32, copy=True)
        for name, tensor in body.items()
        if tensor.is_floating_point()
    }
    for key, tensor in delta.items():
        if key.endswith(LEFT):
            name = key[: -len(LEFT)]
            change = _change(name, folded, delta)
            folded[name] += change
        elif key.endswith(RIGHT):
            if key[: -len(RIGHT)] + LEFT not in delta:
                raise ValueError(f"{key} has no {LEFT} beside it.")
        else:
            _check_whole(key, tensor, folded, prefix)
            folded[key] = tensor.to(torch.float32, copy=True)
    return folded


def factor_delta(
    body: Mapping[str, Tensor],
    tuned: Mapping[str, Tensor],
    rank: Callable[[str], int] | int,
    whole: Callable[[str], bool],
    prefix: str = "bert.",
) -> dict[str, Tensor]:
    """The delta, fp16, from which `fold_delta` gets `tuned` back up to the ranks cut off.

    The change of a matrix is cut to its largest singular values (the best approximation of that
    rank in the Frobenius norm), each factor carrying their square root. Vectors, names that
    `whole` picks, and names that the body lacks are stored whole.

    Args:
        tuned: state dict of the task network; tied copies must have been left out.
        rank: of one name's change, or of all.

    Raises:
        ValueError: a matrix of `tuned` has another shape than the body's.
    """
    delta: dict[str, Tensor] = {}
    for name, tensor in tuned.items():
        if not tensor.is_floating_point():
            continue
        base = body.get(name[len(prefix) :]) if name.startswith(prefix) else None
        if base is None or tensor.ndim != 2 or whole(name):
            delta[name] = tensor.detach().to(torch.float16, copy=True)
            continue
        if base.shape != tensor.shape:
            raise ValueError(f"{name} is {tuple(tensor.shape)}, the body's is {tuple(base.shape)}.")
        wanted = rank if isinstance(rank, int) else rank(name)
        left, right = _cut(tensor.detach().float() - base.float(), wanted)
        delta[name + LEFT], delta[name + RIGHT] = left.half(), right.half()
    return delta


def _cut(change: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    root = s[:rank].sqrt()
    return (u[:, :rank] * root).contiguous(), (root[:, None] * v[:rank]).contiguous()


def _change(name: str, folded: Mapping[str, Tensor], delta: Mapping[str, Tensor]) -> Tensor:
    left, right = delta[name + LEFT], delta.get(name + RIGHT)
    if right is None:
        raise ValueError(f"{name}{LEFT} has no {RIGHT} beside it.")
    if name not in folded:
        raise ValueError(f"{name} is changed by the delta, but the body has no such tensor.")
    if name in delta:
        raise ValueError(f"{name} is both replaced and changed by the delta.")
    shape = tuple(folded[name].shape)
    fits = left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]
    if not fits or (left.shape[0], right.shape[1]) != shape:
        raise ValueError(f"{name}: {tuple(left.shape)} @ {tuple(right.shape)} does not give the body's {shape}.")
    return left.float() @ right.float()


def _check_whole(name: str, tensor: Tensor, folded: Mapping[str, Tensor], prefix: str) -> None:
    if name in folded:
        if folded[name].shape != tensor.shape:
            raise ValueError(f"{name} is {tuple(tensor.shape)}, the body's is {tuple(folded[name].shape)}.")
    elif name.startswith(prefix):
        raise ValueError(f"{name} is replaced by the delta, but the body has no such tensor.")
