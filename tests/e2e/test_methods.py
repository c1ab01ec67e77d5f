"""Choosing among the methods, and what their results show, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.parts import explain, finished, listed, part, tokens, typed
from tokimp.methods import METHODS

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]


def test_a_sampled_result_shows_its_errors_and_how_it_came_to_be(open_page: Open) -> None:
    page = open_page("Classification")
    expect(page.get_by_role("button", name="How it got there")).to_have_count(0)
    typed(page, "A warm and clever film.")
    listed(page, "Method").select_option("Occlusion")
    page.get_by_role("button", name="Options").locator("visible=true").click()
    listed(page, "Instead of the token").select_option("random")
    repeats = page.get_by_role("spinbutton", name="Repeats").locator("visible=true")
    repeats.fill("20")
    repeats.blur()
    explain(page)
    expect(part(page, "tokens").locator(".tk-text")).to_contain_text("clever")
    finished(page)
    tokens(page).nth(3).hover()
    expect(part(page, "tokens").locator(".tk-tip")).to_contain_text(re.compile(r"\d ± \d"))
    page.get_by_role("button", name="Ranked tokens").locator("visible=true").click()
    best = part(page, "table").locator("tbody tr").first
    expect(best.locator(".tk-col-error")).to_have_text(re.compile(r"± \d"))
    whisker = best.locator(".tk-bar rect").nth(1)
    assert (whisker.bounding_box() or {})["width"] > 0
    page.get_by_role("button", name="How it got there").locator("visible=true").click()
    story = part(page, "history").locator(".tk-story")
    expect(story).to_contain_text("step 20")
    expect(story.locator(".tk-named path")).to_have_count(story.locator(".tk-name").count())


def test_methods_are_compared_before_one_is_chosen(open_page: Open) -> None:
    page = open_page("Classification")
    opener = page.get_by_role("button", name="compare all").locator("visible=true")
    opener.focus()
    page.keyboard.press("Enter")
    guide = page.get_by_role("group", name="Method: compare all").locator("visible=true")
    entries = guide.locator(".tk-entry")
    expect(entries).to_have_count(len(METHODS))
    for key, method in METHODS.items():
        entry = entries.filter(has=page.get_by_role("button", name=method.info.title, exact=True))
        expect(entry, key).to_contain_text(method.info.tells)
        expect(entry.get_by_role("link")).to_have_attribute("href", method.info.url)
    page.keyboard.press("Tab")
    chosen = guide.locator("button[aria-pressed=true]")
    expect(chosen).to_be_focused()
    page.keyboard.press("Home")
    expect(guide.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(guide).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    guide.get_by_role("button", name="Occlusion").click()
    expect(guide).to_have_count(0)
    expect(listed(page, "Method").locator("option:checked")).to_have_text("Occlusion")
    page.get_by_role("button", name="Options").locator("visible=true").click()
    expect(part(page, "options").get_by_label("Window")).to_have_value("1")


def test_a_contrast_that_changes_nothing_is_told(open_page: Open) -> None:
    page = open_page("Classification")
    listed(page, "Method").select_option("Attention")
    listed(page, "Rather than").select_option(index=2)
    expect(part(page, "limits")).to_contain_text("makes no difference here")
    finished(page)
