"""/healthz and /metrics: whether the page lives and what it did, in numbers, without a word of what was asked."""

from __future__ import annotations

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tokimp import types
from tokimp.ui.desk import Desk
from tokimp.ui.web import answers
from tokimp.version import __version__

PATIENCE = 10.0
_PROBE = types.Request("", "", "next-token", "", "")


async def healthz(desk: Desk, _request: Request) -> Response:
    """200 while a result can be looked up in time, which takes a free thread and a store that answers; else 503."""
    well = False
    with anyio.move_on_after(PATIENCE):
        await anyio.to_thread.run_sync(desk.results.find, _PROBE, abandon_on_cancel=True)
        well = True
    told = {"status": "ok" if well else "overloaded", "version": __version__}
    return JSONResponse(told, 200 if well else 503, answers.guarded())


async def metrics(desk: Desk, _request: Request) -> Response:
    """Counts and latencies in the text format of Prometheus."""
    return PlainTextResponse(desk.counts.lines(), 200, answers.guarded(), "text/plain; version=0.0.4")
