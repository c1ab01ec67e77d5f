"""What a program gets of a study."""

from __future__ import annotations

import json
from collections.abc import Iterator

import gradio as gr

from tokimp.ui.answering import Json, link_to, streamed
from tokimp.ui.desk import Desk
from tokimp.ui.fair_share import visitor_of
from tokimp.ui.state import Asked
from tokimp.ui.studies.base import Studied


def answered(desk: Desk, asked: Asked, request: gr.Request) -> Iterator[Json]:
    """How far the work is, again and again, and then all that there is, with its link and how it ended."""
    visitor = visitor_of(request)
    for found in streamed(lambda report: desk.study(asked, report, "api", visitor)):
        yield found if isinstance(found, dict) else _whole(found, request)


def _whole(studied: Studied, request: gr.Request) -> Json:
    whole: Json = json.loads(studied.value.to_json())
    ended = {"finished": studied.finished, "stopped": studied.stopped}
    return whole | {"link": link_to(studied.request, request)} | ended
