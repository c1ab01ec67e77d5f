"""Where the page is, behind proxies and under paths; and whether it is well."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.requests import Request

from tests.web.desks import FakeDesk, client
from tokimp.ui.web import addresses, health
from tokimp.ui.web.addresses import Look


def request(root: str = "", scheme: str = "http", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": scheme}
    return Request(scope | {"headers": raw, "root_path": root, "server": ("127.0.0.1", 7860)})


@pytest.mark.parametrize(
    ("given", "base"),
    [
        (request(host="a.example"), "http://a.example"),
        (request(host="a.example:7860", scheme="https"), "https://a.example:7860"),
        (request("/tool/", host="a.example"), "http://a.example/tool"),
        (request("https://b.example/tool", host="a.example"), "https://b.example/tool"),
        (
            request(host="inside:7860", x_forwarded_host="a.example, inside", x_forwarded_proto="https,http"),
            "https://a.example",
        ),
        (request(host="a.example", x_forwarded_host='b"><script>'), "http://a.example"),
        (request(host="a.example/..", x_forwarded_proto="javascript"), "http://127.0.0.1:7860"),
        (request(host="[::1]:7860"), "http://[::1]:7860"),
    ],
)
def test_where_the_page_is(given: Request, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_HOST", raising=False)
    assert addresses.origin(given) == base


def test_a_space_knows_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_HOST", "user-space.hf.space")
    assert addresses.origin(request(host="x", x_forwarded_host="evil.example")) == "https://user-space.hf.space"


def test_looks() -> None:
    assert Look.of({"view": "heatmap", "theme": "dark"}).query() == "?view=heatmap&theme=dark"
    assert Look.of({"view": "<b>", "theme": "pink"}) == Look()
    assert Look().query() == ""


def test_the_page_is_well() -> None:
    answer = client(FakeDesk()).get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_that_cannot_look_anything_up_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, free = FakeDesk(), threading.Event()
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(desk.results, "find", lambda _: free.wait(30) and None)
    answer = client(desk).get("/healthz")
    free.set()
    assert (answer.status_code, answer.json()["status"]) == (503, "overloaded")


def test_counts_hold_no_words() -> None:
    desk = FakeDesk()
    desk.counts.add("embed", "found", 0.1)
    answer = client(desk).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'outcome="found"' in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_other_addresses_are_the_pages_own() -> None:
    web = client(FakeDesk())
    for path in ("/e/", "/e/a/b", "/preview/a/b.png", "/preview/a", "/oembed/x", "/healthz/x"):
        assert web.get(path, follow_redirects=False).text in ("the page's own", "")
    assert web.post("/e/1").status_code == 405
