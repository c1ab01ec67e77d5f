"""Keeps one visitor from filling the queue: asked before a request joins it, whatever sends it."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tokimp.ui.visitors import Visitors, visitor_key

JOINING = re.compile(r"/gradio_api/(queue/join|call/(v2/)?[^/]+)/?")
TOOLS = "/gradio_api/mcp"
# Tool calls reach the queue through a connection of the server to itself, and say by this who made them.
PASS = b"x-tokimp-visitor"

_SECRET = secrets.token_bytes(32)


class FairShare:
    """ASGI middleware: who has as many requests in the queue as one visitor may have is told so, with status 429."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self.visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = str(scope["path"])
            if path.startswith(TOOLS):
                headers = [(name, value) for name, value in scope["headers"] if name != PASS]
                scope = dict(scope, headers=[*headers, (PASS, _signed(visitor_key(HTTPConnection(scope))))])
            elif scope["method"] == "POST" and JOINING.fullmatch(path):
                self.visitors.line = lambda: visitors_in(scope["app"])
                told = self.visitors.refused(visitor_of(HTTPConnection(scope)))
                if told is not None:
                    await JSONResponse({"detail": " ".join(told)}, 429, {"Retry-After": "5"})(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def visitor_of(request: Any) -> str:
    """The key of whoever made a request, of Starlette or of Gradio; also of a call by a tool."""
    inner = getattr(request, "request", None) or request
    signed = inner.headers.get(PASS.decode(), "")
    key, _, _ = signed.partition(".")
    return key if hmac.compare_digest(_signed(key), signed.encode()) else visitor_key(inner)


def visitors_in(app: Any) -> Sequence[str]:
    """The keys of all whose requests wait or run in the page's queue, one for each request."""
    queue = app.get_blocks()._queue
    waiting = [event for line in queue.event_queue_per_concurrency_id.values() for event in line.queue]
    running = [event for events in queue.active_jobs if events for event in events]
    return [visitor_of(event.request) for event in (*waiting, *running) if event.alive]


def _signed(key: str) -> bytes:
    return f"{key}.{hmac.new(_SECRET, key.encode(), 'sha256').hexdigest()}".encode()
