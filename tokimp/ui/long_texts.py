"""How long a text each method may read on this page, and what a long run will take."""

from __future__ import annotations

from tokimp.errors import TextTooLongError
from tokimp.estimating import estimated
from tokimp.methods.base import METHODS, build
from tokimp.methods.work import work_of
from tokimp.question import Question
from tokimp.ui.state import Asked

MOST_WITHOUT_ATTENTION = 4096
"""Tokens where no layer's attention weights are kept, which grow with their square."""
LONG = 5.0  # seconds: what takes longer is said beforehand
BACKWARD = 4  # at most so many times what a forward pass takes


def most_tokens(method: str, usual: int) -> int:
    """How many tokens the method may read here; `usual` is the limit of those that keep attention weights."""
    keeps = method not in METHODS or "attention" in METHODS[method].info.needs
    return usual if keeps else MOST_WITHOUT_ATTENTION


def check_tokens(method: str, count: int, usual: int) -> None:
    """Raises TextTooLongError where the method may not read so many tokens here, and another may."""
    most = most_tokens(method, usual)
    if count > most:
        raise TextTooLongError(
            f"The text has {count:,} tokens; {most} are the limit of {METHODS[method].info.title} here.",
            "Choose Occlusion with sentences or paragraphs as players, or shorten it.",
        )


def forecast(question: Question, asked: Asked) -> str:
    """What a long run will take, in a sentence; nothing where it is short.

    Cost: one timed pass, where the first answer took so long that the run may be a long one.
    """
    work = work_of(build(asked.method, asked.options), question.inputs)
    if question.seconds * (work.forward + BACKWARD * work.backward) < LONG:
        return ""
    found = estimated(question, asked.method, asked.options)
    return f"This takes {found}." if found.seconds >= LONG else ""
