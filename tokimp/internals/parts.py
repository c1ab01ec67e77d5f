"""Which attention of a model is looked at: all of it, or where an encoder reads and a decoder writes, one of three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tokimp.errors import OptionError
from tokimp.models.attention_weights import attending
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded

Part = Literal["cross", "encoder", "decoder"]
"""The answer's attention to the text; the text's, and the answer's, to itself."""

PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True)
class Attended:
    """layers: by the place of an attention in a forward pass (see `attending`), the layer that it belongs to.

    queries, keys: places in the text of the tokens that look, and of those that are looked at; causal: whether a
    token sees only what stands before it.
    """

    layers: dict[int, int]
    queries: range
    keys: range
    causal: bool

    @property
    def first(self) -> int:
        """How many of the model's layers stand before these."""
        return min(self.layers.values())

    @property
    def count(self) -> int:
        return len(self.layers)

    @property
    def across(self) -> bool:
        """Whether tokens look at others than themselves."""
        return self.queries != self.keys


def attended(model: TextModel, inputs: Encoded, part: Part | None = None) -> Attended:
    """Without an encoder the whole attention; with one the `part`, None for the answer's to the text.

    Raises:
        OptionError: a part of a model that reads and answers in one line.
    """
    if not inputs.source:
        if part is not None:
            raise OptionError(f"There is no part {part}.", "This model reads and answers in one line.")
        whole = range(len(inputs))
        return Attended({layer: layer for layer in range(model.size.layers)}, whole, whole, model.architecture.decoder)
    text, answer = range(inputs.source), range(inputs.source, len(inputs))
    queries, keys = {"cross": (answer, text), "encoder": (text, text), "decoder": (answer, answer)}[part or "cross"]
    layers = {
        place: each.layer
        for place, each in enumerate(attending(model, inputs.source))
        if (each.queries.start or 0, each.keys.start or 0) == (queries.start, keys.start)
    }
    return Attended(layers, queries, keys, part == "decoder")
