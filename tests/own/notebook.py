"""A decoder as course notebooks write it, in plain PyTorch, and a tokenizer of characters."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """Pre-norm attention and feed-forward, GPT-2's arithmetic."""

    def __init__(self, hidden: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.up, self.down = nn.Linear(hidden, inner), nn.Linear(inner, hidden)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch, length, hidden = x.shape
        parts = self.qkv(self.first(x)).split(hidden, dim=-1)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        scores = query @ key.transpose(-1, -2) / math.sqrt(hidden // self.heads)
        seen = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        weights = scores.masked_fill(~seen, -math.inf).softmax(-1)
        x = x + self.out((weights @ value).transpose(1, 2).reshape(batch, length, hidden))
        return x + self.down(functional.gelu(self.up(self.second(x)), approximate="tanh")), weights


class Decoder(nn.Module):
    """forward(ids, targets) → (logits, loss, attention weights), as `returns` orders them."""

    def __init__(
        self, vocabulary: int, hidden: int = 16, heads: int = 2, layers: int = 2, block: int = 24, returns: str = "lwa"
    ) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, hidden), nn.Embedding(block, hidden)
        self.dropout = nn.Dropout(0.3)
        self.blocks = nn.ModuleList(Block(hidden, heads, 4 * hidden) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(hidden), nn.Linear(hidden, vocabulary, bias=False)
        self.returns = returns

    def forward(self, ids: Tensor, targets: Tensor | None = None) -> Any:
        x = self.dropout(self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device)))
        attentions = []
        for block in self.blocks:
            x, weights = block(x)
            attentions.append(weights)
        logits = self.head(self.norm(x[:, -1:] if "1" in self.returns else x))
        loss = None if targets is None else functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        parts = {"l": logits, "1": logits, "w": loss, "a": attentions, "s": torch.stack(attentions)}
        found = tuple(parts[each] for each in self.returns)
        return found[0] if len(found) == 1 else found


class Letters:
    """stoi and itos."""

    def __init__(self, letters: str) -> None:
        self.itos = sorted(letters)
        self.stoi = {letter: i for i, letter in enumerate(self.itos)}

    def __len__(self) -> int:
        return len(self.itos)

    def encode(self, text: str) -> list[int]:
        return [self.stoi[letter] for letter in text]

    def decode(self, ids: list[int]) -> str:
        return "".join(self.itos[id_] for id_ in ids)


def like_gpt2(network: Any) -> Decoder:
    """The same weights as transformers' GPT-2 of these sizes."""
    config, body = network.config, network.transformer
    inner = config.n_inner or 4 * config.n_embd
    made = Decoder(config.vocab_size, config.n_embd, config.n_head, config.n_layer, config.n_positions)
    made.words.weight.data = body.wte.weight.data.clone()
    made.positions.weight.data = body.wpe.weight.data.clone()
    made.head.weight.data = network.lm_head.weight.data.clone()
    made.norm.load_state_dict(body.ln_f.state_dict())
    for ours, theirs in zip(made.blocks, body.h, strict=True):
        block: Any = ours
        assert block.up.weight.shape[0] == inner
        block.first.load_state_dict(theirs.ln_1.state_dict())
        block.second.load_state_dict(theirs.ln_2.state_dict())
        pairs = ((block.qkv, theirs.attn.c_attn), (block.out, theirs.attn.c_proj))
        for linear, conv in (*pairs, (block.up, theirs.mlp.c_fc), (block.down, theirs.mlp.c_proj)):
            linear.weight.data, linear.bias.data = conv.weight.data.T.clone(), conv.bias.data.clone()
    return made
