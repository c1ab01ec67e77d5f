"""A desk that has some results and computes none, and the routes before it as a browser meets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.views.examples import explain, tokens_of
from tokimp.errors import TokimpError
from tokimp.internals.looks.base import build as build_look
from tokimp.share import to_code
from tokimp.types import Candidate, Explanation, Prediction, Request
from tokimp.ui.counts import Counts
from tokimp.ui.state import Asked, Grid, Result
from tokimp.ui.studies import STUDIES
from tokimp.ui.web import app_settings

TEXT = "Music from flutes and drums filled the air. Among the crowd stood a kind-hearted little"
PAGE = """<!doctype html>
<html><head>
<meta charset="utf-8">
<meta property="og:title" content="Generic" /><meta name="twitter:card" content="summary">
<meta
  name="description"
  content="Generic"
/>
<title>Generic</title>
<meta name="viewport" content="width=device-width">
<script>window.config = {"a": "<meta property='og:title'></title>"};</script>
</head>
<body><title>not this one</title>é</body></html>
"""


class Shelf:
    """What the desk looks results up in."""

    def __init__(self, *results: Result) -> None:
        self.kept = {to_code(result.explanation.request): result for result in results}

    def find(self, request: Request) -> Result | None:
        return self.kept.get(to_code(request))


class FakeDesk:
    """Answers from its shelf; `error` is raised where it would have to compute. Remembers what was wanted of it."""

    def __init__(self, *results: Result, error: Exception | None = None) -> None:
        self.results = Shelf(*results)
        self.counts = Counts()
        self.error = error
        self.wanted_of_it: list[tuple[Request, bool]] = []

    def found(self, asked: Asked) -> Result | None:
        return self.results.find(asked.request("main"))

    def wanted(self, request: Request, grid: bool = False, visitor: str = "") -> Result | None:
        assert visitor
        self.wanted_of_it.append((request, grid))
        if self.error is not None:
            raise self.error
        found = self.results.find(request)
        return None if found is None or (grid and found.grid is None) else found

    def seen(self, _asked: Asked) -> None:
        """Nothing was looked at, and nothing studied."""

    studied = seen

    def wanted_look(self, request: Request, _visitor: str = "") -> None:
        build_look(request.view, request.options)

    def wanted_study(self, request: Request, _visitor: str = "") -> None:
        STUDIES[request.view].check(request)


def result_of(text: str = TEXT, *, outputs: int = 5, **settings: Any) -> Result:
    """A made-up result, with its heatmap."""
    return dressed(explain(text, **settings), outputs)


def dressed(explanation: Explanation, outputs: int = 5) -> Result:
    prediction = Prediction((Candidate(3, " girl", 0.47, 17.25),), explanation.tokens, 0, 1.0)
    scores = np.random.default_rng(1).normal(size=(len(explanation.tokens), outputs))
    labels = tuple([" girl", " boy", "\n", "<b>", "${7*7}"][:outputs])
    return Result(explanation, prediction, Grid(labels, scores, explanation.attribution.signed))


def asked(result: Result, **changes: Any) -> Request:
    return replace(result.explanation.request, **changes)


def client(desk: Any, **settings: Any) -> TestClient:
    """The routes and the middleware before a page that is like the app's."""
    own = app_settings(desk)
    routes = [
        *own["routes"],
        Route("/", _page, methods=["GET", "POST", "HEAD"]),
        Route("/streamed", _streamed),
        Route("/{other:path}", lambda _: PlainTextResponse("the page's own", 404)),
    ]
    app = Starlette(routes=routes, middleware=own["middleware"])
    return TestClient(app, "https://page.example", **settings)


def _page(request: HttpRequest) -> Response:
    kind = request.query_params.get("kind", "")
    body = PAGE.encode()
    if kind == "streamed":
        return StreamingResponse((body[at : at + 50] for at in range(0, len(body), 50)), media_type="text/html")
    others = {
        "text": PlainTextResponse(PAGE),
        "latin": Response(PAGE.encode("latin-1"), media_type="text/html; charset=latin-1"),
        "packed": HTMLResponse(PAGE, headers={"content-encoding": "br"}),
        "headless": HTMLResponse("<p>no head</p>"),
        "refused": HTMLResponse(PAGE, 401),
        "long": HTMLResponse(PAGE + " " * 9 * 2**20),
    }
    return others.get(kind, HTMLResponse(PAGE, headers={"etag": '"one"'}))


def _streamed(_request: HttpRequest) -> Response:
    return StreamingResponse(iter([b"a", b"b"]), media_type="text/html")


def failing(error: TokimpError) -> FakeDesk:
    return FakeDesk(error=error)


def long_result(count: int) -> Result:
    text = f"{TEXT}. " * 40
    tokens = tokens_of(text)[:count]
    return result_of(text[: tokens[-1].end], tokens=tokens)
