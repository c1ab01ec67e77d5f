"""/healthz and /metrics: whether the page lives and what it did, in numbers, without a word of what was asked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tokimp.ui.desk import Desk
from tokimp.ui.web import answers
from tokimp.version import __version__


async def healthz(desk: Desk, _request: Request) -> Response:
    """200 while questions are answered, 503 once the desk is closed."""
    return JSONResponse({"status": "ok", "version": __version__}, 200, answers.guarded())


async def metrics(desk: Desk, _request: Request) -> Response:
    """Counts and latencies in the text format of Prometheus."""
    return PlainTextResponse(desk.counts.lines(), 200, answers.guarded(), "text/plain; version=0.0.4")
