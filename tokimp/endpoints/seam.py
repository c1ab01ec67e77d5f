"""The tokens of a fixed answer behind a text, found in an echoed prompt."""

from __future__ import annotations

from tokimp.endpoints.answers import Answer, Step
from tokimp.endpoints.trouble import Malformed


class Merged(Malformed):
    """The answer's first letters share a token with what stands before them."""


def behind(echoed: Answer, text: str, answer: str) -> tuple[Step, ...]:
    """The steps of `answer` in the echo of `text + answer`, each with a log-probability.

    Counted from the end, since servers count differently what they put before a prompt and parts of
    characters. Where these are in the answer itself, the endpoint's text offsets are taken.

    Raises:
        Malformed: the echo is none, or without log-probabilities.
        Merged: no token begins where the answer does.
    """
    if not echoed.text.startswith(text + answer) or not echoed.steps:
        raise Malformed(
            "The endpoint does not give the log-probabilities of a prompt.", "Its owner should use a server that can."
        )
    found = _from_the_end(echoed, answer) or _by_offsets(echoed, text, answer)
    if not found:
        raise Merged(
            "The tokenizer joins letters of the answer with the text before it.",
            "Begin the answer with a space or a line break.",
        )
    if any(step.log_prob is None for step in found):
        raise Malformed(
            "The endpoint gives no log-probability where no text stands before the answer.",
            "Put something in the place of removed words instead of deleting them all.",
        )
    return found


def _from_the_end(echoed: Answer, answer: str) -> tuple[Step, ...]:
    end = len(echoed.steps) - echoed.generated
    start, letters = end, 0
    while start > 0 and letters < len(answer):
        start -= 1
        letters += len(echoed.steps[start].text)
    found = echoed.steps[start:end]
    return found if _text(found) == answer else ()


def _by_offsets(echoed: Answer, text: str, answer: str) -> tuple[Step, ...]:
    offsets = echoed.offsets or ()
    for shift in (0, len(_text(echoed.steps)) - len(echoed.text)):  # a token of the beginning, counted or not
        start, end = (len(text) + shift, len(text) + len(answer) + shift)
        found = tuple(step for step, at in zip(echoed.steps, offsets, strict=False) if start <= at < end)
        if start in offsets and (_text(found) == answer or not answer.isascii()):
            return found
    return ()


def _text(steps: tuple[Step, ...]) -> str:
    return "".join(step.text for step in steps)
