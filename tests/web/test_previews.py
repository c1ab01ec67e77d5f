"""The page behind a link says in its head what it shows; every other page goes out as it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.views.examples import HOSTILE, hostile
from tests.views.markup import Markup
from tests.web.desks import PAGE, FakeDesk, asked, client, dressed, result_of
from tokimp.share import to_code
from tokimp.ui.state import Result
from tokimp.ui.web import heads, previews
from tokimp.views.characters import drawable


def code_of(result: Result) -> str:
    return to_code(result.explanation.request)


def facts_of(page: str) -> dict[str, list[str]]:
    """What a crawler reads: values of title and meta tags in the head."""
    head = page.partition("</head>")[0]
    found: dict[str, list[str]] = {"title": re.findall("<title>(.*?)</title>", head.partition("<script>")[0])}
    for _, attributes in Markup(page).tags:
        name = attributes.get("property") or attributes.get("name")
        if name:
            found.setdefault(name, []).append(attributes["content"])
    return found


def test_a_link_tells_what_it_shows() -> None:
    result = result_of()
    answer = client(FakeDesk(result)).get(f"/?__theme=dark&r={code_of(result)}")
    facts = facts_of(answer.text)
    assert facts["title"] == ["Why “ girl”? · tokimp"]
    assert facts["og:title"] == facts["twitter:title"] == ["Why “ girl”?"]
    assert facts["og:url"] == [f"https://page.example/?r={code_of(result)}"]
    assert facts["og:image"] == facts["twitter:image"] == [f"https://page.example/preview/{code_of(result)}.png"]
    assert facts["twitter:card"] == ["summary_large_image"]
    assert facts["viewport"] == ["width=device-width"]
    told = facts["description"][0]
    assert facts["og:description"] == [told]
    for part in ("Music from flutes", "smollm2-135m", "integrated gradients", "47\u202f%", "Most of all: “"):
        assert part in told
    links = [found for tag, found in Markup(answer.text).tags if tag == "link"]
    assert [link["type"] for link in links] == ["application/json+oembed"]
    assert "Generic" not in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers


def test_all_else_of_the_page_stays() -> None:
    result = result_of()
    body = client(FakeDesk(result)).get(f"/?r={code_of(result)}").text
    for kept in ('<script>window.config = {"a": "<meta property=\'og:title\'></title>"};</script>',
                 "<body><title>not this one</title>é</body></html>\n", '<meta charset="utf-8">'):  # fmt: skip
        assert kept in body
    lines = body.split("\n")
    assert lines[:3] == ["<!doctype html>", "<html><head>", '<meta charset="utf-8">']


def test_without_a_result_it_tells_what_is_asked_and_computes_nothing() -> None:
    desk = FakeDesk()
    result = result_of()
    request = asked(result, target=" girl", contrast=" boy")
    facts = facts_of(client(desk).get(f"/?r={to_code(request)}").text)
    assert facts["og:title"] == ["Why “ girl” rather than “ boy”?"]
    assert "integrated gradients on smollm2-135m" in facts["description"][0]
    facts = facts_of(client(desk).get(f"/?r={code_of(result)}").text)
    assert facts["og:title"] == ["Which tokens made the model say that?"]
    assert desk.wanted_of_it == []


@pytest.mark.parametrize(
    "query", ["", "?r=", "?r=1damaged", "?q=1", f"?r=1{'A' * 40_000}", "?r=%ff%00", "?" + "a=1&" * 200 + "r=1"]
)
def test_pages_without_a_whole_link_are_untouched(query: str) -> None:
    answer = client(FakeDesk()).get(f"/{query}")
    assert answer.text == PAGE
    assert answer.headers["etag"] == '"one"'


@pytest.mark.parametrize("kind", ["text", "latin", "packed", "headless", "refused", "long"])
def test_what_is_no_plain_page_is_untouched(kind: str) -> None:
    result = result_of()
    web = client(FakeDesk(result))
    with (
        web.stream("GET", f"/?kind={kind}") as plain,
        web.stream("GET", f"/?kind={kind}&r={code_of(result)}") as linked,
    ):
        assert b"".join(linked.iter_raw()) == b"".join(plain.iter_raw())
        assert linked.status_code == plain.status_code


def test_a_page_that_comes_in_pieces() -> None:
    result = result_of()
    web = client(FakeDesk(result))
    assert web.get(f"/?kind=streamed&r={code_of(result)}").text == web.get(f"/?r={code_of(result)}").text
    assert web.get(f"/streamed?r={code_of(result)}").text == "ab"
    assert web.post(f"/?r={code_of(result)}").text == PAGE


def test_head_promises_no_length_that_it_does_not_know() -> None:
    result = result_of()
    answer = client(FakeDesk(result)).head(f"/?r={code_of(result)}")
    assert (answer.status_code, answer.content) == (200, b"")
    whole = client(FakeDesk(result)).get(f"/?r={code_of(result)}")
    assert answer.headers.get("content-length", whole.headers["content-length"]) == whole.headers["content-length"]


def test_a_link_to_another_revision_tells_of_the_pages_own() -> None:
    result = result_of()
    facts = facts_of(client(FakeDesk(result)).get(f"/?r={to_code(asked(result, revision='b' * 40))}").text)
    assert facts["og:title"] == ["Why “ girl”?"]


def test_hostile_words_stay_words() -> None:
    labels = {"contrast": 7, "contrast_label": '"><script>alert(1)</script><meta name="x" content="'}
    for desk_has in (True, False):
        result = dressed(hostile(target=labels, notes=("</title>",)))
        answer = client(FakeDesk(*[result] * desk_has)).get(f"/?r={code_of(result)}")
        page = Markup(answer.text)
        assert [tag for tag, _ in page.tags].count("script") == 1
        assert "x" not in page.attributes("name")
        told = facts_of(answer.text)["og:description"][0]
        assert drawable(" ".join(HOSTILE.split()))[:100] in told
        assert ("script>alert" in facts_of(answer.text)["og:title"][0]) == desk_has


def test_a_preview_that_fails_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("a visitor's words")

    monkeypatch.setattr(previews, "title_of", broken)
    assert client(FakeDesk()).get(f"/?r={code_of(result_of())}").text == PAGE
    assert "RuntimeError" in caplog.text
    assert "words" not in caplog.text


@pytest.mark.parametrize("page", ["", "<p>", "<html><head><title>a", "<title>a</title>", "<html><body></head>"])
def test_a_page_without_a_head_stays(page: str) -> None:
    assert heads.with_head(page, "<title>b</title>") == page


def test_a_head_that_says_nothing_of_itself_gets_it_at_its_end() -> None:
    assert heads.with_head("<head><base></head>", "<title>b</title>") == "<head><base><title>b</title></head>"
    page = "<head>\n<TITLE\n>a</TITLE ><meta name=keywords content=a>\n</head>"
    assert heads.with_head(page, "<b>") == "<head>\n<b><meta name=keywords content=a>\n</head>"
