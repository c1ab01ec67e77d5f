"""Whether a result can be trusted, and why a token got what it got, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.parts import button, explain, finished, listed, part, tokens, typed

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]


def settled(page: Page, name: str) -> None:
    expect(part(page, name).locator(".tk-running")).to_have_count(0)


def test_a_result_says_whether_it_beats_chance(open_page: Open) -> None:
    page = open_page("Classification")
    expect(part(page, "trust").locator(".tk-verdict")).to_be_visible()
    typed(page, "A dull film, but I was never bored.")
    explain(page)
    expect(part(page, "tokens")).to_contain_text("never bored")
    finished(page)
    expect(part(page, "trust").locator(".tk-metric-row")).to_have_count(5)
    settled(page, "trust")
    row = part(page, "trust").locator(".tk-metric-row").first
    expect(row).to_contain_text(re.compile("(better|worse) than chance"))
    expect(part(page, "trust").locator(".tk-curve")).to_have_count(2)


def test_a_result_is_checked_further_at_a_press(open_page: Open) -> None:
    page = open_page("Classification", width=390, theme="dark")
    typed(page, "A dull film, but I was never bored.")
    listed(page, "Method").select_option(label="Gradient × input")
    explain(page)
    expect(part(page, "limits")).to_contain_text("Gradient × input")
    finished(page)
    settled(page, "trust")
    button(page, "Check it further").click()
    expect(part(page, "checks").locator(".tk-checked")).to_have_count(3)
    settled(page, "checks")
    expect(button(page, "Check it further")).to_have_count(0)
    expect(part(page, "checks")).to_contain_text("The method has nothing random")
    fold = part(page, "checks").locator("details").first
    expect(fold).to_contain_text("With random weights")
    expect(fold.locator(".tk-curve").first).not_to_be_visible()
    fold.locator("summary").click()
    expect(fold.locator(".tk-curve").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_click_on_a_token_says_why_and_its_link_says_it_again(open_page: Open) -> None:
    page = open_page("Classification")
    typed(page, "This film is not bad at all.")
    explain(page)
    expect(part(page, "tokens")).to_contain_text("not bad")
    finished(page)
    tokens(page).filter(has_text="not").first.click()
    drawer = part(page, "why")
    expect(drawer.locator(".tk-headline")).to_contain_text("not")
    settled(page, "why")
    without = drawer.locator("details", has_text="Without it").first
    expect(without.locator(".tk-why-row").first).not_to_be_visible()
    without.locator("summary").click()
    expect(without.locator(".tk-why-row").first).to_be_visible()
    headline = drawer.locator(".tk-headline").inner_text()
    link = part(page, "why_share").locator("input").first.input_value()
    again = open_page(link=link)
    expect(part(again, "why").locator(".tk-headline")).to_have_text(headline)


def test_colours_without_sinks_say_what_they_hide(open_page: Open) -> None:
    page = open_page("Next token")
    typed(page, "In the city of Paris, people speak")
    explain(page)
    expect(part(page, "tokens")).to_contain_text("In the city")
    finished(page)
    settled(page, "trust")
    before = tokens(page).evaluate_all("(all) => all.map((each) => each.className)")
    box = page.get_by_label("without attention sinks").locator("visible=true")
    box.check()
    expect(part(page, "limits")).to_contain_text(re.compile("attention sink"))
    box.uncheck()
    expect(part(page, "limits")).not_to_contain_text("attention sink")
    expect(tokens(page)).to_have_class(before)
