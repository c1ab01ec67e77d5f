"""Where this page is reached, and the addresses that are made of that: to link to, never to decide by."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import HTTPConnection

from tokimp.share import PARAMETER
from tokimp.views.embed import THEMES, Theme

_HOST = r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?"

VIEWS = ("tokens", "heatmap")


@dataclass(frozen=True, slots=True)
class Look:
    """How an embed is drawn: one of `VIEWS`, and a theme ("": the reader's own)."""

    view: str = VIEWS[0]
    theme: Theme = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Look:
        """What an address asks for; whatever is none of these is left out of it."""
        view = query.get("view", "")
        theme: Theme = next((each for each in THEMES if each == query.get("theme")), "")
        return cls(view if view in VIEWS else VIEWS[0], theme)

    def query(self) -> str:
        given = {"view": self.view if self.view != VIEWS[0] else "", "theme": self.theme}
        pairs = urlencode({name: value for name, value in given.items() if value})
        return f"?{pairs}" if pairs else ""


def origin(request: HTTPConnection) -> str:
    """The address under which the visitor reaches this page, without a slash at its end.

    A Space knows its own (SPACE_HOST). Elsewhere it is what the request says, with the host and
    the protocol that a proxy before this page adds.
    """
    root = str(request.scope.get("root_path", "")).rstrip("/")
    if root.startswith(("http://", "https://")):
        return root
    if host := os.environ.get("SPACE_HOST", "").strip():
        return f"https://{host}{root}"
    told = request.headers
    hosts = [_first(told.get("x-forwarded-host")), told.get("host", ""), request.url.netloc]
    host = next((each for each in hosts if re.fullmatch(_HOST, each)), "localhost")
    scheme = _first(told.get("x-forwarded-proto"))
    return f"{scheme if scheme in ('http', 'https') else request.url.scheme}://{host}{root}"


def page_link(base: str, code: str) -> str:
    return f"{base}/?{PARAMETER}={code}"


def embed_link(base: str, code: str, look: Look) -> str:
    return f"{base}/e/{code}{look.query()}"


def picture_link(base: str, code: str) -> str:
    return f"{base}/preview/{code}.png"


def oembed_link(base: str, address: str) -> str:
    """Where an embed of this address is described."""
    return f"{base}/oembed?{urlencode({'url': address, 'format': 'json'})}"


def look_of(address: str) -> Look:
    """The look that the address of an embed asks for."""
    try:
        query = urlsplit(address).query
    except ValueError:  # brackets that hold no address
        return Look()
    return Look.of(dict(parse_qsl(query, errors="replace")))


def _first(header: str | None) -> str:
    return (header or "").partition(",")[0].strip()
