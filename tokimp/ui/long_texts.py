"""How long a text each method may read on this page, and what a long run will take."""

from __future__ import annotations

from collections.abc import Mapping

from tokimp.errors import TextTooLongError
from tokimp.estimating import estimated
from tokimp.methods.base import METHODS, build, options_of
from tokimp.methods.work import work_of
from tokimp.question import Question
from tokimp.types import Value
from tokimp.ui import sentences
from tokimp.ui.components import Payload
from tokimp.ui.state import Asked

MOST_WITHOUT_ATTENTION = 4096
"""Tokens where no layer's attention weights are kept, which grow with their square."""
LONG_TEXT = 200
"""Tokens from which on it is worth to have sentences or paragraphs for players."""
BYTES = 4  # of text a token, about, in any script
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


def has_players(method: str) -> bool:
    """Whether whole words, sentences or paragraphs can be taken away by this method."""
    return method in METHODS and any(option.name == "players" for option in options_of(METHODS[method]))


def players_hint(text: str, method: str, options: Mapping[str, Value]) -> Payload:
    """What to choose for a long text, where the method has players and these are tokens; else nothing."""
    long = len(text.encode("utf-8", "replace")) > LONG_TEXT * BYTES
    if not long or not has_players(method) or options.get("players", "tokens") != "tokens":
        return sentences.told()
    words = "This text is long. With sentences or paragraphs as players (see Options) it is explained sooner, "
    return sentences.told(sentences.line("hint", words, "and each of them can be zoomed into."))


def forecast(question: Question, asked: Asked) -> str:
    """What a long run will take, in a sentence; nothing where it is short.

    Cost: one timed pass, where the first answer took so long that the run may be a long one.
    """
    work = work_of(build(asked.method, asked.options), question.inputs)
    if question.seconds * (work.forward + BACKWARD * work.backward) < LONG:
        return ""
    found = estimated(question, asked.method, asked.options)
    return f"This takes {found}." if found.seconds >= LONG else ""
