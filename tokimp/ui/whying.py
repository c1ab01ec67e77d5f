"""The drawer "Why this token?": opened by a click on a token of a finished explanation, filled as reasons come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from tokimp.errors import TokimpError
from tokimp.models.text_model import TextModel
from tokimp.reasons import Reasons
from tokimp.types import Explanation, Request
from tokimp.ui import aside, sentences, work
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.state import Result, asked_of
from tokimp.ui.studies import Studied, why
from tokimp.ui.studies.sharing import file_payload, share_payload
from tokimp.ui.visitors import Visitor
from tokimp.views.why.tree import drawer_payload
from tokimp.watch import Watch

KIND = "asked why"
EMPTY = "Click a token of the coloured text: why it got its score will stand here."


def explanation_of(shown: Result | None) -> Explanation | None:
    """What is asked about: the explanation of a finished result."""
    return shown.explanation if shown is not None and shown.finished else None


def begin(desk: Desk, shown: Explanation | None, token: object, visitor: Visitor) -> Changes:
    """The drawer opens, and waits for its turn; nothing for what is no token of an explanation."""
    if shown is None or not isinstance(token, int) or not 0 <= token < len(shown.tokens):
        return {}
    turn = aside.begin(desk, visitor, KIND)
    waits: Changes = {"why": _drawn(None, "Waiting for a free turn …"), "why_share": gr.update(value=None)}
    return waits | {"why_ticket": sentences.ticket(turn), "why_token": token, "why_fold": gr.update(open=True)}


def cleared(desk: Desk, visitor: Visitor) -> Changes:
    """Another question: what was asked about the answer before is over."""
    aside.end(desk, visitor, KIND)
    return {name: gr.update(value=None, state="ready") for name in ("why", "why_share")}


def run(
    desk: Desk, shown: Explanation, token: int, visitor: Visitor, ticket: Mapping[str, Any] | None, of: str = ""
) -> Iterator[Changes]:
    """Each reason as it comes; `of` says which of several explanations they are about. Yields at least once."""
    last: Studied | None = None

    def compute(report: work.Report[Studied]) -> Studied:
        return worked_out(desk, shown, token, report, visitor.key)

    def drawn(moment: work.Moment[Studied], running: str) -> Changes:
        nonlocal last
        last = moment.value or last
        changes: Changes = {"why": _drawn(last, running or (last.stopped if last is not None else ""), of)}
        if moment.done and not running and last is not None:
            changes["why_share"] = gr.update(value=share_payload(last), state="ready")
        return changes

    return aside.run(desk, visitor, KIND, ticket, compute, drawn)


def worked_out(desk: Desk, shown: Explanation, token: int, report: work.Report[Studied], visitor: str = "") -> Studied:
    """Why the token of the explanation got its score, found or else worked out and kept; reports reasons as they come.

    Raises:
        As `Desk.answer`.
    """
    request = why.asked_about(shown.request, token)
    found = desk.studying.find(request)
    if found is not None:
        return found

    def reasons(model: TextModel, _request: Request, watch: Watch) -> Iterator[Reasons]:
        return why.reasons_of(model, shown, token, watch)

    with desk.counts.request("page") as tally, desk.at_the_model(report, visitor):
        model = work.loaded(asked_of(shown.request), report)
        studied = desk.studying.run(model, request, report, desk.limits, reasons)
        tally.evaluations = studied.evaluations
    return studied


def take_file(desk: Desk, shown: Explanation | None, token: object, suffix: object) -> Changes:
    """The reasons as a file, for the browser to save, as far as they are still at hand."""
    if shown is None or not isinstance(token, int) or not isinstance(suffix, str):
        return {}
    studied = desk.studying.find(why.asked_about(shown.request, token))
    if studied is None:
        return {"status": sentences.told(sentences.line("hint", "These reasons are forgotten. Click the token anew."))}
    try:
        return {"file": file_payload(studied, suffix), "status": sentences.told()}
    except TokimpError as error:
        return {"status": sentences.failed(error)}


def _drawn(studied: Studied | None, running: str, of: str = "") -> Any:
    return gr.update(value=drawer_payload(None if studied is None else studied.value, running, of), state="ready")
