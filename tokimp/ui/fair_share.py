"""Whose requests wait in the page's queue, and whose one request is, whatever way it came."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

from tokimp.ui.visitors import visitor_key

# Tool calls reach the queue through a connection of the server to itself, and say by this who made them.
PASS = b"x-tokimp-visitor"
# Where a request keeps its visitor's key, once that was looked up.
VISITOR = "tokimp.visitor"

_SECRET = secrets.token_bytes(32)


def visitor_of(request: Any) -> str:
    """The key of whoever made a request, of Starlette or of Gradio; also of a call by a tool."""
    inner = getattr(request, "request", None) or request
    if known := inner.scope.get(VISITOR):
        return str(known)
    signed = inner.headers.get(PASS.decode(), "")
    key = signed.partition(".")[0]
    return key if hmac.compare_digest(_signed(key), signed.encode()) else visitor_key(inner)


def visitors_in(app: Any) -> Sequence[str]:
    """The keys of all whose requests wait or run in the page's queue, one for each request."""
    queue = app.get_blocks()._queue
    waiting = [event for line in queue.event_queue_per_concurrency_id.values() for event in line.queue]
    running = [event for events in queue.active_jobs if events for event in events]
    return [visitor_of(event.request) for event in (*waiting, *running) if event.alive]


def recognised(scope: Scope) -> Scope:
    """The request with its visitor's key, which is then at hand for all who wait."""
    return dict(scope, **{VISITOR: visitor_of(HTTPConnection(scope))})


def passed_on(scope: Scope) -> Scope:
    """A tool's request with its visitor's key, which nobody else can sign."""
    headers = [(name, value) for name, value in scope["headers"] if name != PASS]
    return dict(scope, headers=[*headers, (PASS, _signed(visitor_key(HTTPConnection(scope))))])


def _signed(key: str) -> bytes:
    return f"{key}.{hmac.new(_SECRET, key.encode(), 'sha256').hexdigest()}".encode()
