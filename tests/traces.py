"""What explaining might leave behind in a model: compared before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from tokimp.models.text_model import TextModel

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def fingerprint(model: TextModel) -> dict[str, Any]:
    """Weights, hooks, patches, flags, configuration, tokenizer and the process's random states."""
    network = model.network
    weights = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        weights.update(name.encode() + tensor.detach().numpy().tobytes())
    modules = dict(network.named_modules())
    return {
        "weights": weights.hexdigest(),
        "hooks": {f"{name}.{kind}": len(getattr(module, kind)) for name, module in modules.items() for kind in HOOKS},
        "patches": {name: sorted(vars(module)) for name, module in modules.items()},
        "training": {name: module.training for name, module in modules.items()},
        "gradients": [(each.requires_grad, each.grad is None) for each in network.parameters()],
        "config": network.config.to_dict(),
        "attention": {name: _attention(module) for name, module in modules.items()},
        "tokenizer": model.tokenizer.backend_tokenizer.to_str(),
        "vocabulary": len(model.tokenizer),
        "facts": {name: value for name, value in vars(model).items() if name not in ("network", "tokenizer", "lock")},
        "torch": torch.random.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),
        "grad mode": torch.is_grad_enabled(),
    }


@contextmanager
def no_trace(model: TextModel) -> Iterator[None]:
    """Fails where what happens inside leaves a trace in the model, also when it raises."""
    before = fingerprint(model)
    try:
        yield
    finally:
        after = fingerprint(model)
        assert {key for key in before if before[key] != after[key]} == set()
        assert model.lock.acquire(blocking=False)
        model.lock.release()


def _attention(module: torch.nn.Module) -> str | None:
    config = getattr(module, "config", None)
    return getattr(config, "_attn_implementation", None)
