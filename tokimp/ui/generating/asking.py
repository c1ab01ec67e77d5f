"""A token before a token of the answer that is asked about: which row it stands in."""

from __future__ import annotations

from tokimp.generation import GenerationExplanation
from tokimp.ui.studies import Studied
from tokimp.ui.studies.picking import Picked, WhyDrawer, title_of
from tokimp.views.characters import quoted

WHY = "why"
"""What the browser says with such a click."""


def picked(shown: Studied | None, index: object, said: object) -> Picked | None:
    """What a click was on: `index` is the browser's, [row, token]. A row is an explanation like any other."""
    if shown is None or said != WHY or not isinstance(index, list) or len(index) != 2:
        return None
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in index):
        return None
    explained: GenerationExplanation = shown.value
    row, token = index
    if row >= len(explained.rows) or token >= len(explained.rows[row].tokens):
        return None
    explanation, number = explained.rows[row], explained.span.first + row
    answered = f"token {number + 1} of the answer, {quoted(explained.answer[number].text)}"
    return Picked(explanation, token, f"as {title_of(explanation)} explains {answered}")


DRAWER = WhyDrawer(picked)
