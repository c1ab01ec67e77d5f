"""Two servers: one with results to embed, one with a blog that shows them. Both on this machine, on free ports."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.views.examples import explain, hostile, tokens_of
from tests.web.desks import FakeDesk, dressed
from tokimp.share import to_code
from tokimp.ui.state import Result
from tokimp.ui.web import app_settings
from tokimp.views.embed import frame_code, height

STORY = (
    "Music from flutes and drums filled the air as stories were shared under the shade of tall oak trees. "
    "Among the crowd stood a kind-hearted little"
)
STYLE = (
    "body{max-width:760px;margin:2rem auto;padding:0 1rem;font:1.1rem/1.6 Georgia,serif}:root{color-scheme:light dark}"
)


def results() -> list[Result]:
    boy = {"contrast": 4, "contrast_label": " boy"}
    tokens = tokens_of(STORY)
    errors = [0.3] * len(tokens)
    shown = [
        explain(STORY, target=boy),
        explain(STORY, stderr=errors, notes=("Sampled: ± is one standard error.",)),
        hostile(signed=False),
    ]
    return [dressed(replace(each, request=replace(each.request, seed=place))) for place, each in enumerate(shown)]


def embeds(base: str, shown: list[Result], theme: str = "") -> list[str]:
    """The code of three frames: tokens, a heatmap, and tokens of a text that tries to break out."""
    frames = []
    for result, view in zip(shown, ("tokens", "heatmap", "tokens"), strict=True):
        query = "&".join(part for part in (f"view={view}", f"theme={theme}" if theme else "") if part)
        address = f"{base}/e/{to_code(result.explanation.request)}?{query}"
        high = height(result.explanation, heatmap=view == "heatmap")
        frames.append(frame_code(address, "An explanation", high))
    return frames


def page_of(frames: list[str], piece: str) -> str:
    paragraph = "<p>Which words made the model say that? Here is what it looked at.</p>"
    inside = "".join(paragraph + frame for frame in [*frames, piece])
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A blog</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style><h1>What a small model looks at</h1>{inside}<p>That is all.</p></html>"
    )


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of the app, while it is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{free.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def results_app(shown: list[Result]) -> Starlette:
    return Starlette(**app_settings(FakeDesk(*shown)))  # type: ignore[arg-type]


def blog_app(pages: dict[str, str]) -> Starlette:
    """Pages by their path."""
    return Starlette(routes=[Route(path, _page(page)) for path, page in pages.items()])


def _page(html: str) -> type[HTMLResponse] | object:
    def page(_request: object) -> HTMLResponse:
        return HTMLResponse(html)

    return page
