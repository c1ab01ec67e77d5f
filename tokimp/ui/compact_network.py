"""The token network under a result, from input to output: looked for once its fold is opened."""

from __future__ import annotations

import gradio as gr

from tokimp.errors import TokimpError
from tokimp.internals.looks.seen import Seen
from tokimp.ui import aside, sentences, work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.inside.payloads import network
from tokimp.ui.inside.state import Selection
from tokimp.ui.state import Asked, Result, asked_of
from tokimp.ui.visitors import Visitor

KIND = "network"
EMPTY = "Which token gives how much to which: asked of the model when this is opened, once."


def drawn(desk: Desk, shown: Result | None, visitor: Visitor) -> Changes:
    """The network of the text that is explained, whatever explains it. Cost: one evaluation, or none."""
    if shown is None:
        return {"status": sentences.told(sentences.line("hint", "There is no result at hand. Press Explain."))}
    turn = aside.begin(desk, visitor, KIND)
    try:
        seen = desk.look(asked_for(shown), _unwatched, "page", visitor.key)
    except TokimpError as error:
        return {"status": sentences.failed(error)} if aside.end(desk, visitor, KIND, turn) else {}
    if not aside.end(desk, visitor, KIND, turn):
        return {}
    return {"network": gr.update(value=network(seen, Selection()), state="ready")}


def end(desk: Desk, visitor: Visitor) -> None:
    """Another question: the network of the text before is shown no more."""
    aside.end(desk, visitor, KIND)


def asked_for(shown: Result) -> Asked:
    """The same text, model and mask; what is explained and how makes no difference."""
    asked = asked_of(shown.explanation.request)
    return Asked(
        asked.task,
        asked.model,
        asked.text,
        "",
        mask=asked.mask,
        precision=asked.precision,
        revision=asked.revision,
        view="network",
        options={"way": "direct"},
    )


def _unwatched(_moment: work.Moment[Seen]) -> None:
    """It is over before its progress could be told."""
