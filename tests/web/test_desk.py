"""The routes before the real desk and a tiny model: computed once, in the background, then there for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.models import TEXTS
from tests.views.markup import Markup
from tests.web.desks import client
from tokimp.errors import BusyError
from tokimp.models import catalog
from tokimp.models.text_model import TextModel
from tokimp.share import to_code
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.desk import Desk
from tokimp.views.card import cover_png


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


@pytest.fixture
def request_of(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    monkeypatch.setitem(catalog.CATALOG._things, decoder.key, catalog.CATALOG["smollm2-135m"])
    return Request(decoder.key, decoder.revision, "next-token", TEXTS["next-token"], "occlusion")


def until_computed() -> None:
    for thread in threading.enumerate():
        if thread.name == "tokimp-background":
            thread.join(60)
            assert not thread.is_alive()


def test_an_embed_is_computed_once_for_everybody(desk: Desk, request_of: Request) -> None:
    web, code = client(desk), to_code(request_of)
    assert web.get(f"/e/{code}").status_code == 202
    until_computed()
    shown = web.get(f"/e/{code}")
    assert shown.status_code == 200
    assert TEXTS["next-token"].split()[0] in Markup(shown.text).text
    assert web.get(f"/e/{code}?view=heatmap").status_code == 202
    until_computed()
    cells = Markup(web.get(f"/e/{code}?view=heatmap").text)
    result = desk.results.find(request_of)
    assert result is not None
    assert result.grid is not None
    assert [tag for tag, _ in cells.tags].count("td") == 1 + result.grid.scores.size
    assert 'tokimp_requests_total{kind="embed",outcome="computed"}' in web.get("/metrics").text
    assert web.get("/healthz").status_code == 200


def test_a_crawler_makes_nobody_compute(desk: Desk, request_of: Request) -> None:
    web, code = client(desk), to_code(request_of)
    before = web.get(f"/preview/{code}.png").content
    assert before == cover_png()
    web.get(f"/?r={code}")
    web.get("/oembed", params={"url": f"https://page.example/?r={code}"})
    web.head(f"/e/{code}")
    assert len(desk._background) == 0
    web.get(f"/e/{code}")
    until_computed()
    assert web.get(f"/preview/{code}.png").content != before
    assert "Why “" in web.get(f"/?r={code}").text


def test_a_busy_desk_is_asked_again_later(desk: Desk, request_of: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise BusyError("Many results are being computed here just now.", "Try again in a minute.")

    monkeypatch.setattr(desk._background, "want", full)
    answer = client(desk).get(f"/e/{to_code(request_of)}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "20")
    assert 'http-equiv="refresh" content="20"' in answer.text


def test_what_the_model_refuses_is_said(desk: Desk, request_of: Request) -> None:
    code = to_code(Request(request_of.model, request_of.revision, "next-token", "a", "occlusion", target=10**9))
    web = client(desk)
    assert web.get(f"/e/{code}").status_code == 202
    until_computed()
    answer = web.get(f"/e/{code}")
    assert answer.status_code == 422
    assert "No result" in Markup(answer.text).text


@pytest.mark.parametrize("view", ["compare", "prompts"])
def test_a_comparison_is_embedded_once_it_is_worked_out(desk: Desk, request_of: Request, view: str) -> None:
    text, method = request_of.text, "occlusion" if view == "prompts" else ""
    options = {} if view == "prompts" else {"methods": "occlusion,saliency", "evaluate": False}
    request = replace(request_of, text=text, method=method, options=options, view=view)
    web, code = client(desk), to_code(request)
    assert web.head(f"/e/{code}").status_code == 202
    assert web.get(f"/e/{code}").status_code == 202
    until_computed()
    shown = web.get(f"/e/{code}")
    assert shown.status_code == 200
    page = Markup(shown.text)
    assert text.split()[0] in page.text
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "form"})
    assert page.text.rstrip().endswith("Open in tokimp")
    assert "Compare" in web.get("/", params={"r": code}).text
    assert web.get(f"/preview/{code}.png").content == cover_png()


@pytest.mark.parametrize("wrong", [{"options": {"methods": "no"}}, {"options": {"colour": 1}}, {"method": "occlusion"}])
def test_a_comparison_that_is_none_is_refused(desk: Desk, request_of: Request, wrong: dict[str, Any]) -> None:
    request = replace(request_of, **({"method": "", "view": "compare"} | wrong))
    answer = client(desk).get(f"/e/{to_code(request)}")
    assert answer.status_code == 422
    assert "<script" not in answer.text
