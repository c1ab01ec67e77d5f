"""A network with its tokenizer: holds weights, never a result."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import OptionError, UnsupportedModelError
from tokimp.models.architectures import architecture_of
from tokimp.models.encoder_decoder import Source, decoder_start, raw_scale
from tokimp.models.fusing import eager, fused
from tokimp.models.source_memory import SourceMemory
from tokimp.models.tokens import (
    Encoded,
    Ids,
    check_ids,
    check_room,
    encode_text,
    is_templated,
    with_generated,
    with_roles,
)
from tokimp.models.traits import Link, Size, Traits
from tokimp.types import PRECISIONS, Precision, Role, Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from transformers.cache_utils import Cache

    from tokimp.models.continuing import Continuation


class TextModel(Traits):
    """Explaining never changes a `TextModel`; whatever is temporary happens under its `lock` and is undone.

    labels: class names (empty unless classification); limit: tokens that fit, with an encoder into each of the text
    and the answer; starts_with: ids that a decoder begins with where an encoder reads the text (none without one).
    """

    def __init__(
        self,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        task: Task,
        key: str,
        revision: str,
    ) -> None:
        self.architecture = architecture_of(network.config, task)
        self.network = network.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.task = task
        self.key = key
        self.revision = revision
        self.precision: Precision = "fp32"
        self.lock = threading.RLock()
        self.labels = _labels(network) if task == "classification" else ()
        self.link = _link(network, task)
        self.limit = _limit(network, self.architecture.reserved_positions)
        self.starts_with = decoder_start(network, tokenizer) if self.architecture.encoder else ()
        self.continuation: Continuation | None = None

    def __repr__(self) -> str:
        return f"TextModel({self.key!r}, task={self.task!r}, {self.architecture.title})"

    def computing_in(self, precision: Precision) -> TextModel:
        """The same network under the same lock, computing in that precision; weights stay as they are."""
        if precision not in PRECISIONS:
            raise OptionError(f"There is no precision {precision!r}.", f"There are: {', '.join(PRECISIONS)}.")
        other = copy.copy(self)
        other.precision, other.sources = precision, None
        return other

    def answering(self, continuation: Continuation) -> TextModel:
        """The same network, which reads the tokens of one answer together wherever copies are scored for them."""
        other = copy.copy(self)
        other.continuation = continuation
        return other

    def remembering(self) -> TextModel:
        """The same network, which keeps what its encoder makes of texts wherever copies are scored for one question."""
        other = copy.copy(self)
        other.sources = SourceMemory()
        return other

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.device
        return device

    @property
    def size(self) -> Size:
        config = self.network.config
        heads = int(getattr(config, "num_attention_heads", 16))
        layers = len(self.blocks) if self.architecture.encoder else int(config.num_hidden_layers)
        return Size(layers, self.embeddings.shape[1], heads, self.embeddings.shape[0])

    @property
    def embeddings(self) -> Tensor:
        """The embedding matrix (vocabulary, hidden)."""
        weight = self.network.get_input_embeddings().weight
        if not isinstance(weight, Tensor):
            raise UnsupportedModelError("This network has no embedding matrix.")
        return weight

    @property
    def blocks(self) -> list[torch.nn.Module]:
        """The network's layers in the order in which they run; a layer that is run again stands there again.

        An encoder's stand before its decoder's.
        """
        found = list(self.network.base_model.get_submodule(self.architecture.blocks).children())
        if self.architecture.encoder:
            return [*self._encoder_blocks, *found]
        count = int(self.network.config.num_hidden_layers)
        return [found[i * len(found) // count] for i in range(count)]

    @property
    def encoder_layers(self) -> int:
        """How many of the layers are an encoder's, whose decoder has the others; 0 without an encoder."""
        return len(self._encoder_blocks) if self.architecture.encoder else 0

    @property
    def _encoder_blocks(self) -> list[torch.nn.Module]:
        return list(self.network.base_model.get_submodule(self.architecture.encoder).children())

    def encode(
        self, text: str, limit: int | None = None, generated: Sequence[int] = (), roles: Sequence[Role] = ()
    ) -> Encoded:
        """The text's tokens, at most `limit` (and never more than the model takes), and ids generated behind them.

        With an encoder, the text and the answer, with what the decoder begins with, may have as many each.

        Raises:
            EmptyTextError, TextTooLongError, OptionError: a model that writes no text has nothing generated;
                an id that is none.
        """
        most = self.limit if limit is None else min(limit, self.limit)
        inputs = encode_text(self.tokenizer, text, most, self.task == "masked-lm", is_templated(roles))
        if generated and not self.architecture.writes:
            raise OptionError(f"{self.key} writes no text.", "Only next-token and seq2seq models go on writing.")
        check_ids(generated, self.size.vocabulary)
        if self.architecture.writes and (generated or self.starts_with):
            inputs = with_generated(self.tokenizer, inputs, generated, self.starts_with)
            check_room(inputs, most)
        if int(inputs.ids.max()) >= self.size.vocabulary:
            raise UnsupportedModelError("The tokenizer has tokens that the model has no embedding for.")
        return with_roles(inputs, roles)

    def embed(self, ids: np.ndarray) -> Tensor:
        """Word embeddings (…, token, hidden) of ids (…, token), as the network's first layer gets them."""
        embedded: Tensor = self.network.get_input_embeddings()(torch.as_tensor(ids, device=self.device))
        return embedded

    def encoded(self, embeds: Tensor) -> Tensor:
        """What the encoder hands on to its decoder (copy, token, hidden), of embeds (copy, token, hidden)."""
        seen = torch.ones(embeds.shape[:2], dtype=torch.long, device=embeds.device)
        with self.lock, self._autocast():
            read = self.network.get_encoder()(inputs_embeds=embeds * raw_scale(self.network), attention_mask=seen)
        states: Tensor = read.last_hidden_state
        return states

    def answers(
        self, ids: Ids, positions: Tensor | None, past: Cache | Source | None = None, source: int = 0
    ) -> Tensor:
        """`logits` of ids (batch, token): what a model without embeddings has, too."""
        return self.logits(self.embed(ids), positions, past, source)

    def logits(
        self, embeds: Tensor, positions: Tensor | None, past: Cache | Source | None = None, source: int = 0
    ) -> Tensor:
        """Output of the head, only where asked.

        embeds (batch, token, hidden) → (batch, kept, vocabulary) at positions (batch, kept) of
        embeds, or (batch, class) for classification, where `positions` is None. `past` is what stands
        before embeds. Copies in a batch have the same length; a decoder's may have anything behind
        the positions asked for, which it does not see. The first `source` embeds are an encoder's, unless
        `past` is what it made of them.
        Differentiable in `embeds`.
        """
        before = 0 if past is None else past.get_seq_length()
        with self.lock, self._autocast(), fused(self.network, before + embeds.shape[1]):
            inputs = self._inputs(embeds, past, source)
            if positions is None:
                logits = self.network(**inputs).logits
            else:
                with _keeping(self._body(), positions - source):
                    logits = self.network(**inputs).logits
            full: Tensor = logits.float()
            return full

    def extend(self, past: Cache | Source, embeds: Tensor) -> None:
        """Runs a decoder's tokens embeds (1, token, hidden) behind `past`, which then holds them too."""
        length = past.get_seq_length() + embeds.shape[1]
        with self.lock, self._autocast(), torch.inference_mode(), fused(self.network, length):
            self.network.base_model(**self._inputs(embeds, past))

    def _body(self) -> torch.nn.Module:
        """What hands its hidden states to the head: in OPT, a part of what transformers calls the base model."""
        body: torch.nn.Module = self.network.base_model
        inner = self.architecture.blocks.rpartition(".")[0] if self.architecture.writes else ""
        return body.get_submodule(inner)

    def _inputs(self, embeds: Tensor, past: Cache | Source | None, source: int = 0) -> dict[str, Any]:
        batch, length = embeds.shape[:2]
        if isinstance(past, Source):
            return {**past.inputs(batch), "decoder_inputs_embeds": embeds}
        if source:
            seen = torch.ones(batch, source, dtype=torch.long, device=embeds.device)
            read = embeds[:, :source] * raw_scale(self.network)
            texts = {"inputs_embeds": read, "decoder_inputs_embeds": embeds[:, source:]}
            return {**texts, "attention_mask": seen, "use_cache": False}
        before = 0 if past is None else past.get_seq_length()
        mask = torch.ones(batch, before + length, dtype=torch.long, device=embeds.device)
        inputs: dict[str, Any] = {"inputs_embeds": embeds, "attention_mask": mask}
        if self.architecture.decoder:
            inputs |= {"past_key_values": past, "use_cache": past is not None}
        return inputs

    def _autocast(self) -> AbstractContextManager[object]:
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def attentions(self, ids: np.ndarray, source: int = 0) -> list[Tensor]:
        """Attention weights [layer] (head, query, key) of one text's ids (token,).

        With an encoder [attention], in the order in which they run: its layers', then of each decoder layer
        that to its own tokens and that to the source (cross-attention).
        """
        embeds = self.embed(ids)[None]
        with self.lock, torch.inference_mode(), self._autocast(), eager(self.network), _capturing(self.network):
            outputs = self.network.base_model(**self._inputs(embeds, None, source), output_attentions=True)
        if not source:
            return [layer[0].float() for layer in outputs.attentions]
        decoding = zip(outputs.decoder_attentions, outputs.cross_attentions, strict=True)
        return [each[0].float() for each in (*outputs.encoder_attentions, *(one for both in decoding for one in both))]


