"""Answers to requests outside the page: what they may do in a browser, and how long they may be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tokimp import errors
from tokimp.views.embed import Document

FOREVER = "public, max-age=604800, stale-while-revalidate=2592000"
"""A result never changes; its drawing may with a new version of this page, so a week it is."""

NEVER = "no-store"
AGAIN = 3
"""Seconds after which a result that is being computed is asked for again."""

BROKEN = "Something went wrong here. Please try again later."

_STATUS: tuple[tuple[type[errors.TokimpError], int], ...] = (
    (errors.LinkError, 400),
    (errors.BusyError, 503),
    (errors.HubUnreachableError, 503),
    (errors.OutOfMemoryError, 503),
    (errors.TooMuchWorkError, 503),
    (errors.Cancelled, 503),
    (errors.ModelNotFoundError, 404),
)


def page(
    document: Document, status: int = 200, keep: str = NEVER, headers: Mapping[str, str] | None = None
) -> Response:
    """An HTML page that any site may put into a frame, and that can load, run and send nothing."""
    policy = f"default-src 'none'; style-src '{document.style}'; frame-ancestors *; base-uri 'none'; form-action 'none'"
    return HTMLResponse(document.html, status, guarded(policy, keep) | dict(headers or {}))


def guarded(policy: str = "default-src 'none'; frame-ancestors 'none'", keep: str = NEVER) -> dict[str, str]:
    """The headers of every answer from here."""
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": keep,
    }


def unless_known(request: Request, response: Response) -> Response:
    """The answer with the tag of its content, or only that nothing changed where the browser has it already."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["etag"] = tag
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag not in known and "*" not in known:
        return response
    kept = ("etag", "cache-control", "vary", "content-security-policy")
    return Response(
        status_code=304, headers={name: response.headers[name] for name in kept if name in response.headers}
    )


def status_of(error: errors.TokimpError) -> int:
    """4xx where asking again is no use, 503 where it may be."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
