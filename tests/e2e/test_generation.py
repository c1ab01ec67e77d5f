"""The tab Generation in a real browser: an answer comes token by token, its rows colour the text, links reopen it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.parts import button, listed, part, saved
from tokimp.generation import GenerationExplanation

pytestmark = pytest.mark.packs

TAB, GO = "Generation", "Explain the answer"
HOSTILE = "<img src=x onerror=alert(1)> ${7*7} is"


def done(page: Page) -> None:
    expect(button(page, "Stop")).to_be_disabled()
    expect(part(page, "share").locator(".tk-share")).to_be_visible()
    expect(page.locator(".tk-view[data-state=stale]").locator("visible=true")).to_have_count(0)


def ask(page: Page, prompt: str, answer: str = "") -> None:
    page.get_by_label("Prompt", exact=True).locator("visible=true").fill(prompt)
    page.get_by_label("Answer", exact=True).locator("visible=true").fill(answer)
    button(page, GO).click()


def row(page: Page, number: int) -> Locator:
    return part(page, "explained").locator(f".tk-said-so [data-row='{number}']")


def head(page: Page) -> Locator:
    return part(page, "explained").locator(".tk-steps-bar b")


def shades(page: Page) -> list[str]:
    """Classes of the prompt's tokens."""
    script = "(nodes) => nodes.map((node) => (node.className.match(/tk[pn]?\\d+/) || [''])[0])"
    return list(part(page, "explained").locator(".tk-prompt [data-place]").evaluate_all(script))


def option(page: Page, name: str, value: str) -> None:
    if not page.get_by_label(name, exact=True).locator("visible=true").count():
        page.locator(".tk-fold .label-wrap").locator("visible=true").filter(has_text="Options").click()
    field = page.get_by_label(name, exact=True).locator("visible=true")
    field.fill(value)
    field.press("Tab")


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_first_answer_is_there_and_its_rows_colour_the_text(open_page: Open) -> None:
    page = open_page(TAB)
    expect(head(page)).to_have_text("Total of all 16 tokens")
    expect(part(page, "share").locator(".tk-share")).to_be_visible()
    total = shades(page)
    row(page, 1).click()
    expect(head(page)).to_contain_text("Token 2 of 16")
    expect(part(page, "explained").locator("svg .tk-hit.tk-chosen")).to_have_attribute("data-row", "1")
    chosen = shades(page)
    assert chosen != total
    assert any(re.fullmatch(r"tk[pn]\d+", name) for name in chosen)
    button(page, "each token’s own").click()
    assert "tkp10" in shades(page) or "tkn10" in shades(page)
    part(page, "explained").locator(".tk-prompt [data-place='4']").hover()
    expect(part(page, "explained").locator(".tk-tip")).to_contain_text("“ of”")
    part(page, "explained").locator("svg rect[data-row='3']").click(position={"x": 60, "y": 8})
    expect(head(page)).to_contain_text("Token 4 of 16")
    assert part(page, "explained").get_by_role("link", name="Open in Next token").get_attribute("href")


def test_the_keyboard_steps_through_the_answer(open_page: Open) -> None:
    page = open_page(TAB)
    expect(head(page)).to_have_text("Total of all 16 tokens")
    row(page, 0).focus()
    page.keyboard.press("ArrowRight")
    expect(head(page)).to_contain_text("Token 1 of 16")
    page.keyboard.press("ArrowRight")
    expect(row(page, 1)).to_be_focused()
    expect(head(page)).to_contain_text("Token 2 of 16")
    page.keyboard.press("End")
    expect(row(page, 15)).to_be_focused()
    expect(button(page, "The next one")).to_be_disabled()
    page.keyboard.press("Home")
    expect(head(page)).to_have_text("Total of all 16 tokens")
    button(page, "The next one").click()
    expect(head(page)).to_contain_text("Token 1 of 16")


