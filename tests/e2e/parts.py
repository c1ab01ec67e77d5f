"""The page's parts as a visitor finds them: of the tabs' like parts, the one that is on screen."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def part(page: Page, name: str) -> Locator:
    return page.locator(f".block.tk-part-{name}").locator("visible=true")


def tokens(page: Page) -> Locator:
    return part(page, "tokens").locator("[data-place]")


def listed(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True).locator("visible=true")


def text_box(page: Page) -> Locator:
    return page.get_by_label("Text", exact=True).locator("visible=true")


def typed(page: Page, text: str) -> None:
    text_box(page).fill(text)


def explain(page: Page) -> None:
    page.get_by_role("button", name="Explain", exact=True).locator("visible=true").click()


def finished(page: Page) -> None:
    """The new result stands there, undimmed, and Stop has nothing to stop."""
    expect(page.get_by_role("button", name="Stop").locator("visible=true")).to_be_disabled()
    expect(part(page, "tokens").locator(".tk-view")).to_have_attribute("data-state", "ready")


def shown_text(page: Page) -> str:
    """The coloured text without what the tokenizer added."""
    typed_nodes = "[...node.childNodes].filter((each) => !each.classList?.contains('tk-added'))"
    script = f"(node) => {typed_nodes}.map((each) => each.textContent).join('')"
    return str(part(page, "tokens").locator(".tk-text").evaluate(script))


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


def notice(page: Page) -> Locator:
    """What is said about the link that the page was opened with."""
    return page.locator(".block.tk-linked .tk-error")


def saved(page: Page, title: str) -> bytes:
    """The file of a format, as the browser saves it."""
    with page.expect_download() as download:
        page.get_by_role("group", name="Save as").locator("visible=true").get_by_role("button", name=title).click()
    return download.value.path().read_bytes()
