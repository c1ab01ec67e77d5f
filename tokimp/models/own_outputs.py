"""Where in what a module returns its logits and attention weights are: told by name, shape and sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from tokimp.errors import UnsupportedModelError
from tokimp.types import Task

Path = tuple[tuple[str, Any], ...]
ROUNDING = 1e-3


class Shape(NamedTuple):
    """Of the ids that a module was called with; vocabulary: how many ids there are."""

    batch: int
    length: int
    vocabulary: int


class Places(NamedTuple):
    """Paths into an output. last: logits are those of the last position alone."""

    logits: Path
    last: bool
    attentions: tuple[Path, ...]


def places_in(output: Any, shape: Shape, task: Task, classes: int) -> Places:
    """Where what is needed stands.

    Raises:
        UnsupportedModelError: there are no logits in it.
    """
    found = dict(_tensors(output))
    attentions = tuple(path for path, tensor in found.items() if _is_attention(tensor, shape))
    rest = {path: tensor for path, tensor in found.items() if path not in attentions and tensor.is_floating_point()}
    fitting = {path: kind for path, tensor in rest.items() if (kind := _kind(tensor, shape, task)) is not None}
    if not fitting:
        wanted = "(batch, class)" if task == "classification" else "(batch, token, vocabulary)"
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in found.values()) or "no tensor"
        raise UnsupportedModelError(
            f"This module returns no logits {wanted}: for ids {shape[:2]} it gave {shapes}.",
            "Let it return them alone, in a tuple, or as `.logits`.",
        )
    wide = classes if task == "classification" else shape.vocabulary

    def fit(path: Path) -> tuple[bool, bool, bool]:
        named = bool(path) and path[-1][1] == "logits"
        return named, rest[path].shape[-1] == wide, fitting[path] == "all"

    best = max(fitting, key=fit)
    return Places(best, fitting[best] == "last", attentions)


def at(output: Any, path: Path) -> Tensor:
    """The tensor there."""
    for kind, name in path:
        output = getattr(output, name) if kind == "attribute" else output[name]
    found: Tensor = output
    return found


def layers_of(attention: Tensor, batch: int) -> list[Tensor]:
    """Layers (batch, head, query, key) of one tensor, which has one of them, or all, with or without heads."""
    if attention.ndim == 3:
        return [attention[:, None]]
    if attention.ndim == 4:
        return [attention] if attention.shape[0] == batch else [layer[:, None] for layer in attention]
    return list(attention) if attention.shape[1] == batch else list(attention.transpose(0, 1))


def _tensors(output: Any, path: Path = ()) -> Iterator[tuple[Path, Tensor]]:
    if isinstance(output, Tensor):
        yield path, output
    elif isinstance(output, Mapping):
        for name, each in output.items():
            yield from _tensors(each, (*path, ("item", name)))
    elif isinstance(output, list | tuple):
        for place, each in enumerate(output):
            yield from _tensors(each, (*path, ("item", place)))
    elif hasattr(output, "__dict__"):
        for name, each in vars(output).items():
            yield from _tensors(each, (*path, ("attribute", name)))


def _kind(tensor: Tensor, shape: Shape, task: Task) -> str | None:
    """ "all" for logits of every position or of the classes, "last" for those of the last position, or None."""
    if tensor.ndim < 2 or tensor.shape[0] != shape.batch or (tensor.shape[-1] < 2 and task != "classification"):
        return None
    if task == "classification":
        return "all" if tensor.ndim == 2 else None
    if tensor.ndim == 3 and tensor.shape[1] == shape.length:
        return "all"
    alone = tensor.ndim == 2 or (tensor.ndim == 3 and tensor.shape[1] == 1)
    return "last" if alone and task == "next-token" else None


def _is_attention(tensor: Tensor, shape: Shape) -> bool:
    """Whether rows over keys sum to 1."""
    square = tensor.shape[-2:] == (shape.length, shape.length)
    if not square or not 3 <= tensor.ndim <= 5 or not tensor.is_floating_point() or shape.batch not in tensor.shape[:2]:
        return False
    sums = tensor.float().sum(-1)
    return bool((tensor >= 0).all() and ((sums - 1).abs() <= ROUNDING).all())
