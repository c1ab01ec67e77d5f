"""The mean of random draws, with what is known about its error."""

from __future__ import annotations

import numpy as np

from tokimp.methods.estimates import widening
from tokimp.types import Attribution, Floats

STEPS = 50  # rows that a history has at most


def averaged(draws: Floats, option: str) -> Attribution:
    """Scores from independent draws (draw, token); `option` is what to raise for more of them.

    Returns:
        scores: the mean; stderr: its standard error, from at least two draws; history (step, token): the
        mean of the first draws, ending in the scores.
    """
    count = len(draws)
    taken = np.unique(np.linspace(1, count, min(count, STEPS)).round().astype(int))
    history = draws.cumsum(0)[taken - 1] / taken[:, None]
    if count == 1:
        note = f"One random draw: how far it would vary is not known. Raise the {option}."
        return Attribution(history[-1], history=history, notes=(note,))
    return Attribution(history[-1], stderr=standard_error(draws), history=history)


def standard_error(draws: Floats) -> Floats:
    """Of the mean of at least two independent draws (draw, token), widened where they are few."""
    count = len(draws)
    return np.asarray(draws.std(0, ddof=1) / np.sqrt(count) * widening(count - 1))
