"""What is looked at before Gradio sees a request: its size, its shape, and whether its sender had a fair share."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokimp.ui import fair_share
from tokimp.ui.visitors import Visitors

CALL = re.compile(r"(?:/.+)?/gradio_api/(?:queue/join|(?P<way>run|api|call|call/v2)/(?P<name>[^/]+))/?")
TOOLS = "/gradio_api/mcp"
MOST_BYTES = 2**21
TRY_AGAIN = {"Retry-After": "5"}

Refusal = tuple[int, str]


class FrontDoor:
    """ASGI middleware in front of Gradio, which answers what is misshapen with 500 and prints what it held.

    A request that is none is told so (404, 413, 422), and so is a visitor who has as many requests in
    the queue as one may have, or whose turn it is not while others wait (429).
    """

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self.visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and path.endswith("\n"):  # would find its way past what is looked at here
            await JSONResponse({"detail": "There is no such page."}, 404)(scope, receive, send)
            return
        if scope["type"] == "http" and TOOLS in path:
            scope = fair_share.passed_on(scope)
        call = CALL.fullmatch(path) if scope["type"] == "http" and scope["method"] == "POST" else None
        if call is None:
            await self.app(scope, receive, send)
            return
        scope = fair_share.recognised(scope)
        body = await _body(receive)
        refusal = (413, "That is too much.") if body is None else _refusal(scope["app"], call, body)
        if refusal is None and call["way"] not in ("run", "api"):
            refusal = self._beyond_their_share(scope)
        if refusal is None:
            await self.app(scope, _again(body or b"", receive), send)
            return
        status, told = refusal
        await JSONResponse({"detail": told}, status, TRY_AGAIN if status == 429 else None)(scope, receive, send)

    def _beyond_their_share(self, scope: Scope) -> Refusal | None:
        app = scope["app"]
        self.visitors.line = lambda: fair_share.visitors_in(app)
        told = self.visitors.refused(scope[fair_share.VISITOR])
        return None if told is None else (429, " ".join(told))


def _refusal(app: Any, call: re.Match[str], body: bytes) -> Refusal | None:
    """What is wrong with a call, as far as Gradio would fall over it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return 422, "This is no JSON."
    if not isinstance(asked, dict):
        return 422, "This is no JSON object."
    function = _function(app.get_blocks().fns, call, asked.get("fn_index"))
    if function is None:
        return 404, "There is no such endpoint."
    return _misnamed(function, asked) if call["way"] == "call/v2" else _miscounted(function, asked.get("data"))


def _function(functions: dict[int, Any], call: re.Match[str], index: Any) -> Any:
    """The function that is called: a public one by its name, and one of the page by its number."""
    if call["way"] in ("call", "call/v2"):
        public = (each for each in functions.values() if each.api_visibility == "public")
        return next((each for each in public if each.api_name == call["name"]), None)
    if index is None:
        return next((each for each in functions.values() if each.api_name == call["name"]), None)
    return functions.get(index) if isinstance(index, int) else None


def _miscounted(function: Any, data: Any) -> Refusal | None:
    counts = {len(function.inputs), sum(not each.skip_api for each in function.inputs)}
    if isinstance(data, list) and len(data) in counts:
        return None
    return 422, f"data is no list of {max(counts)} values."


def _misnamed(function: Any, asked: dict[str, Any]) -> Refusal | None:
    parameters = inspect.signature(function.fn).parameters
    unknown = [name for name in asked if name not in parameters]
    names = ", ".join(name for name in parameters if name != "request")
    if unknown:
        return 422, f"An argument has a name that is none. There are: {names}."
    missing = [name for name, each in parameters.items() if each.default is each.empty and name != "request"]
    left_out = [name for name in missing if name not in asked]
    return (422, f"Left out: {', '.join(left_out)}.") if left_out else None


async def _body(receive: Receive) -> bytes | None:
    """What was sent; None where it is too much. Whoever left meanwhile has sent nothing."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size, more = size + len(part), bool(message.get("more_body", False))
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read, then whatever comes."""
    unread = [body]

    async def receive_again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return receive_again
