"""A tiny GPT-2 in which it is known which token soaks up attention, and what that attention carries."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from tests.models import tiny
from tokimp.models.text_model import TextModel

TEXT = "the film was not bad and the girl"
PULL = 100.0
HEADS, SIZE, HIDDEN = 4, 8, 32

Plant = Literal["sink", "valve", "cause"]


def planted(kind: Plant, text: str = TEXT, token: int = 0) -> TextModel:
    """Three of four heads look at one token of the text, wherever they can see it; the fourth never does.

    "sink": these heads carry nothing, from no token. "valve": they carry nothing from this token, and
    would from others. "cause": they carry much from this token. There are no positions, so that taking
    a token away moves nothing else.
    """
    model = tiny("gpt2", "next-token")
    body = model.network.base_model
    ids = torch.as_tensor(model.encode(text).ids)
    body.wpe.weight.data.zero_()
    for block in body.h:
        looked_at = _normed(model, block, ids[: token + 1])[token]
        weight, bias = block.attn.c_attn.weight.data, block.attn.c_attn.bias.data  # x W + b; W (hidden, 3 · hidden)
        values = weight[:, 2 * HIDDEN :]
        weight[:, : 2 * HIDDEN] = 0
        bias.zero_()
        for head in range(HEADS):
            sign = -1.0 if head == HEADS - 1 else 1.0
            bias[head * SIZE] = 1.0  # each query is the same
            weight[:, HIDDEN + head * SIZE] = sign * PULL * looked_at / (looked_at @ looked_at)
        heads = slice(0, (HEADS - 1) * SIZE)
        if kind == "sink":
            values[:, heads] = 0
        elif kind == "valve":
            values[:, heads] *= 20
            values[:, heads] -= torch.outer(looked_at, looked_at @ values[:, heads]) / (looked_at @ looked_at)
        else:
            values[:, heads] *= 20
    return model


def _normed(model: TextModel, block: torch.nn.Module, ids: Tensor) -> Tensor:
    """What the block's attention gets (token, hidden), with the blocks before it as they are by now."""
    seen: list[Tensor] = []
    handle = block.get_submodule("ln_1").register_forward_hook(lambda _module, _inputs, out: seen.append(out[0]))
    with torch.no_grad():
        model.network(input_ids=ids[None], use_cache=False)
    handle.remove()
    return seen[0]
