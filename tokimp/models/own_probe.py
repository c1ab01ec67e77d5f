"""What a module can do, found out by calling it a few times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import OptionError, UnsupportedModelError
from tokimp.models.lookups import Lookups
from tokimp.models.own_outputs import Places, Shape, at, layers_of, places_in
from tokimp.models.own_tokenizers import OwnTokenizer
from tokimp.types import Task

BATCH, LENGTH = 3, 7
MOST_TOKENS = 4096
SLOW = 0.5  # seconds of a pass after which no longer one is tried
SAME = 1e-3  # of the spread of logits: more than rounding, less than what another token does
TOKENS = 2  # ids below are often those of padding or of segments

Call = Callable[[Tensor], Any]


@dataclass
class Found:
    """places: where its output has what; table: path of the embedding matrix, "" where it cannot be replaced;
    placeholder: the id that stands for all where embeddings are given; reasons: why something is not offered."""

    places: Places
    columns: int
    vocabulary: int
    limit: int
    table: str = ""
    placeholder: int = TOKENS
    layers: int = 0
    heads: int = 1
    reasons: dict[str, str] = field(default_factory=dict)


def probe(module: torch.nn.Module, tokenizer: Any, task: Task, limit: int | None, classes: int) -> Found:
    """Calls the module with made-up ids.

    Cost: about ten passes of 21 tokens, and as many longer ones for the limit until one takes half a second.

    Raises:
        UnsupportedModelError: it takes no ids (batch, token), returns no logits, answers the same ids in
            different ways, lets the texts of a batch mix, or predicts a token after it has seen it.
    """
    device = next(module.parameters(), torch.empty(0)).device
    lookups = Lookups(torch.zeros(1, 2, dtype=torch.long, device=device))
    _called(module, lookups, torch.zeros(1, 2, dtype=torch.long, device=device))
    rows = len(lookups.tables[0]) if lookups.tables else 0
    vocabulary = _vocabulary(tokenizer, rows)
    least, rng = min(TOKENS, vocabulary - 1), np.random.default_rng(0)
    ids = torch.as_tensor(rng.integers(least, vocabulary, (BATCH, min(LENGTH, limit or LENGTH))), device=device)
    lookups = Lookups(ids)
    output = _called(module, lookups, ids)
    places = places_in(output, Shape(ids.shape[0], ids.shape[1], rows or vocabulary), task, classes)
    logits = at(output, places.logits).float()
    _check_calls(lambda some: at(module(some), places.logits).float(), ids, logits, places.last, task, vocabulary)
    found = Found(places, logits.shape[-1], rows or vocabulary, limit or 0, placeholder=least)
    _find_attentions(found, output)
    _find_table(found, module, lookups, ids, logits)
    found.limit = limit or _limit(module, found, ids)
    return found


def _called(module: torch.nn.Module, lookups: Lookups, ids: Tensor) -> Any:
    try:
        with torch.inference_mode(), lookups:
            return module(ids)
    except Exception as error:
        raise UnsupportedModelError(
            f"This module cannot be called with ids {tuple(ids.shape)}: {type(error).__name__}: {error}",
            "It must take a tensor of ids (batch, token) and nothing else; wrap it in one that does.",
        ) from error


def _vocabulary(tokenizer: Any, rows: int) -> int:
    if isinstance(tokenizer, OwnTokenizer) and rows:
        tokenizer.told_size(rows)
    vocabulary = min(len(tokenizer), rows) if rows else len(tokenizer)
    if vocabulary < TOKENS:
        raise OptionError("This tokenizer has fewer than two tokens.")
    return vocabulary


def _check_calls(run: Call, ids: Tensor, logits: Tensor, last: bool, task: Task, vocabulary: int) -> None:
    """Raises UnsupportedModelError where the same ids, alone or in company, or later ones, change an answer."""
    near = SAME * max(float(logits.std()), 1e-6)

    def same(one: Tensor, other: Tensor) -> bool:
        return one.shape == other.shape and bool(((one - other).abs() <= near).all())

    with torch.inference_mode():
        if not bool(logits.isfinite().all()):
            raise UnsupportedModelError("This module's logits are not all finite numbers.", "Look at its weights.")
        if not same(run(ids), logits):
            raise UnsupportedModelError(
                "This module gives other answers to the same ids.", "Switch its dropout off: model.eval() must do it."
            )
        if not same(run(ids[-1:]), logits[-1:]):
            raise UnsupportedModelError(
                "What this module answers to a text depends on the others in its batch.",
                "It must take ids (batch, token), not (token, batch), and see each row alone.",
            )
        if task == "next-token" and not last and ids.shape[1] > 1:
            other = ids.clone()
            other[:, -1] = (other[:, -1] + 1) % vocabulary
            if not same(run(other)[:, :-1], logits[:, :-1]):
                raise UnsupportedModelError(
                    "This module's next tokens depend on tokens that come later, so it does not predict them.",
                    'Give it a causal mask; if it fills masks, load it with task="masked-lm".',
                )


def _find_attentions(found: Found, output: Any) -> None:
    if not found.places.attentions:
        found.reasons["attention"] = "its output has none whose rows sum to 1"
        return
    layers = [layer for path in found.places.attentions for layer in layers_of(at(output, path), BATCH)]
    found.layers, found.heads = len(layers), int(layers[0].shape[1])


def _find_table(found: Found, module: torch.nn.Module, lookups: Lookups, ids: Tensor, logits: Tensor) -> None:
    """Whether other embeddings can stand for those of the ids, and gradients come back to them."""
    paths = {id(parameter): path for path, parameter in module.named_parameters()}
    reason = ""
    if not lookups.tables:
        reason = "it looks its ids up in no embedding table"
    elif len(lookups.tables) > 1:
        reason = "it looks its ids up more than once"
    elif id(lookups.tables[0]) not in paths:
        reason = "its embedding table is no parameter"
    elif not _replaceable(found, module, lookups.tables[0], ids, logits):
        reason = "it needs its ids for more than their embeddings"
    elif not _differentiable(found, module, lookups.tables[0], ids):
        reason = "its forward pass keeps none"
    if reason:
        found.reasons["gradient"] = reason
    else:
        found.table = paths[id(lookups.tables[0])]


def _replaceable(found: Found, module: torch.nn.Module, table: Tensor, ids: Tensor, logits: Tensor) -> bool:
    blank = torch.full_like(ids, found.placeholder)
    try:
        with torch.inference_mode(), Lookups(blank, torch.nn.functional.embedding(ids, table)):
            other = at(module(blank), found.places.logits).float()
    except Exception:  # whatever a module's own code raises
        return False
    return bool(((other - logits).abs() <= SAME * max(float(logits.std()), 1e-6)).all())


def _differentiable(found: Found, module: torch.nn.Module, table: Tensor, ids: Tensor) -> bool:
    blank = torch.full_like(ids, found.placeholder)
    embeds = torch.nn.functional.embedding(ids, table).detach().requires_grad_(True)
    try:
        with torch.enable_grad(), Lookups(blank, embeds):
            value = at(module(blank), found.places.logits).float().sum()
        torch.autograd.grad(value, embeds)
    except Exception:
        return False
    return True


def _limit(module: torch.nn.Module, found: Found, ids: Tensor) -> int:
    """The longest text that the module takes, tried out by doubling and then halving the step."""

    def fits(length: int) -> bool:
        longer = ids[:1, :1].repeat(1, length)
        try:
            with torch.inference_mode(), Lookups(longer):
                output = at(module(longer), found.places.logits)
        except Exception:
            return False
        return found.places.last or output.ndim == 2 or output.shape[1] == length

    known, start = ids.shape[1], time.perf_counter()
    while known < MOST_TOKENS and time.perf_counter() - start < SLOW:
        start = time.perf_counter()
        if not fits(min(2 * known, MOST_TOKENS)):
            return _between(fits, known, min(2 * known, MOST_TOKENS))
        known = min(2 * known, MOST_TOKENS)
    return MOST_TOKENS


def _between(fits: Callable[[int], bool], fitting: int, failing: int) -> int:
    while failing - fitting > 1:
        middle = (fitting + failing) // 2
        fitting, failing = (middle, failing) if fits(middle) else (fitting, middle)
    return fitting
