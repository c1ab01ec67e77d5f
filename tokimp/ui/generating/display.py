"""What an explained answer, or the lack of one, puts on screen, by name of the part."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tokimp.errors import LinkError
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import METHODS
from tokimp.share import to_code
from tokimp.ui import sentences
from tokimp.ui.comparing import sharing
from tokimp.ui.components import Payload
from tokimp.ui.studies import Studied
from tokimp.views.characters import drawable, quoted
from tokimp.views.generation.payload import generation_payload
from tokimp.views.generation.stops import unsure_sentence
from tokimp.views.numbers import show

Changes = dict[str, Any]

SHOWN = ("told", "explained", "share")
LONGEST = 60


def drawn(studied: Studied) -> Changes:
    """The answer as far as it is written, and its rows as far as they are known."""
    payloads = {"told": told(studied), "explained": payload(studied.value)}
    return {name: gr.update(value=each, state="ready") for name, each in payloads.items()}


def displayed(studied: Studied) -> Changes:
    """An answer whose explanation ended, finished or not, with what can be taken along of it."""
    share = gr.update(value=sharing.share_payload(studied), state="ready")
    return drawn(studied) | {"shown": studied, "share": share}


def dimmed() -> Changes:
    return {name: gr.update(state="stale") for name in SHOWN}


def undimmed() -> Changes:
    return {name: gr.update(state="ready") for name in SHOWN}


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
