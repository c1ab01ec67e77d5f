"""What an answer's explanation will take, said before it runs where that is much: by the method's own arithmetic."""

from __future__ import annotations

from tokimp.errors import TokimpError
from tokimp.models.text_model import TextModel
from tokimp.ui import revisions, sentences
from tokimp.ui.components import Payload
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied
from tokimp.ui.studies.rows import MANY, RowsWork, work_of_answer


def forecast(asked: Asked, shown: Studied | None = None) -> list[Payload]:
    """A line on evaluations, and on the time at the pace of what is shown, if that is the same model's.

    Nothing where the work is little, or the model is not in memory: nothing is loaded, and nothing asked.
    """
    model = revisions.held(asked.model, asked.task)
    if model is None:
        return []
    try:
        work = work_of_answer(model, asked.put_to(model))
    except TokimpError:
        return []  # it is said on the press
    if work.passes < MANY:
        return []
    tokens = f"{'shared by' if work.shared else 'for'} {work.rows} token{'s' * (work.rows != 1)} of the answer"
    evaluations = f"up to {work.evaluations:,} evaluations {tokens}."
    if shown is None or shown.request.model != asked.model:
        return [sentences.line("hint", f"This takes {evaluations}")]
    return [sentences.line("hint", f"This takes about {_time(model, work, shown)}: {evaluations}")]


def _time(model: TextModel, work: RowsWork, shown: Studied) -> str:
    """At the pace of what is shown: an adaptive method may have asked less than it might, and writing asked, too."""
    before = work_of_answer(model, shown.request)
    passes = before.passes * min(1.0, shown.evaluations / before.evaluations)
    passes += max(0, shown.evaluations - before.evaluations)
    seconds = shown.seconds * work.tokens * work.passes / max(before.tokens * passes, 1.0)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