@contextmanager
def _keeping(body: torch.nn.Module, positions: Tensor) -> Iterator[None]:
    """While open, the body hands only the hidden states at positions (batch, kept) on to its head.

    Heads of language models work on each position alone, so this saves the vocabulary-sized output of the rest.
    """

    def keep(_module: torch.nn.Module, _inputs: Any, outputs: Any) -> Any:
        hidden = outputs.last_hidden_state  # (batch, token, hidden)
        index = positions[..., None].expand(-1, -1, hidden.shape[-1])
        outputs["last_hidden_state"] = hidden.gather(1, index)
        return outputs

    handle = body.register_forward_hook(keep)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _capturing(network: PreTrainedModel) -> Iterator[None]:
    """While open, inner values can be asked for; the hooks that transformers installs for that go again."""
    mark = "_output_capturing_hooks_installed"
    before = {module: (set(module._forward_hooks), mark in vars(module)) for module in network.modules()}
    try:
        yield
    finally:
        for module, (hooks, marked) in before.items():
            for added in module._forward_hooks.keys() - hooks:
                del module._forward_hooks[added]
            if not marked:
                vars(module).pop(mark, None)


def _labels(network: PreTrainedModel) -> tuple[str, ...]:
    names = network.config.id2label
    return tuple(str(names[i]) for i in range(network.config.num_labels))


def _link(network: PreTrainedModel, task: Task) -> Link:
    if task != "classification":
        return "softmax"
    if network.config.problem_type == "multi_label_classification":
        return "sigmoid"
    return "identity" if network.config.num_labels == 1 else "softmax"


def _limit(network: PreTrainedModel, reserved: int) -> int:
    """Tokens that the model takes; attention grows with their square, so never more than 4,096."""
    most = getattr(network.config, "max_position_embeddings", None) or 4096
    return min(int(most) - reserved, 4096)
