"""What one request and one visitor may take of this page."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any

from tokimp.errors import OptionError, TooMuchWorkError

CHEAPER = "Choose a cheaper method, fewer samples or a shorter text."


@dataclass(frozen=True)
class Limits:
    """What one request and one visitor may take; where a limit is reached, the page says so.

    seconds, evaluations: of one request; what it has computed by then stays on screen.
    waiting: requests in the page's queue; more are told that it is busy.
    per_visitor: requests of one visitor that wait or run at the same time.
    share: seconds of computing in each minute that one visitor may take while others wait.
    embeds: embeds that wait to be computed; embed_seconds: of computing for one of them.
    """

    seconds: float = 600.0
    evaluations: int = 200_000
    waiting: int = 256
    per_visitor: int = 256
    share: float = 60.0
    embeds: int = 16
    embed_seconds: float = 60.0

    @classmethod
    def from_environment(cls) -> Limits:
        """TOKIMP_MOST_SECONDS, TOKIMP_MOST_EVALUATIONS, … (a variable a field); tighter where SPACE_ID is set.

        Raises:
            OptionError: a variable holds no number above 0.
        """
        public = cls(seconds=120.0, evaluations=20_000, per_visitor=16, share=20.0, embed_seconds=30.0)
        usual = public if "SPACE_ID" in os.environ else cls()
        numbers: dict[str, Any] = {each.name: _number(each.name, getattr(usual, each.name)) for each in fields(cls)}
        return cls(**numbers)

    def check(self, seconds: float, evaluations: int = 0) -> None:
        """Raises TooMuchWorkError once one request has taken all that it may."""
        if seconds >= self.seconds:
            taken = f"{self.seconds:,.0f} seconds"
        elif evaluations >= self.evaluations:
            taken = f"{self.evaluations:,} evaluations"
        else:
            return
        raise TooMuchWorkError(f"Stopped after {taken}, which is this page’s limit for one question.", CHEAPER)


def _number(field: str, usual: float) -> float:
    name = f"TOKIMP_MOST_{field.upper()}"
    setting = os.environ.get(name, "").strip()
    if not setting:
        return usual
    try:
        number = type(usual)(setting)
    except ValueError:
        number = type(usual)(0)
    if not 0 < number < float("inf"):
        raise OptionError(f"{name} is no number above 0.", f"Without it, {usual:g} holds.")
    return number
