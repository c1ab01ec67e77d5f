"""A blog with three embeds and one static piece, in a real browser: with scripts and without, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect
from starlette.applications import Starlette

from tests.e2e.blog import blog_app, embeds, page_of, results, results_app, served
from tests.web.desks import FakeDesk
from tokimp.share import to_code
from tokimp.ui.state import Result
from tokimp.ui.web import answers, app_settings
from tokimp.views.characters import drawable

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

Visit = Callable[..., Page]
SIZES = "() => [document.documentElement.scrollHeight, innerHeight, document.documentElement.scrollWidth, innerWidth]"


@pytest.fixture(scope="module")
def blog() -> Iterator[tuple[str, str]]:
    """Addresses of the results and of the blog."""
    shown = results()
    piece = '<iframe id="piece" title="An explanation" src="/piece.html" width="640" height="900"></iframe>'
    with served(results_app(shown)) as base:
        pages = {f"/{theme}": page_of(embeds(base, shown, theme), piece) for theme in ("", "light", "dark")}
        pages["/piece.html"] = shown[0].explanation.to_html()
        with served(blog_app(pages)) as address:
            yield base, address


@pytest.fixture
def visit(blog: tuple[str, str], browser: Browser) -> Iterator[Visit]:
    """Opens a page of the blog; at the end, nothing was asked of anybody else, and nothing was refused or failed."""
    outside: list[str] = []
    trouble: list[str] = []
    contexts = []

    def guard(route: Any) -> None:
        if route.request.url.startswith((*blog, "data:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def opened(path: str = "/", *, script: bool = True, width: int = 800, scheme: str = "light") -> Page:
        look: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        context = browser.new_context(java_script_enabled=script, **look)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", guard)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(f"{blog[1]}{path}", wait_until="networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert trouble == []


def frames(page: Page, base: str) -> list[Frame]:
    return [frame for frame in page.frames if frame.url.startswith(f"{base}/e/")]


@pytest.mark.parametrize("script", [True, False])
def test_a_blog_shows_three_results_and_a_piece(blog: tuple[str, str], visit: Visit, script: bool) -> None:
    page = visit(script=script)
    tokens, heatmap, hostile = frames(page, blog[0])
    expect(tokens.locator("h1")).to_have_text("Why “ girl” rather than “ boy”?")
    expect(tokens.locator(".tk-text")).to_contain_text("kind-hearted little")
    expect(heatmap.locator("tbody tr")).to_have_count(len(results()[1].explanation.tokens))
    text = hostile.locator(".tk-text").inner_text() if script else hostile.locator(".tk-text").text_content() or ""
    assert drawable("<script>alert(1)</script> & ${7*7}") in text.replace("\n", "")
    expect(page.frame_locator("#piece").locator("h2")).to_have_text("Why “ girl” rather than “ boy”?")
    for frame in (tokens, heatmap, hostile):
        assert frame.locator("script, img, form").count() == 0
        expect(frame.get_by_role("link", name="Open in tokimp")).to_have_attribute("target", "_blank")


@pytest.mark.parametrize("path", ["/", "/light", "/dark"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_readers_unless_one_is_asked_for(
    blog: tuple[str, str], visit: Visit, path: str, scheme: str
) -> None:
    page = visit(path, scheme=scheme)
    ground = "() => getComputedStyle(document.documentElement).backgroundColor"
    dark = path == "/dark" or (path == "/" and scheme == "dark")
    for frame in frames(page, blog[0]):
        assert frame.evaluate(ground) == ("rgb(24, 24, 27)" if dark else "rgb(255, 255, 255)")


def test_the_frame_is_as_high_as_what_is_in_it(blog: tuple[str, str], visit: Visit) -> None:
    for frame in frames(visit(), blog[0])[::2]:
        needed, given, wide, room = frame.evaluate(SIZES)
        assert wide <= room
        assert given - 80 <= frame.locator("main").bounding_box()["height"] <= needed <= given  # type: ignore[index]


def test_numbers_unfold_without_a_script(blog: tuple[str, str], visit: Visit) -> None:
    frame = frames(visit(script=False), blog[0])[0]
    first = frame.locator(".tk-numbers li").first
    expect(first).to_be_hidden()
    frame.get_by_text("Numbers", exact=True).click()
    expect(first).to_be_visible()
    assert frame.locator(".tk-numbers li").count() == len(results()[0].explanation.tokens)


def test_on_a_phone_nothing_but_the_heatmap_scrolls_sideways(blog: tuple[str, str], visit: Visit) -> None:
    page = visit(width=360)
    for frame in frames(page, blog[0]):
        _, _, wide, room = frame.evaluate(SIZES)
        assert wide <= room <= 360


def test_a_waiting_page_turns_into_the_result_by_itself(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    result = results()[0]
    desk = FakeDesk()
    monkeypatch.setattr(answers, "AGAIN", 0)

    def comes_at_the_second_time(*_: Any) -> Result | None:
        desk.wanted_of_it.append((result.explanation.request, False))
        return result if len(desk.wanted_of_it) > 1 else None

    monkeypatch.setattr(desk, "wanted", comes_at_the_second_time)
    with served(Starlette(**app_settings(desk))) as base:  # type: ignore[arg-type]
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{base}/e/{to_code(result.explanation.request)}")
        expect(page.locator("h1")).to_have_text("Why “ girl” rather than “ boy”?")
        context.close()
    assert len(desk.wanted_of_it) == 2
