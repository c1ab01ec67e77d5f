"""The text with the answer behind it: which tokens are whose, and how they are told apart."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from tokimp.internals.looks.seen import Seen
from tokimp.types import Token
from tokimp.ui.components import Payload
from tokimp.views.text import plain_payload


class Said(NamedTuple):
    """Tokens of which the model says something: `taken` as `views.inside.readings` reads it.

    first: the place of the first of them in the whole; text: what was typed of it.
    """

    taken: Any
    tokens: tuple[Token, ...]
    text: str
    first: int


def source_of(seen: Seen) -> int:
    """How many first tokens an encoder reads, whose decoder has the others; 0 without one."""
    if seen.request.task != "seq2seq":
        return 0
    return sum(token.segment != "generated" for token in seen.tokens)


def answer_of(seen: Seen) -> str:
    """The answer as it reads."""
    return "".join(token.text for token in seen.tokens if token.segment == "generated" and not token.special)


def said_of(seen: Seen) -> Said:
    """With an encoder that is the answer, without what the decoder begins with; else all of the text."""
    source = source_of(seen)
    first = int(np.isnan(seen["surprisal"]).sum()) if source else 0
    taken = SimpleNamespace(**{name: array[first:] for name, array in seen.arrays.items()})
    return Said(taken, seen.tokens[first:], "" if source else seen.request.text, first)


def strip(seen: Seen) -> Payload:
    """The text and its answer, each token to be pointed at."""
    payload = plain_payload(seen.tokens, seen.request.text, "points all views at it")
    for token, item in zip(seen.tokens, payload["tokens"]["items"], strict=True):
        if token.segment == "generated":
            item |= {"answer": True, "added": token.special, "label": f"{item['label']}, of the answer"}
    return payload
