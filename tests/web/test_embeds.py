"""/e/<code>: small, still, strict, and the same for everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.views.examples import HOSTILE, hostile
from tests.views.markup import Markup
from tests.web.desks import FakeDesk, asked, client, dressed, failing, long_result, result_of
from tokimp import errors
from tokimp.share import LONGEST_CODE, to_code
from tokimp.ui.state import Result
from tokimp.views.characters import drawable

FORBIDDEN = {"script", "iframe", "img", "object", "embed", "form", "base", "svg", "video", "audio"}


def code_of(result: Result) -> str:
    return to_code(result.explanation.request)


def opened(result: Result, query: str = "", **headers: str) -> Any:
    return client(FakeDesk(result)).get(f"/e/{code_of(result)}{query}", headers=headers)


@pytest.mark.parametrize("view", ["tokens", "heatmap"])
@pytest.mark.parametrize("theme", ["", "light", "dark"])
@pytest.mark.parametrize("result", [result_of(), dressed(hostile()), dressed(hostile(signed=False))])
def test_a_page_without_script_or_request(result: Result, view: str, theme: str) -> None:
    answer = opened(result, f"?view={view}&theme={theme}")
    page = Markup(answer.text)
    style = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert answer.status_code == 200
    assert len(style) == 1
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors *; base-uri 'none'; form-action 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "x-frame-options" not in answer.headers
    assert not FORBIDDEN & {tag for tag, _ in page.tags}
    assert not {name for _, found in page.tags for name in found if name.startswith("on") or name in ("style", "src")}
    assert not re.search(r"url\(|@import|expression", style[0])
    assert ("tk-dark" in answer.text.split("<head>")[0]) == (theme == "dark")


def test_documents_are_whole() -> None:
    for query in ("", "?view=heatmap"):
        page = Markup(opened(dressed(hostile()), query).text)
        names = [tag for tag, _ in page.tags]
        assert names[:3] == ["html", "head", "meta"]
        for once in ("html", "head", "title", "style", "body", "main", "h1"):
            assert names.count(once) == 1
        assert page.attributes("id") == []
        assert dict(page.tags)["html"]["lang"] == "en"


@pytest.mark.parametrize(("tokens", "kilobytes"), [(20, 8), (200, 30)])
def test_pages_are_small(tokens: int, kilobytes: int) -> None:
    result = long_result(tokens)
    assert len(result.explanation.tokens) == tokens
    assert len(opened(result).content) < kilobytes * 1000
    assert len(opened(result, "?view=heatmap").content) < (kilobytes + 10) * 1000


def test_numbers_are_there_for_those_who_hover_and_those_who_cannot() -> None:
    result = result_of("one two", scores=[0.4711, -0.2])
    page = Markup(opened(result).text)
    assert {"0.471, rank 1", "−0.2, rank 2"} <= set(page.attributes("title"))
    assert [text in page.text.partition("Numbers")[2] for text in ("one0.471", "two−0.2")] == [True, True]
    assert page.text.endswith("Open in tokimp\n")


def test_it_leads_back_to_the_page_wherever_that_is() -> None:
    result = result_of()
    page = Markup(opened(result).text)
    link = next(found for tag, found in page.tags if tag == "a")
    assert link == {"href": f"../?r={code_of(result)}", "target": "_blank", "rel": "noopener"}
    described = next(found for tag, found in page.tags if tag == "link")
    assert described["type"] == "application/json+oembed"
    assert described["href"].startswith("https://page.example/oembed?url=https%3A%2F%2Fpage.example%2Fe%2F")


def test_a_finished_result_is_kept_by_browsers() -> None:
    result = result_of()
    answer = opened(result)
    assert "max-age=604800" in answer.headers["cache-control"]
    again = opened(result, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert opened(result, **{"if-none-match": '"another"'}).status_code == 200
    assert opened(result, "?theme=dark").headers["etag"] != answer.headers["etag"]


def test_what_is_being_computed_is_asked_for_again() -> None:
    desk = FakeDesk()
    answer = client(desk).get(f"/e/{code_of(result_of())}?view=heatmap&theme=dark")
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["cache-control"] == "no-store"
    refresh = next(found for _, found in Markup(answer.text).tags if "http-equiv" in found)
    assert refresh == {"http-equiv": "refresh", "content": "3"}
    assert [grid for _, grid in desk.wanted_of_it] == [True]


def test_looking_whether_it_is_there_starts_no_work() -> None:
    desk = FakeDesk(result := result_of())
    head = client(desk).head(f"/e/{code_of(result)}")
    assert (head.status_code, head.content) == (200, b"")
    other = to_code(asked(result, text="never computed"))
    assert client(desk).head(f"/e/{other}").status_code == 202
    bare = FakeDesk(replace(result, grid=None))
    assert client(bare).head(f"/e/{code_of(result)}?view=heatmap").status_code == 202
    assert desk.wanted_of_it == bare.wanted_of_it == []


def test_a_result_that_was_stopped_says_so_and_is_not_kept() -> None:
    result = replace(result_of(), finished=False, stopped="Stopped after 30 seconds.")
    answer = opened(result)
    assert "Stopped after 30 seconds." in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_another_revision_says_so() -> None:
    result = result_of()
    request = asked(result, revision="b" * 40)
    desk = FakeDesk(result)
    desk.results.kept[to_code(request)] = result
    assert "another revision" in client(desk).get(f"/e/{to_code(request)}").text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.TextTooLongError("The text has 9,000 characters.", "Shorten it."), 422),
        (errors.OptionError("There is no method '<script>alert(1)</script>'.", "There are: some."), 422),
        (errors.ModelNotFoundError("There is no model <b>."), 404),
        (errors.MethodUnavailableError("This model cannot."), 422),
        (errors.BusyError("Too much is asked at once.", "Try again in a minute."), 503),
        (errors.HubUnreachableError("The hub does not answer."), 503),
        (errors.OutOfMemoryError("Not enough memory."), 503),
    ],
)
def test_what_cannot_be_had_says_why(error: errors.TokimpError, status: int) -> None:
    answer = client(failing(error)).get(f"/e/{code_of(result_of())}")
    page = Markup(answer.text)
    assert answer.status_code == status
    assert str(error) in page.text
    assert not FORBIDDEN & {tag for tag, _ in page.tags}
    assert ("retry-after" in answer.headers) == (status == 503)
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors *" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "code",
    [
        "1",
        "9abc",
        "1" + "A" * 100,
        "%00",
        "<script>alert(1)</script>",
        "1" * (LONGEST_CODE + 1),
        "%2E%2E",
        "é",
        "${7*7}",
    ],
)
def test_a_damaged_code_is_explained_and_not_repeated(code: str) -> None:
    desk = FakeDesk()
    answer = client(desk).get(f"/e/{code.replace('/', '%2F')}")
    assert answer.status_code in (400, 404)
    assert "script>" not in answer.text
    assert desk.wanted_of_it == []


def test_what_nobody_foresaw_is_logged_without_words(caplog: pytest.LogCaptureFixture) -> None:
    answer = client(FakeDesk(error=RuntimeError("a visitor's words"))).get(f"/e/{code_of(result_of())}")
    assert answer.status_code == 500
    assert "words" not in answer.text + caplog.text
    assert "RuntimeError at" in caplog.text


@pytest.mark.parametrize("text", [HOSTILE, "x" * 8000, "\u202e" * 50, "a\x00b", "${7*7}" * 100, "\"'><b>" * 50])
def test_hostile_text_stays_text(text: str) -> None:
    result = result_of(text, target={"contrast": 7, "contrast_label": text[:50]}, notes=("<i>note</i>",))
    for query in ("", "?view=heatmap", "?theme=<script>&view='>"):
        answer = opened(result, query)
        page = Markup(answer.text)
        assert answer.status_code == 200
        assert not FORBIDDEN & {tag for tag, _ in page.tags}
        assert drawable(text) in page.text or "heatmap" in query
        assert "<i>note</i>" in page.text
