"""The page as a Space of the model hub: what goes up, what that changes there, and how it gets there."""

from __future__ import annotations

from tokimp.publish.front_matter import read
from tokimp.publish.hub import Pushed, address_of, look, push
from tokimp.publish.plan import Found, Plan, Wanted, planned
from tokimp.publish.shape import shaped
from tokimp.publish.sources import Source, own_source

__all__ = [
    "Found",
    "Plan",
    "Pushed",
    "Source",
    "Wanted",
    "address_of",
    "look",
    "own_source",
    "planned",
    "push",
    "read",
    "shaped",
]