def test_cells_are_walked_by_keyboard_and_tokens_of_a_row_say_why(open_page: Open) -> None:
    page = open_page(TAB)
    expect(head(page)).to_have_text("Total of all 16 tokens")
    view, prompt = part(page, "explained"), part(page, "explained").locator(".tk-prompt [data-place]")
    prompt.nth(2).click()
    expect(part(page, "why").locator(".tk-headline")).to_have_count(0)  # a total has no question of its own
    row(page, 0).focus()
    page.keyboard.press("Tab")  # over the buttons below the text
    while not view.locator(".tk-generation > .tk-wide:focus").count():
        page.keyboard.press("Tab")
    cell = view.locator(".tk-cell-at")
    first = cell.get_attribute("aria-label")
    assert first is not None
    assert "Token 1 of 16" in first
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(cell).to_have_attribute("aria-label", re.compile("Token 3 of 16: .*, (pushes|makes)"))
    expect(view.locator(".tk-tip")).to_be_visible()
    last = cell.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    assert cell.get_attribute("aria-label") == last  # the row ends where nothing was written yet
    expect(head(page)).to_have_text("Total of all 16 tokens")
    page.keyboard.press("Enter")
    expect(head(page)).to_contain_text("Token 3 of 16")
    expect(cell).to_be_attached()
    page.keyboard.press("Enter")
    why = part(page, "why")
    expect(why).to_contain_text("as AttnLRP explains token 3 of the answer")
    expect(why.locator(".tk-headline")).to_be_in_viewport()
    prompt.nth(2).focus()
    page.keyboard.press("Enter")
    expect(why).to_contain_text("token 3, as AttnLRP explains token 3 of the answer")
    prompt.nth(4).click()
    expect(why).to_contain_text("token 5, as AttnLRP explains token 3 of the answer")
    link = part(page, "why_share").get_by_role("textbox").first.input_value()
    assert sideways(page) <= 0
    page.close()  # its reasons need not be waited for
    own = open_page(link=link)
    expect(own.get_by_role("tab", name="Next token", exact=True)).to_have_attribute("aria-selected", "true")
    expect(part(own, "why")).to_contain_text("token 5")


def test_an_answer_is_written_and_explained_and_its_link_gives_the_same(open_page: Open, address: str) -> None:
    page = open_page(TAB)
    option(page, "New tokens", "4")
    ask(page, HOSTILE)
    done(page)
    expect(head(page)).to_have_text("Total of all 4 tokens")
    found = GenerationExplanation.from_json(saved(page, "JSON").decode())
    assert (len(found.rows), found.finished) == (4, True)
    assert found.request.text == HOSTILE
    row(page, 2).click()
    before = shades(page)
    link = part(page, "share").get_by_role("textbox").first.input_value()
    again = open_page(link=link.replace(link.partition("/?")[0], address), width=390, theme="dark")
    done(again)
    expect(again.get_by_label("Prompt", exact=True).locator("visible=true")).to_have_value(HOSTILE)
    row(again, 2).click()
    assert shades(again) == before
    assert sideways(again) <= 0


def test_a_span_of_the_answer_is_explained_alone(open_page: Open) -> None:
    page = open_page(TAB)
    ask(page, "The capital of Australia is", " Sydney, of course.")
    done(page)
    expect(part(page, "explained").locator(".tk-said-so .tk-text")).to_have_text("Sydney, of course.")
    row(page, 0).click(modifiers=["Shift"])
    row(page, 1).click(modifiers=["Shift"])
    expect(page.get_by_label("To answer token").locator("visible=true")).to_have_value("2")
    button(page, "Explain these").click()
    done(page)
    expect(head(page)).to_have_text("Total of tokens 1 to 2")
    expect(part(page, "explained").locator("svg .tk-hit")).to_have_count(2)


def test_stop_keeps_what_is_there(open_page: Open) -> None:
    page = open_page(TAB)
    listed(page, "Method").select_option(label="Shapley values")
    option(page, "New tokens", "64")
    ask(page, "When Mary and John went to the shop, John gave a drink to")
    answer = part(page, "explained").locator(".tk-said-so .tk-text")
    expect(answer).not_to_contain_text("kettle")
    expect(answer).not_to_be_empty()
    button(page, "Stop").click()
    expect(button(page, "Stop")).to_be_disabled()
    expect(part(page, "status")).to_contain_text("Stopped")
    expect(answer).not_to_be_empty()
    expect(page.get_by_label("Prompt", exact=True).locator("visible=true")).to_have_value(re.compile("^When Mary"))


def test_a_chat_is_asked_in_the_words_of_its_template(open_page: Open) -> None:
    page = open_page(TAB)
    option(page, "New tokens", "3")
    page.get_by_label("Chat").locator("visible=true").check()
    page.get_by_label("System message").locator("visible=true").fill("Be brief.")
    ask(page, "Name a fruit.")
    done(page)
    prompt = part(page, "explained").locator(".tk-prompt")
    expect(prompt).to_contain_text("Be brief.")
    assert prompt.locator(".tk-quiet").count() > 3
    expect(head(page)).to_contain_text("Total of")


def test_what_will_not_do_is_said_and_nothing_is_lost(open_page: Open) -> None:
    page = open_page(TAB)
    ask(page, " ", " an answer")
    expect(part(page, "status")).to_contain_text("There is no text yet.")
    expect(page.get_by_label("Answer", exact=True).locator("visible=true")).to_have_value(" an answer")
    expect(head(page)).to_have_text("Total of all 16 tokens")
