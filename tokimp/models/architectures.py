"""What a configuration does not tell about an architecture: one row each.

Embeddings and sizes are found through transformers' own accessors. A row says which tasks the family
has, where its layers are, and where it stands in the way of a method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokimp.errors import UnsupportedModelError
from tokimp.types import Task

if TYPE_CHECKING:
    from transformers import PretrainedConfig

ENCODER: tuple[Task, ...] = ("classification", "masked-lm")
DECODER: tuple[Task, ...] = ("next-token",)
BOTH: tuple[Task, ...] = ("seq2seq",)


@dataclass(frozen=True, slots=True)
class Architecture:
    """`family` is transformers' model_type; `blocks` is the path of the layers inside the body;
    `reserved_positions` counts rows of the position table without a token. Where an encoder reads the text and
    a decoder writes another, `encoder` is the path of the encoder's layers, and `blocks` that of the decoder's."""

    family: str
    title: str
    tasks: tuple[Task, ...]
    blocks: str
    reserved_positions: int = 0
    encoder: str = ""

    @property
    def decoder(self) -> bool:
        """Whether all tokens stand in one line that is read from the left."""
        return "next-token" in self.tasks

    @property
    def writes(self) -> bool:
        """Whether the answer goes on, token by token."""
        return bool({"next-token", "seq2seq"} & set(self.tasks))


ARCHITECTURES = {
    row.family: row
    for row in (
        Architecture("bert", "BERT", ENCODER, "encoder.layer"),
        Architecture("distilbert", "DistilBERT", ENCODER, "transformer.layer"),
        Architecture("roberta", "RoBERTa", ENCODER, "encoder.layer", reserved_positions=2),
        Architecture("xlm-roberta", "XLM-RoBERTa", ENCODER, "encoder.layer", reserved_positions=2),
        Architecture("albert", "ALBERT", ENCODER, "encoder.albert_layer_groups"),
        Architecture("electra", "ELECTRA", ENCODER, "encoder.layer"),
        Architecture("deberta-v2", "DeBERTa-v2", ENCODER, "encoder.layer"),
        Architecture("gpt2", "GPT-2", DECODER, "h"),
        Architecture("gpt_neo", "GPT-Neo", DECODER, "h"),
        Architecture("gpt_neox", "GPT-NeoX (Pythia)", DECODER, "layers"),
        Architecture("opt", "OPT", DECODER, "decoder.layers"),
        Architecture("llama", "Llama", DECODER, "layers"),
        Architecture("mistral", "Mistral", DECODER, "layers"),
        Architecture("qwen2", "Qwen2", DECODER, "layers"),
        Architecture("qwen3", "Qwen3", DECODER, "layers"),
        Architecture("gemma", "Gemma", DECODER, "layers"),
        Architecture("gemma2", "Gemma 2", DECODER, "layers"),
        Architecture("gemma3_text", "Gemma 3", DECODER, "layers"),
        Architecture("t5", "T5", BOTH, "decoder.block", encoder="encoder.block"),
        Architecture("mt5", "mT5", BOTH, "decoder.block", encoder="encoder.block"),
        Architecture("bart", "BART", BOTH, "decoder.layers", encoder="encoder.layers"),
        Architecture("mbart", "mBART", BOTH, "decoder.layers", encoder="encoder.layers"),
        Architecture("marian", "Marian", BOTH, "decoder.layers", encoder="encoder.layers"),
        Architecture("pegasus", "Pegasus", BOTH, "decoder.layers", encoder="encoder.layers"),
    )
}


def architecture_of(config: PretrainedConfig, task: Task) -> Architecture:
    """The row of a configuration.

    Raises:
        UnsupportedModelError: no row, or a family without a head for the task.
    """
    row = ARCHITECTURES.get(config.model_type)
    if row is None:
        known = ", ".join(row.title for row in ARCHITECTURES.values())
        raise UnsupportedModelError(f"The architecture {config.model_type!r} is not known here.", f"Known: {known}.")
    if task not in row.tasks:
        raise UnsupportedModelError(f"{row.title} is not used for {task} here.", f"Choose {' or '.join(row.tasks)}.")
    return row
