"""Copies of a network that share its weights until some are replaced: the model that others use never changes."""

from __future__ import annotations

import copy
import threading

import torch
from torch import Tensor, nn

from tokimp.models.text_model import TextModel

EMBEDDING_NAMES = ("emb", "shared", "wte", "wpe", "project_in")
POSITION_NAMES = ("position_embeddings", "wpe", "embed_positions")


def copied(model: TextModel) -> TextModel:
    """The model with modules and a lock of its own; weights are the same tensors."""
    network = model.network
    with model.lock:  # nothing is patched into the modules meanwhile
        shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
        other = copy.copy(model)
        other.network = copy.deepcopy(network, dict(shared))
    other.lock = threading.RLock()
    return other


def stages(model: TextModel) -> list[list[tuple[nn.Module, str]]]:
    """All weights as (module, name) from the output down: the head, each layer, the embeddings."""
    network = model.network
    blocks = list(dict.fromkeys(model.blocks))
    place = {id(module): i for i, block in enumerate(blocks) for module in block.modules()}
    found: list[list[tuple[nn.Module, str]]] = [[] for _ in range(len(blocks) + 2)]
    for path, module in network.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            if id(module) in place:
                stage = len(blocks) - place[id(module)]
            else:
                stage = len(blocks) + 1 if any(part in f"{path}.{name}" for part in EMBEDDING_NAMES) else 0
            found[stage].append((module, name))
    return found


def randomise(weights: list[tuple[nn.Module, str]], generator: torch.Generator) -> None:
    """Gives each of the weights new values: matrices normal ones of their own mean and spread, vectors shuffled."""
    for module, name in weights:
        old: Tensor = getattr(module, name)
        if old.ndim > 1:
            drawn = torch.randn(old.shape, generator=generator) * float(old.std()) + float(old.mean())
        else:
            drawn = old.cpu().flatten()[torch.randperm(old.numel(), generator=generator)].reshape(old.shape)
        setattr(module, name, nn.Parameter(drawn.to(old.device, old.dtype), requires_grad=False))


def shift(model: TextModel, by: Tensor) -> bool:
    """Adds `by` (hidden,) to every word's embedding and takes it off every position's; False where that cannot be.

    The head keeps its weights also where it shared them with the embeddings.
    """
    if "layers" not in model.offers:
        return False
    words = model.network.get_input_embeddings()
    positions = [
        module
        for path, module in model.network.named_modules()
        if path.rpartition(".")[2] in POSITION_NAMES and isinstance(module, nn.Embedding)
    ]
    if len(positions) != 1 or positions[0].weight.shape[1] != model.embeddings.shape[1]:
        return False
    moved = copy.deepcopy(words)
    moved.weight = nn.Parameter(model.embeddings + by, requires_grad=False)
    positions[0].weight = nn.Parameter(positions[0].weight - by, requires_grad=False)
    for module in list(model.network.modules()):
        for name, child in list(module.named_children()):
            if child is words:
                setattr(module, name, moved)
    return True
