"""All looks inside, registered by being imported: one line each, in the order of the page."""

from tokimp.internals.looks import (  # noqa: I001 - the order is the page's
    attention,
    probabilities,
    lens,
    layers,
    states,
    network,
    agreement,
)
from tokimp.internals.looks.base import LOOKS

__all__ = [
    "LOOKS",
    "agreement",
    "attention",
    "layers",
    "lens",
    "network",
    "probabilities",
    "states",
]
