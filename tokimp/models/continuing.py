"""An answer whose tokens are read together: one pass over it tells what an edited text is worth for each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tokimp.models.masking import Copy
from tokimp.models.outputs import Reading, row_reading
from tokimp.types import Floats, Target

Key = tuple[bytes, int, int]


@dataclass(frozen=True)
class Continuation:
    """The targets of an answer, each of which reads what stands before it, and what copies were worth for them.

    A copy with the answer's next tokens behind it is a copy for the targets after those. Known so far
    are values (1,) of copies, by target.
    """

    targets: tuple[Target, ...]
    known: tuple[dict[Key, Floats], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", tuple({} for _ in self.targets))

    def place(self, targets: Sequence[Target]) -> int | None:
        """Which target of the answer this is, where it is one of them and alone."""
        return self.targets.index(targets[0]) if len(targets) == 1 and targets[0] in self.targets else None

    def reading(self, place: int) -> Reading:
        """The pass that reads this target and all after it, with the answer's own tokens between them."""
        return row_reading(self.targets[place:])

    def learn(self, place: int, copies: Sequence[Copy], values: Floats) -> None:
        """Keeps values (copy, target) of the targets from `place` on."""
        answer = np.array([target.index for target in self.targets[place:-1]], dtype=np.int64)
        for copy, row in zip(copies, values, strict=True):
            for ahead, known in enumerate(self.known[place:]):
                longer = Copy(np.r_[copy.ids, answer[:ahead]], copy.position + ahead, copy.source)
                known[key_of(longer)] = row[ahead : ahead + 1]


def key_of(copy: Copy) -> Key:
    """By which copies that are worth the same are known: short also where the text is long."""
    return hashlib.blake2b(copy.ids.tobytes(), digest_size=16).digest(), copy.position, copy.source
