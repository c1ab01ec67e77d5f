"""How often a method asks the model, known before it runs."""

from __future__ import annotations

from typing import NamedTuple

from tokimp.methods.base import Method
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded

OF_A_DECODER = 0.5
"""What a copy costs a decoder where tokens go: about half of it is gone, or was read with another copy's beginning."""


class Work(NamedTuple):
    """Forward passes alone, and forward passes with a backward pass behind each.

    part: how much of a whole pass a decoder's forward pass takes on average; early: the method may stop before.
    """

    forward: int = 0
    backward: int = 0
    part: float = 1.0
    early: bool = False

    @property
    def evaluations(self) -> int:
        return self.forward + self.backward


def work_of(method: Method, inputs: Encoded) -> Work:
    """What a method does for one input, at most: by its own `work`, or one pass where it declares none."""
    declared = getattr(method, "work", None)
    if declared is not None:
        work: Work = declared(inputs)
        return work
    return Work(backward=1) if "gradient" in method.info.needs else Work(forward=1)


def held_by(method: Method, model: TextModel, inputs: Encoded) -> int:
    """Bytes of its own findings that a method holds beside what its passes take: by its own `held`, or none."""
    declared = getattr(method, "held", None)
    return 0 if declared is None else int(declared(model, inputs))


def work_of_game(players: int, most: int) -> Work:
    """What a game takes: all coalitions, or `most` of them."""
    return Work(forward=min(2 ** min(players, 62), most), part=OF_A_DECODER)
