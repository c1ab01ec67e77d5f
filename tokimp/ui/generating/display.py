"""What an explained answer, or the lack of one, puts on screen, by name of the part."""

from __future__ import annotations

from tokimp.errors import LinkError
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import METHODS
from tokimp.share import to_code
from tokimp.ui import sentences
from tokimp.ui.components import Payload
from tokimp.ui.studies import Studied
from tokimp.ui.studies.running import Screen
from tokimp.views.characters import drawable, quoted
from tokimp.views.generation.payload import generation_payload
from tokimp.views.generation.stops import unsure_sentence
from tokimp.views.numbers import show

LONGEST = 60


def payload(explained: GenerationExplanation) -> Payload:
    """The view's, with the code of each row's own link where there is a tab that opens it."""
    made = generation_payload(explained)
    if explained.request.task == "next-token":
        for stop, row in zip(made["stops"][1:], explained.rows, strict=True):
            try:
                stop["code"] = to_code(row.request)
            except LinkError:
                continue
    return made


def told(studied: Studied) -> Payload:
    """What was written and how likely it was, what it took, and what is to be known about the numbers."""
    explained: GenerationExplanation = studied.value
    count = len(explained.log_probs)
    whole = "".join(token.text for token in explained.answer)
    one_line = " ".join(drawable(whole).split())
    said = one_line if len(one_line) <= LONGEST else f"{one_line[: LONGEST - 1]}…"
    likely = f"{count} token{'s' * (count != 1)}, log-probability {show(sum(explained.log_probs))}"
    lines = [sentences.line("note", "Answer ", (quoted(said), "strong"), f", {likely}.")] if count else []
    if unsure := unsure_sentence(explained):
        lines.append(sentences.line("note", unsure))
    if explained.finished:
        title = METHODS[explained.request.method].info.title
        took = f" on {drawable(explained.request.model)}, {explained.evaluations:,} evaluations in"
        lines.append(sentences.line("note", (title, "b"), f"{took} {show(explained.seconds)} s."))
    notes = dict.fromkeys([*explained.notes, *(explained.total.attribution.notes if explained.total else ())])
    lines += [sentences.line("limit", note) for note in notes]
    if studied.stopped:
        lines.append(sentences.line("limit", f"Unfinished: {studied.stopped}"))
    return sentences.told(*lines)


def _payloads(studied: Studied) -> dict[str, Payload | None]:
    return {"told": told(studied), "explained": payload(studied.value)}


def _writing(studied: Studied) -> str:
    explained: GenerationExplanation = studied.value
    return "" if explained.rows else f"Writing: {len(explained.log_probs)} tokens …"


SCREEN = Screen(("told", "explained"), _payloads, _writing)
