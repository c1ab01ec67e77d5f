"""What not every model has, and what those have that this package loads itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Target

if TYPE_CHECKING:
    from typing_extensions import Self

    from tokimp.models.architectures import Architecture
    from tokimp.models.source_memory import SourceMemory

Link = Literal["softmax", "sigmoid", "identity", "log_prob"]
"""How logits become probabilities; "log_prob": they are logarithms of probabilities, of what is listed."""
OFFERS = frozenset({"gradient", "attention", "layers", "rules", "weights", "candidates"})
"""What methods, metrics and looks may need; `NEEDS` says what each is."""


class Size(NamedTuple):
    """How large a network is, as far as memory and time depend on it."""

    layers: int
    hidden: int
    heads: int
    vocabulary: int


class Traits:
    """Facts by which models differ, for whoever runs one without knowing of what kind it is.

    offers: what methods may need; reasons: why some of it is missing, where that can be said;
    most_copies: copies that run at once, where that is not for memory to say; mixes_lengths: copies of
    different lengths run together, the shorter ones filled up with ids of −1;
    proposes: it can say what else could stand in a token's place; sources: what its encoder has read, kept while
    one question after the other is asked of the same answer.
    """

    offers: frozenset[str] = OFFERS
    reasons: Mapping[str, str] = {}
    most_copies: int | None = None
    mixes_lengths = False
    proposes = True
    sources: SourceMemory | None = None
    labels: tuple[str, ...]
    architecture: Architecture
    network: Any
    tokenizer: Any

    def reading(self, _inputs: Encoded) -> Self:
        """The same as it answers this text and edits of it, where what it can say depends on the text."""
        return self

    def notes(self, _target: Target) -> tuple[str, ...]:
        """What has to be said about the values of a target, whatever is made of them."""
        return ()

    @property
    def answers_by_id(self) -> Mapping[int, str]:
        """All that it can say, by id, where that is a list of its own; empty where it is the vocabulary."""
        return dict(enumerate(self.labels))

    def ids_of_answer(self, _text: str) -> tuple[int, ...] | None:
        """The ids of an answer, where what can be said has ids of its own; None where the tokenizer has them."""
        return None

    @property
    def caches(self) -> bool:
        """Whether the keys and values of first tokens can be kept for all copies that start with them."""
        return self.architecture.decoder

    @property
    def weights(self) -> int:
        """Weights that each token is multiplied with: half the operations that it takes."""
        looked_up = self.network.get_input_embeddings().weight.numel()
        return int(sum(parameter.numel() for parameter in self.network.parameters()) - looked_up)

    def ordinary_ids(self, _inputs: Encoded | None = None) -> Ids:
        """Ids that may stand in the place of a text's tokens: the vocabulary without special ones, in order."""
        known = self.network.get_input_embeddings().weight.shape[0]
        both = min(len(self.tokenizer), known)  # either may hold more than the other
        return np.setdiff1d(np.arange(both), self.tokenizer.all_special_ids)
