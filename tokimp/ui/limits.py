"""What one request and one visitor may take of this page."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one request and one visitor may take; the page says so where a limit is reached.

    seconds, evaluations: what one request may compute; its scores so far stay on screen.
    waiting: requests that wait at the page's one queue; more are told that it is busy.
    per_visitor: requests of one visitor that wait or run at the same time.
    share: seconds of computing a minute that one visitor may take in the long run.
    background: embeds that wait to be computed.
    """

    seconds: float = 600.0
    evaluations: int = 200_000
    waiting: int = 40
    per_visitor: int = 16
    share: float = 60.0
    background: int = 16

    @classmethod
    def from_environment(cls) -> Limits:
        """Tighter on a Space; each can be set by TOKIMP_MOST_SECONDS, TOKIMP_MOST_EVALUATIONS and so on."""
        public = "SPACE_ID" in os.environ
        return cls(seconds=120.0, evaluations=20_000, per_visitor=4, share=30.0) if public else cls()
