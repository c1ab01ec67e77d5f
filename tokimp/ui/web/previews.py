"""Gives the page behind a link its own title, description and picture, for crawlers, which run no script."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokimp.errors import LinkError
from tokimp.share import PARAMETER, from_link
from tokimp.ui.desk import Desk
from tokimp.ui.trouble import report_without_words
from tokimp.ui.web import addresses
from tokimp.ui.web.heads import with_head
from tokimp.ui.web.told import description_of, known, title_of
from tokimp.views import card
from tokimp.views.characters import escaped

LONGEST_PAGE = 8 * 2**20
"""A longer page goes out as it is."""


class Previews:
    """ASGI middleware. Requests other than those for the page with a whole link pass through untouched."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        code = _code_of(scope)
        tags = await run_in_threadpool(self._tags, Request(scope), code) if code else ""
        await self._app(scope, receive, _Rewriter(send, tags).send if tags else send)

    def _tags(self, request: Request, code: str) -> str:
        """What stands in the head of the page behind this code; "" where it is no code."""
        try:
            asked = from_link(code)
            result = known(self._desk, asked)
            explanation = None if result is None else result.explanation
            title, told = title_of(asked, explanation), description_of(asked, explanation)
            return head_tags(addresses.origin(request), code, title, told)
        except LinkError:
            return ""
        except Exception as error:  # the page itself is worth more than its preview
            report_without_words(error)
            return ""


def head_tags(base: str, code: str, title: str, description: str) -> str:
    """Title, description, Open Graph, Twitter card and the address of the oEmbed, as HTML."""
    page, picture = addresses.page_link(base, code), addresses.picture_link(base, code)
    properties = {
        "og:title": title,
        "og:type": "website",
        "og:site_name": "tokimp",
        "og:description": description,
        "og:url": page,
        "og:image": picture,
        "og:image:type": "image/png",
        "og:image:width": str(card.WIDTH),
        "og:image:height": str(card.HEIGHT),
        "og:image:alt": title,
    }
    names = {
        "description": description,
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": description,
        "twitter:image": picture,
    }
    tags = [f"<title>{escaped(f'{title} · tokimp')}</title>"]
    tags += [f'<meta property="{name}" content="{escaped(value)}">' for name, value in properties.items()]
    tags += [f'<meta name="{name}" content="{escaped(value)}">' for name, value in names.items()]
    described = escaped(addresses.oembed_link(base, page))
    tags.append(f'<link rel="alternate" type="application/json+oembed" href="{described}" title="{escaped(title)}">')
    return "\n".join(tags)


def _code_of(scope: Scope) -> str:
    """What stands behind `r=` in a request for the page; "" in any other."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return ""
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")).rstrip("/"))
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    if path not in ("", "/") or f"{PARAMETER}=" not in query:
        return ""
    try:
        return parse_qs(query, max_num_fields=100).get(PARAMETER, [""])[0]
    except ValueError:  # more parameters than anybody means
        return ""


class _Rewriter:
    """Holds an HTML page back until it is whole, and sends it with the tags in its head."""

    def __init__(self, send: Send, tags: str) -> None:
        self._send = send
        self._tags = tags
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        elif message["type"] != "http.response.body":
            await self._let_go()
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if len(self._body) > LONGEST_PAGE:
                await self._let_go()
                await self._send({**message, "body": b""})
            elif not message.get("more_body", False):
                await self._finish()

    async def _finish(self) -> None:
        assert self._start is not None
        try:
            page = await run_in_threadpool(with_head, self._body.decode(), self._tags)
            body = page.encode("utf-8", "replace")
        except UnicodeDecodeError:
            body = self._body
        headers = MutableHeaders(raw=list(self._start["headers"]))
        del headers["etag"]
        del headers["content-length"]
        if body:  # else the answer to HEAD, and how long the page would be is not known
            headers["content-length"] = str(len(body))
        self._start, self._body = {**self._start, "headers": headers.raw}, body
        await self._let_go()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _let_go(self) -> None:
        """Sends what was held back; from then on everything passes."""
        start, body = self._start, self._body
        self._start, self._body = None, b""
        if start is not None:
            await self._send(start)
        if body:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(raw=list(start["headers"]))
    html = headers.get("content-type", "").startswith("text/html")
    return bool(start["status"] == 200 and html and "content-encoding" not in headers)
