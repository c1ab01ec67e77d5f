"""What is asked of an answer besides its method: how it is written, and which part of it is explained."""

from __future__ import annotations

from dataclasses import dataclass, fields

from tokimp.errors import OptionError
from tokimp.generation import Span
from tokimp.methods.base import checked_options, option
from tokimp.models.writing import Decoding
from tokimp.types import Request, Value

VIEW = "generation"
MOST_NEW = 256


@dataclass(frozen=True)
class GenerationOptions:
    """In a request, these stand beside the options of the method."""

    max_new_tokens: int = option(32, "New tokens", "The model writes at most so many.", kind=int, low=1, high=MOST_NEW)
    temperature: float = option(
        0.0,
        "Temperature",
        "0: always the likeliest token. Above: drawn, the higher the wilder.",
        kind=float,
        low=0,
        high=2,
    )
    top_p: float = option(
        1.0, "Top p", "Drawn among the likeliest tokens that make up this probability.", kind=float, low=0.01, high=1
    )
    first: int = option(0, "From", "The answer's first token that is explained.", kind=int, low=0, high=4095)
    end: int = option(-1, "To", "Up to but without this one; -1: to the answer's end.", kind=int, low=-1, high=4096)
    earlier: bool = option(
        True,
        "Earlier output",
        "Whether what was written before a token may be taken away, too, as the prompt's tokens may.",
        choices=(True, False),
    )

    @property
    def decoding(self) -> Decoding:
        return Decoding(self.max_new_tokens, self.temperature, self.top_p)

    def span(self, count: int) -> Span:
        """The part of an answer of `count` tokens that is explained.

        Raises:
            OptionError: there is no such part.
        """
        end = count if self.end == -1 else min(self.end, count)
        if self.first >= end:
            raise OptionError(
                f"There is nothing between token {self.first} and {end} of the answer.",
                f"It has {count} tokens, counted from 0.",
            )
        return Span(self.first, end)


OWN = frozenset(each.name for each in fields(GenerationOptions))


def settings_of(request: Request) -> tuple[GenerationOptions, dict[str, Value]]:
    """The settings of an answer, and the method's own options.

    Raises:
        OptionError: a setting outside its range.
    """
    own = {name: value for name, value in request.options.items() if name in OWN}
    rest = {name: value for name, value in request.options.items() if name not in OWN}
    return GenerationOptions(**checked_options(VIEW, GenerationOptions, own)), rest  # type: ignore[arg-type]
