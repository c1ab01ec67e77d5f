"""oEmbed as its specification (oembed.com, 1.0) has it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.views.examples import hostile
from tests.views.markup import Markup
from tests.web.desks import FakeDesk, client, dressed, long_result, result_of
from tokimp.share import to_code, to_link
from tokimp.ui.state import Result
from tokimp.views.embed import HIGHEST, WIDTH, height


def described(result: Result, address: str | None = None, known: bool = True, **query: Any) -> dict[str, Any]:
    if address is None:
        address = to_link(result.explanation.request, "https://page.example")
    desk = FakeDesk(*([result] if known else []))
    answer = client(desk).get("/oembed", params={"url": address, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert desk.wanted_of_it == []
    facts: dict[str, Any] = answer.json()
    return facts


def frame(facts: dict[str, Any]) -> dict[str, str]:
    tags = Markup(facts["html"]).tags
    assert [tag for tag, _ in tags] == ["iframe"]
    return tags[0][1]


@pytest.mark.parametrize("known", [True, False])
def test_a_link_becomes_a_frame(known: bool) -> None:
    result = result_of()
    facts = described(result, known=known, format="json")
    code = to_code(result.explanation.request)
    assert {name: facts[name] for name in ("version", "type", "width", "provider_name", "provider_url")} == {
        "version": "1.0",
        "type": "rich",
        "width": WIDTH,
        "provider_name": "tokimp",
        "provider_url": "https://page.example/",
    }
    assert facts["title"] == ("Why “ girl”?" if known else "Which tokens made the model say that?")
    shown = frame(facts)
    assert shown["src"] == f"https://page.example/e/{code}"
    assert (shown["width"], shown["height"]) == (str(facts["width"]), str(facts["height"]))
    assert shown["title"] == facts["title"]
    assert facts["thumbnail_url"] == f"https://page.example/preview/{code}.png"
    assert (facts["thumbnail_width"], facts["thumbnail_height"]) == (1200, 630)


def test_the_address_of_an_embed_keeps_its_look() -> None:
    result = result_of()
    address = f"https://elsewhere.example/e/{to_code(result.explanation.request)}?view=heatmap&theme=dark&x=<"
    facts = described(result, address)
    assert frame(facts)["src"].endswith("?view=heatmap&theme=dark")
    assert facts["height"] == height(result.explanation, heatmap=True)


def test_it_stays_within_what_the_site_has_room_for() -> None:
    result = long_result(200)
    assert described(result)["height"] == HIGHEST or described(result)["height"] == height(result.explanation)
    facts = described(result, maxwidth=320, maxheight=200)
    assert (facts["width"], facts["height"]) == (320, 200)
    assert not [name for name in facts if name.startswith("thumbnail")]
    assert described(result, maxwidth="2000", maxheight="nonsense")["width"] == WIDTH
    assert described(result, maxwidth="0", maxheight="-5")["width"] == WIDTH


@pytest.mark.parametrize("address", ["", "https://page.example/", "https://[::1/?r=1abc", "nonsense", "/e/1<script>"])
def test_an_address_without_a_question_is_not_found(address: str) -> None:
    answer = client(FakeDesk()).get(f"/oembed?url={quote(address)}")
    assert answer.status_code == 404
    assert "script" not in answer.text
    assert client(FakeDesk()).get("/oembed").status_code == 404


def test_xml_is_not_spoken() -> None:
    assert client(FakeDesk()).get("/oembed?url=x&format=xml").status_code == 501


def test_a_strange_address_around_a_code_does_no_harm() -> None:
    result = result_of()
    code = to_code(result.explanation.request)
    for address in (f"https://[/e/{code}?view=heatmap", f"//x/e/{code}?{'a=b&' * 500}", f"/e/{code}?view=%ff"):
        assert frame(described(result, address))["src"] == f"https://page.example/e/{code}"


def test_hostile_words_stay_in_the_title() -> None:
    result = dressed(hostile(target={"contrast": 7, "contrast_label": '"><script>alert(1)</script>'}))
    assert "script>alert(1)</script>" in frame(described(result))["title"]
