"""The picture beside a link: of the right size, drawn once, and never a reason to compute."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.views.examples import hostile
from tests.web.desks import FakeDesk, asked, client, dressed, result_of
from tokimp.share import to_code
from tokimp.ui.web import pictures


def size_of(content: bytes) -> tuple[int, int]:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    return picture.size


@pytest.mark.parametrize(
    "result", [result_of(), dressed(hostile()), dressed(hostile(signed=False)), result_of("x" * 8000)]
)
def test_a_result_is_drawn_once(result: pictures.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    web = client(FakeDesk(result))
    address = f"/preview/{to_code(result.explanation.request)}.png"
    first = web.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/png")
    assert size_of(first.content) == (1200, 630)
    assert len(first.content) < 150_000
    assert "max-age=604800" in first.headers["cache-control"]
    assert first.headers["x-content-type-options"] == "nosniff"
    monkeypatch.setattr(pictures, "card_png", None)
    assert web.get(address).content == first.content
    assert web.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_without_a_result_there_is_a_cover() -> None:
    desk = FakeDesk()
    request = asked(result_of(), target=" girl")
    answer = client(desk).get(f"/preview/{to_code(request)}.png")
    assert size_of(answer.content) == (1200, 630)
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert desk.wanted_of_it == []
    web = client(desk)
    assert web.get("/preview/1damaged.png").status_code == 404
    assert size_of(web.get("/preview/1damaged.png").content) == (1200, 630)


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST", 2)
    remembered = pictures.Pictures(FakeDesk())  # type: ignore[arg-type]
    for word in "abac":
        assert remembered._once(word, word.encode) == word.encode()
    assert list(remembered._drawn) == ["a", "c"]


def test_what_nobody_foresaw_is_logged_without_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> bytes:
        raise RuntimeError("a visitor's words")

    result = result_of()
    monkeypatch.setattr(pictures, "card_png", broken)
    assert client(FakeDesk(result)).get(f"/preview/{to_code(result.explanation.request)}.png").status_code == 500
    assert "words" not in caplog.text
