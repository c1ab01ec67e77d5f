"""What is taken along: links that ask the same again, the code of an embed, and files that carry the link."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.errors import TokimpError
from tokimp.models.text_model import TextModel
from tokimp.share import from_link
from tokimp.ui import display, handlers, sharing, work
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked, Result
from tokimp.views.files import FORMATS

PAGE = "https://example.org/page/"
WISH = {"page": PAGE, "dark": False, "transparent": False}


@pytest.fixture
def result(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    return work.answer(Asked("next-token", decoder.key, TEXTS["next-token"], "occlusion"), lambda _: None)


def saved(result: Result, suffix: str, **wish: Any) -> bytes:
    return base64.b64decode(sharing.file_payload(result, suffix, WISH | wish)["data"])


def named(result: Result, label: str) -> Result:
    """The result, of a target by another name."""
    target = replace(result.explanation.target, label=label)
    return replace(result, explanation=replace(result.explanation, target=target))


def test_the_link_asks_the_same_again(result: Result) -> None:
    payload = sharing.share_payload(result)
    assert payload is not None
    assert from_link(f"{PAGE}?r={payload['code']}") == result.explanation.request


def test_an_unfinished_result_is_not_shared(result: Result) -> None:
    draft = replace(result, finished=False)
    assert sharing.share_payload(draft) is None
    assert handlers.take_file(draft, ".json", WISH) == {}


def test_the_formats_are_those_that_are_declared(result: Result) -> None:
    payload = sharing.share_payload(result)
    assert payload is not None
    assert payload["formats"] == [[suffix, format_.title] for suffix, format_ in FORMATS.items()]


def test_a_title_never_leaves_its_attribute(result: Result) -> None:
    hostile = named(result, '"><script>alert(1)</script>')
    payload = sharing.share_payload(hostile)
    assert payload is not None
    before, after = payload["embed"]
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(f"{before}{PAGE}e/{payload['code']}{after}")
    [(tag, attributes)] = found
    assert tag == "iframe"
    assert attributes["src"] == f"{PAGE}e/{payload['code']}"
    assert "<script>alert(1)</script>" in (attributes["title"] or "")
    assert attributes["loading"] == "lazy"
    assert int(attributes["height"] or 0) > 100


def test_what_is_too_long_for_a_link_is_shown_kept_and_saved(result: Result) -> None:
    rng = np.random.default_rng(0)
    text = "".join(map(chr, rng.integers(0x4E00, 0x9FFF, 20_000)))
    request = replace(result.explanation.request, text=text)
    long = replace(result, explanation=replace(result.explanation, request=request))
    payload = display.displayed(long)["share"]["value"]
    assert payload["code"] is None
    assert payload["problem"] == (
        "This question is too long for a link. So this result has none, but it can be saved as a file."
    )
    assert [suffix for suffix, _ in payload["formats"]] == list(FORMATS)
    assert PAGE.encode() in saved(result, ".html")
    assert PAGE.encode() not in saved(long, ".html")
    desk = Desk()
    desk.results.keep(long)
    assert desk.results.find(request) is long
    assert handlers.at_hand(desk, long, payload) is long
    assert handlers.at_hand(desk, None, payload) is None


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_file_carries_the_link(result: Result, suffix: str) -> None:
    data = saved(result, suffix)
    assert sharing.file_payload(result, suffix, WISH)["type"] == FORMATS[suffix].media
    if suffix == ".json":
        assert json.loads(data)["request"]["text"] == TEXTS["next-token"]
    elif suffix == ".csv":
        assert re.search(rb",https?://\S*\?r=1\S*\r\n$", data)
    else:
        written = (
            data.replace(b"\\allowbreak{}", b"").replace(b"\\_", b"_").replace(b"{-}", b"-")
            if suffix == ".tex"
            else data
        )
        assert result.explanation.link(PAGE).encode() in written


def test_a_picture_is_as_it_was_wished_for(result: Result) -> None:
    plain, clear, dark = (
        saved(result, ".png"),
        saved(result, ".png", transparent=True),
        saved(result, ".png", dark=True),
    )
    assert plain.startswith(b"\x89PNG\r\n")
    colour_type = 25  # in the header: 2 is RGB, 6 has an alpha channel
    assert (plain[colour_type], clear[colour_type]) == (2, 6)
    assert dark != plain


@pytest.mark.parametrize(
    "page", [None, 3, "javascript:alert(1)", 'https://a.b/" onload="x', "https://a.b/" + "x" * 5000]
)
def test_a_page_that_is_none_is_told(result: Result, page: object) -> None:
    with pytest.raises(TokimpError):
        sharing.file_payload(result, ".html", WISH | {"page": page})
    changes = handlers.take_file(result, ".html", WISH | {"page": page})
    assert changes["status"]["lines"][0]["kind"] == "error"


@pytest.mark.parametrize(("suffix", "wish"), [(3, WISH), (".html", None), (None, WISH), (".html", [1])])
def test_what_no_browser_of_ours_sends_changes_nothing(result: Result, suffix: object, wish: object) -> None:
    assert handlers.take_file(result, suffix, wish) == {}


def test_a_format_that_is_none_is_told(result: Result) -> None:
    assert handlers.take_file(result, ".exe", WISH)["status"]["lines"][0]["kind"] == "error"
