"""The picture of an explanation, twice as fine as the drawing."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.views.examples import explain, hostile
from tokimp.errors import InputError, OptionError, TokimpError
from tokimp.views import fonts
from tokimp.views.png import explanation_png
from tokimp.views.shades import channels, shades

LINK = "https://example.org/?r=1a_b-c"
CACHES = (fonts._files, fonts._names, fonts._emoji_font, fonts._font_with, fonts._has, fonts._emoji_picture)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def colors(picture: Image.Image) -> set[tuple[int, ...]]:
    """Those of more than a few pixels, so that no edge of a letter counts."""
    return {color for count, color in picture.getcolors(1 << 20) or () if count > 60}


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts: what Pillow brings must do."""

    def forget() -> None:
        for cached in CACHES:
            cached.cache_clear()

    with monkeypatch.context() as patched:
        forget()
        patched.setattr(fonts, "_FOLDERS", ())
        patched.setattr("importlib.util.find_spec", lambda _: None)
        yield
        forget()
    forget()


def test_it_is_twice_as_fine_and_tells_where_it_comes_from() -> None:
    picture = opened(explanation_png(explain("a b"), link=LINK))
    assert (picture.format, picture.mode, picture.width) == ("PNG", "RGB", 1440)
    assert picture.info["Source"] == LINK
    assert picture.info["Title"] == "Why “ girl”? smollm2-135m, integrated gradients."


def test_tokens_have_their_shades() -> None:
    explanation = explain("one two", scores=[2.0, -1.0])
    seen = colors(opened(explanation_png(explanation)))
    light = shades()
    assert {channels(light.ground[name]) for name in ("tkp10", "tkn5")} <= seen
    assert channels(light.paper) in seen
    assert channels(shades(dark=True).ground["tkp10"]) in colors(opened(explanation_png(explanation, dark=True)))


def test_a_transparent_picture_has_no_ground() -> None:
    picture = opened(explanation_png(explain("one two", scores=[2.0, -1.0]), transparent=True))
    assert picture.mode == "RGBA"
    assert picture.getpixel((0, 0)) == (0, 0, 0, 0)
    assert (*channels(shades().ground["tkp10"]), 255) in colors(picture)


def test_the_same_explanation_gives_the_same_picture() -> None:
    assert explanation_png(hostile(), link=LINK) == explanation_png(hostile(), link=LINK)


def test_letters_are_drawn() -> None:
    blank = colors(opened(explanation_png(explain("    ", scores=[0.0] * 4))))
    assert opened(explanation_png(explain("word " * 40))).height > opened(explanation_png(explain("word"))).height
    assert channels(shades().ink) in blank  # the question's


@pytest.mark.usefixtures("no_fonts")
def test_any_script_is_drawn_without_a_font_of_the_machine() -> None:
    assert {name for name, _ in fonts.runs("aש日👩")} == {""}
    assert opened(explanation_png(hostile(), link=LINK)).width == 1440


def test_a_text_too_long_for_a_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"\.svg"):
        explanation_png(explain("a\n\n" * 300, scores=[1.0] * 900))


def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(TokimpError, match="pip install pillow"):
        explanation_png(explain("a"))


def test_what_is_no_web_address_is_no_link() -> None:
    with pytest.raises(OptionError, match="https://"):
        explanation_png(explain("a"), link="javascript:alert(1)")
