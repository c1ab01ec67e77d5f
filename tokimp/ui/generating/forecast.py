"""What an answer's explanation will take, said before it runs where that is much: by the method's own arithmetic."""

from __future__ import annotations

from tokimp.errors import TokimpError
from tokimp.generating import settings_of
from tokimp.methods.base import build
from tokimp.methods.work import work_of
from tokimp.ui import revisions, sentences
from tokimp.ui.components import Payload
from tokimp.ui.generating.drafts import Draft
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied

MANY = 400
"""Evaluations: fewer are done before a sentence is read."""

LETTERS = 4
"""Of a token, about."""


def forecast(asked: Asked, shown: Studied | None = None) -> list[Payload]:
    """A line on evaluations, and on the time at the pace of what is shown, if that is the same model's.

    Nothing where they are few, or the model is not in memory: nothing is loaded or asked.
    """
    model = revisions.held(asked.model, asked.task)
    if model is None:
        return []
    try:
        settings, rest = settings_of(asked.request(""))
        each = work_of(build(asked.method, rest, asked.seed), model.encode(asked.text)).evaluations
    except TokimpError:
        return []  # it is said on the press
    pasted = len(asked.answer) // LETTERS if isinstance(asked, Draft) else 0
    count = len(asked.generated) or pasted or settings.max_new_tokens
    total = count * each
    if total < MANY:
        return []
    parts = f"Up to {total:,} evaluations: {each:,} for each of {count} answer tokens"
    return [sentences.line("hint", f"{parts}{_time(total, asked, shown)}, less where tokens share work.")]


def _time(total: int, asked: Asked, shown: Studied | None) -> str:
    if shown is None or not shown.evaluations or shown.request.model != asked.model:
        return ""
    seconds = total * shown.seconds / shown.evaluations
    return f", about {seconds:.0f} s" if seconds < 90 else f", about {seconds / 60:.0f} min"
