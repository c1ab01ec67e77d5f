"""Errors that a visitor may see. Each says what happened and what to do next.

TokimpError
├── InputError                 what was asked cannot be answered as it stands
│   ├── EmptyTextError
│   ├── TextTooLongError
│   ├── NoMaskError
│   ├── UnknownTargetError
│   ├── OptionError            also: an unknown name (method, task)
│   ├── NoBaselineError
│   └── LinkError
├── ModelError                 the model cannot be had or cannot do this
│   ├── ModelNotFoundError
│   ├── HubUnreachableError
│   ├── ModelTooBigError
│   ├── UnsupportedModelError
│   ├── UnsafeWeightsError
│   ├── MethodUnavailableError
│   ├── BlackBoxError          keeps what was answered
│   └── EndpointError          keeps what was answered
├── OutOfMemoryError
├── TooMuchWorkError           a limit of this page was reached before there were scores
├── BusyError                  too much is asked at once; later it can be had
├── PublishError               a Space that cannot be put up as it is, or that the hub does not take
└── Cancelled                  the visitor stopped or left; carries no message worth showing
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class TokimpError(Exception):
    """A sentence for the visitor; `next_step` is what to do about it."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.next_step}" if self.next_step else message


class InputError(TokimpError, ValueError):
    """What was asked cannot be answered as it stands."""


class EmptyTextError(InputError):
    """There is no text."""


class TextTooLongError(InputError):
    """The text has more tokens (or characters) than the model or the page takes."""


class NoMaskError(InputError):
    """A fill-mask question without a mask, or a mask number that is not there."""


class UnknownTargetError(InputError):
    """The target or contrast is no class of the model, or no token of its vocabulary."""


class OptionError(InputError):
    """A name or a value outside what is declared."""


class NoBaselineError(InputError):
    """The tokenizer has no token of the kind asked for as baseline or replacement."""


class LinkError(InputError):
    """A link that holds no question, or a question that fits into no link."""


class ModelError(TokimpError):
    """The model cannot be had, or cannot do what was asked."""


class ModelNotFoundError(ModelError):
    """Nothing by that name on the hub, on disk or in the packs."""


class HubUnreachableError(ModelError):
    """The model is only on the hub, and the hub does not answer."""


class ModelTooBigError(ModelError):
    """The weights would not fit into this machine's memory."""


class UnsupportedModelError(ModelError):
    """The architecture is not known here, or has no head for the task."""


class UnsafeWeightsError(ModelError):
    """The weights are in a format that can run code (pickle), or the model wants to run its own code."""


class MethodUnavailableError(ModelError):
    """The method needs something that this model does not offer."""


class BlackBoxError(ModelError):
    """A function that stands for a model raised something, or answered what cannot be used."""


class EndpointError(ModelError):
    """An endpoint is out of reach, refuses, or answers what cannot be used.

    `partial`: what was answered until then, one entry a text in the order asked; None where there is nothing.
    """

    def __init__(self, message: str, next_step: str = "", partial: Sequence[Any] = ()) -> None:
        super().__init__(message, next_step)
        self.partial = list(partial)


class OutOfMemoryError(TokimpError):
    """Even a batch of one does not fit into memory."""


class TooMuchWorkError(TokimpError):
    """The work reached this page's limit of time or evaluations before there were scores to show."""


class BusyError(TokimpError):
    """Too much is asked of this page at once, by everybody or by this visitor."""


class PublishError(TokimpError):
    """A Space that cannot be put up as it is, or that the hub does not take."""


class Cancelled(TokimpError):
    """The visitor stopped the work or left."""

    def __init__(self) -> None:
        super().__init__("Stopped.")
