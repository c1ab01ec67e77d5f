"""Models whose right answer can be written down: a class is a formula of the words' values, "no" being 0 by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from tests.tiny_tokenizers import word_pieces
from tokimp.models.text_model import TextModel

Formula = Callable[[Tensor], Tensor]  # values (batch, token) of the tokens → (batch,)

TEXT = "good film"
VALUES = {"good": 2.0, "film": 1.0, "bad": -1.0, "not": 0.5}  # all other tokens, special ones too, are worth 0
READ = (1.0, 2.0)  # a token's value is its embedding times this
NORM_1, NORM_2 = 3.0, 5.0**0.5  # lengths of READ

FORMULAS: dict[str, Formula] = {
    "additive": lambda v: v.sum(1),
    "product": lambda v: v[:, 1] * v[:, 2],
    "constant": lambda v: 3 + 0 * v.sum(1),
    "maximum": lambda v: v.max(1).values,
    "first": lambda v: v[:, 1],
    "order": lambda v: (v * torch.arange(v.shape[1])).sum(1),
    "saturating": lambda v: v.sum(1).tanh(),
}


class Toy(PreTrainedModel):
    """Two layers of attention that is known too: everywhere alike, then all on token 1."""

    config_class = BertConfig

    def __init__(self, config: BertConfig, yes: Formula, no: Formula) -> None:
        super().__init__(config)
        self.words = torch.nn.Embedding(config.vocab_size, 2)
        self.formulas = (no, yes)
        self.post_init()

    def get_input_embeddings(self) -> torch.nn.Embedding:
        return self.words

    def forward(
        self, inputs_embeds: Tensor, attention_mask: Tensor, output_attentions: bool = False
    ) -> SequenceClassifierOutput:
        values = inputs_embeds @ torch.tensor(READ)  # (batch, token)
        logits = torch.stack([formula(values) for formula in self.formulas], dim=-1)
        attentions = _attentions(attention_mask) if output_attentions else None
        return SequenceClassifierOutput(logits=logits, attentions=attentions)


def toy(yes: Formula | str, no: Formula | str = "nothing") -> TextModel:
    """A toy behind the same `TextModel` as every other network, with BERT's kind of tokenizer."""
    tokenizer = word_pieces()
    names = {"id2label": {0: "no", 1: "yes"}, "label2id": {"no": 0, "yes": 1}}
    sizes: dict[str, Any] = {"hidden_size": 2, "num_hidden_layers": 2, "num_attention_heads": 2}
    network = Toy(
        BertConfig(vocab_size=len(tokenizer), **sizes, **names),
        *[FORMULAS.get(formula, _nothing) if isinstance(formula, str) else formula for formula in (yes, no)],
    )
    network.words.weight.data.zero_()
    for word, value in VALUES.items():
        half_each = torch.tensor([value / 2 / READ[0], value / 2 / READ[1]])
        network.words.weight.data[tokenizer.convert_tokens_to_ids(word)] = half_each
    model = TextModel(network, tokenizer, task="classification", key="toy", revision="object")
    model.offers -= {"layers"}  # what it says of attention is made up
    return model


def _nothing(values: Tensor) -> Tensor:
    return 0 * values.sum(1)


def _attentions(mask: Tensor) -> tuple[Tensor, Tensor]:
    batch, length = mask.shape
    alike = torch.full((batch, 2, length, length), 1 / length)
    on_one = torch.zeros(batch, 2, length, length)
    on_one[..., 1] = 1.0
    return alike, on_one
