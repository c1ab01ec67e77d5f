"""The tabs that compare in a real browser: lines come and are sorted, links open them, texts stay texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import tokimp
from tests.e2e.conftest import Open
from tests.e2e.parts import button, listed, part, saved
from tokimp.comparison import Comparison
from tokimp.prompt_comparison import PromptComparison

pytestmark = pytest.mark.packs

COMPARE, PROMPTS = "Compare methods", "Prompts"
HOSTILE = "<img src=x onerror=alert(1)> ${7*7} {{x}} שלום"


def done(page: Page) -> None:
    expect(button(page, "Stop")).to_be_disabled()
    expect(part(page, "share").locator(".tk-share")).to_be_visible()
    expect(page.locator(".tk-view[data-state=stale]").locator("visible=true")).to_have_count(0)


def box(page: Page) -> Locator:
    return page.locator(".tk-ask-text textarea").locator("visible=true")


def lines(page: Page) -> Locator:
    return part(page, "lines").locator(".tk-compared-by")


def pick(page: Page, method: str) -> None:
    page.locator(".tk-pick").locator("visible=true").filter(has_text=re.compile(f"^{method}$")).click()


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_methods_stand_under_each_other_and_can_be_sorted(open_page: Open) -> None:
    page = open_page(COMPARE)
    done(page)
    expect(lines(page)).to_have_count(7)
    part(page, "lines").locator("[data-line='1'] [data-place='4']").hover()
    expect(part(page, "lines").locator(".tk-alike")).to_have_count(7)
    expect(part(page, "lines").locator(".tk-tip")).to_contain_text("rank")
    button(page, "Kendall’s τ-b").click()
    expect(part(page, "matrix")).to_contain_text("Kendall’s τ-b over")
    listed(page, "Metric").select_option(index=1)
    expect(part(page, "tables")).to_contain_text("Lower is better.")
    names = part(page, "tables").locator("tbody .tk-col-token")
    part(page, "tables").get_by_role("button", name="evaluations").click()
    expect(names.first).to_contain_text(re.compile("Gradient × input|AttnLRP|Attention"))
    part(page, "tables").get_by_role("button", name="evaluations").click()
    expect(names.first).to_have_text("Integrated gradients")
    assert sideways(page) <= 0


def test_a_link_opens_the_comparison_with_its_methods(open_page: Open, address: str) -> None:
    page = open_page(COMPARE)
    done(page)
    box(page).fill(HOSTILE)
    for method in ("Attention", "Value zeroing", "Integrated gradients", "AttnLRP"):
        pick(page, method)
    button(page, "Compare").click()
    expect(lines(page)).to_have_count(3)
    done(page)
    expect(part(page, "lines")).to_contain_text("${7*7}")
    link = part(page, "share").get_by_role("textbox").first.input_value()
    request = tokimp.Request.from_link(link)
    assert (request.view, request.text) == ("compare", HOSTILE)
    assert request.options["methods"] == "gradient_x_input,occlusion"
    again = open_page(link=link.replace(link.partition("/?")[0], address), width=390)
    done(again)
    expect(lines(again)).to_have_count(3)
    expect(box(again)).to_have_value(HOSTILE)
    found = Comparison.from_json(saved(again, "JSON").decode())
    assert found.methods == ("gradient_x_input", "occlusion")
    assert b"<script" not in saved(again, "HTML")
    assert sideways(again) <= 0


def test_prompts_follow_their_keywords_and_open_by_link(open_page: Open, address: str) -> None:
    page = open_page(PROMPTS)
    done(page)
    expect(part(page, "columns").locator("[data-kind=prompt]").first).to_be_visible()
    box(page).fill("The {thing: film|book} was good\nThe film was not good")
    words = page.get_by_label("Keywords", exact=True).locator("visible=true")
    words.fill("good, {thing}")
    words.press("Tab")
    button(page, "Compare").click()
    expect(part(page, "followed")).to_contain_text("“{thing}” in 2 of 3 prompts")
    done(page)
    button(page, "rank").click()
    expect(part(page, "keywords")).to_contain_text("rank among tokens")
    link = part(page, "share").get_by_role("textbox").first.input_value()
    again = open_page(link=link.replace(link.partition("/?")[0], address), width=390, theme="dark")
    done(again)
    expect(again.get_by_label("Keywords", exact=True).locator("visible=true")).to_have_value("good, {thing}")
    found = PromptComparison.from_json(saved(again, "JSON").decode())
    assert found.prompts == ("The film was good", "The book was good", "The film was not good")
    assert sideways(again) <= 0


def test_a_token_of_a_line_or_of_a_prompt_says_why(open_page: Open) -> None:
    page = open_page(COMPARE)
    done(page)
    part(page, "lines").locator("[data-line='2'] [data-place='4']").click()
    drawer = part(page, "why")
    expect(drawer).to_contain_text("as Value zeroing explains it")
    expect(drawer.locator(".tk-headline")).to_contain_text("not")
    page.get_by_role("tab", name=PROMPTS, exact=True).click()
    done(page)
    part(page, "columns").locator("[data-kind=prompt]").nth(1).click()
    expect(drawer).to_contain_text("as Integrated gradients explains prompt 1, “Anna was late again")
    expect(drawer.locator(".tk-headline")).to_contain_text("Anna")
    assert sideways(page) <= 0


def test_a_table_fills_the_prompts(open_page: Open, tmp_path: Path) -> None:
    page = open_page(PROMPTS)
    table = tmp_path / "prompts.csv"
    table.write_text('id;words\n1;The film\n2;"{a: 1|2} <b>"\n', encoding="utf-8")
    page.locator(".tk-part-table input[type=file]").set_input_files(table)
    expect(part(page, "table")).to_contain_text("Choose one of: id, words.")
    listed(page, "Column").select_option(label="words")
    expect(part(page, "table")).to_contain_text("2 prompts, now in the text above.")
    expect(box(page)).to_have_value("The film\n{{a: 1|2}} <b>")


def test_stopping_keeps_what_is_known_and_the_text(open_page: Open) -> None:
    page = open_page(COMPARE)
    done(page)
    pick(page, "Banzhaf values")
    box(page).fill("The plot is thin and the jokes are old, but the acting is so good. " * 6)
    button(page, "Compare").click()
    expect(lines(page)).not_to_have_count(7)
    button(page, "Stop").click()
    expect(button(page, "Stop")).to_be_disabled()
    expect(part(page, "status")).to_contain_text("Stopped")
    assert box(page).input_value().startswith("The plot is thin")


def test_a_link_that_will_not_do_says_so(open_page: Open, address: str) -> None:
    request = tokimp.Request(
        "minilm-sentiment", "", "classification", "Good.", "", options={"methods": "no"}, view="compare"
    )
    page = open_page(link=request.link(address))
    expect(part(page, "status")).to_contain_text("There is no method")
    expect(box(page)).to_have_value("Good.")
    expect(lines(page)).to_have_count(0)
