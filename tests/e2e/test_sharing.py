"""Links, the address bar, what is copied and saved, and a queue that is full, in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import tokimp
from tests.e2e.conftest import Open
from tests.e2e.parts import (
    button,
    explain,
    finished,
    listed,
    notice,
    part,
    saved,
    shown_text,
    text_box,
    tokens,
    typed,
)
from tests.e2e.test_page import HOSTILE
from tokimp import Explanation, Request
from tokimp.score import Score
from tokimp.share import to_code
from tokimp.views.files import FORMATS, Look, content

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]
SETTINGS = {"TOKIMP_MOST_WAITING": "2"}

ASKED = {
    "Classification": Request(
        "minilm-sentiment",
        "",
        "classification",
        "A warm and clever film.",
        "kernel_shap",
        target="negative",
        output="prob",
        options={"samples": 64},
        seed=7,
    ),
    "Next token": Request(
        "smollm2-135m",
        "",
        "next-token",
        "The capital of France is",
        "occlusion",
        target=" London",
        contrast=" Paris",
        output="log_prob",
    ),
    "Fill mask": Request(
        "minilm-mlm", "", "masked-lm", "The [MASK] barked at the [MASK] all night.", "gradient_x_input", mask=1
    ),
}
DAMAGED = [
    ("nothing", "This link is damaged"),
    ("1AAAA", "This link is"),
    ("9abc", "newer version of tokimp"),
    ("1" + "A" * 33_000, "longer than any that was made here"),
    ("%22%3E%3Cscript%3Ealert(1)%3C/script%3E$%7B7*7%7D", "There is no question in this address"),
    (to_code(ASKED["Next token"])[:-3], "This link is"),
]


def explanation_of(page: Page) -> Explanation:
    return Explanation.from_json(saved(page, "JSON").decode())


def arrived(page: Page, asked: Request) -> None:
    """The result of the link's question stands there, and the form asks it."""
    expect(text_box(page)).to_have_value(asked.text)
    expect(part(page, "tokens").locator(".tk-text")).to_contain_text(asked.text[:4])
    finished(page)
    assert shown_text(page) == asked.text


def at_work(page: Page) -> None:
    expect(part(page, "status").locator("progress[value]")).to_be_visible()


@pytest.mark.parametrize("tab", ASKED)
def test_a_link_gives_the_same_numbers(open_page: Open, address: str, tab: str) -> None:
    asked = ASKED[tab]
    page = open_page(link=asked.link(f"{address}/?__theme=dark"))
    expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
    arrived(page, asked)
    computed = explanation_of(page)
    options: dict[str, Any] = dict(asked.options)
    question = tokimp.api.ask(
        tokimp.load(asked.model), asked.text, asked.target, asked.contrast, asked.output, asked.mask
    )
    again = question.explain(asked.method, options, asked.seed)
    np.testing.assert_allclose(computed.scores, again.scores, rtol=1e-3, atol=1e-5)
    other = open_page(link=computed.link(address))
    arrived(other, asked)
    assert explanation_of(other).to_json() == computed.to_json()
    explain(other)
    finished(other)
    np.testing.assert_array_equal(explanation_of(other).scores, computed.scores)


def test_the_address_follows_the_result_and_keeps_the_rest(open_page: Open, address: str) -> None:
    page = open_page(link=f"{address}/?__theme=dark&from=a%20blog")
    expect(tokens(page).first).to_be_visible()
    assert page.url == f"{address}/?__theme=dark&from=a%20blog"
    typed(page, "A film to forget.")
    explain(page)
    expect(part(page, "said")).to_contain_text("negative")
    finished(page)
    page.wait_for_url(re.compile("r="))  # but not before the result is there
    assert page.url.startswith(f"{address}/?__theme=dark&from=a%20blog&r=")
    assert Request.from_link(page.url) == explanation_of(page).request
    before = page.url
    typed(page, "It was a long, long evening of a film, and nobody in the room could say what it had been about. " * 4)
    listed(page, "Method").select_option("Shapley values")
    explain(page)
    at_work(page)
    button(page, "Stop").click()
    expect(part(page, "status")).to_contain_text("Stopped")
    finished(page)
    assert page.url == before
    page.get_by_role("tab", name="Fill mask").click()
    page.wait_for_url(lambda url: url != before)
    assert Request.from_link(page.url).task == "masked-lm"


@pytest.mark.parametrize(("code", "message"), DAMAGED)
def test_a_link_that_is_none_says_so_and_empties_the_form(
    open_page: Open, address: str, code: str, message: str
) -> None:
    page = open_page(link=f"{address}/?r={code}")
    expect(notice(page)).to_contain_text(message)
    expect(text_box(page)).to_have_value("")
    expect(tokens(page)).to_have_count(0)
    typed(page, "A film to forget.")
    explain(page)
    expect(tokens(page).first).to_be_visible()
    expect(notice(page)).to_have_count(0)
    expect(listed(page, "What to explain")).to_be_visible()
    page.wait_for_url(lambda url: f"r={code}" not in url)


def test_hostile_text_in_a_link_stays_text(open_page: Open, address: str) -> None:
    page = open_page(link=Request("minilm-sentiment", "", "classification", HOSTILE, "gradient_x_input").link(address))
    arrived(page, replace(ASKED["Classification"], text=HOSTILE))
    assert page.locator("main script, main img").count() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "nobody/has-this-one"}, "the model hub cannot be reached"),
        ({"options": {"window": -3}}, "window = -3 will not do"),
        ({"text": "word " * 4100}, "20,500 characters"),
    ],
)
def test_a_question_that_cannot_be_answered_still_fills_the_form(
    open_page: Open, address: str, change: dict[str, Any], message: str
) -> None:
    question = {"model": "minilm-sentiment", "text": "A film to forget.", "options": {}} | change
    asked = Request(revision="", task="classification", method="occlusion", **question)
    page = open_page(link=asked.link(address))
    expect(notice(page).or_(part(page, "status").locator(".tk-error"))).to_contain_text(message)
    expect(text_box(page)).to_have_value(asked.text)
    expect(listed(page, "Method").locator("option:checked")).to_have_text("Occlusion")
    expect(tokens(page)).to_have_count(0)


def test_what_is_copied_leads_back(open_page: Open) -> None:
    page = open_page("Fill mask")
    text_box(page).fill("")
    for name in ("Copy link", "Copy embed code"):
        button(page, name).click()
        expect(button(page, name)).to_have_text("Copied")
        text_box(page).focus()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.press("ControlOrMeta+V")
        copied = text_box(page).input_value()
        assert Request.from_link(re.sub('.*src="|" title.*', "", copied)).task == "masked-lm"
    assert "<iframe" in copied


def test_copying_works_inside_a_frame_of_another_site(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.set_content(f'<iframe src="{address}" width="1200" height="1500"></iframe><textarea></textarea>')
    page.frame_locator("iframe").get_by_role("button", name="Copy link").locator("visible=true").click()
    page.locator("textarea").focus()
    page.keyboard.press("ControlOrMeta+V")
    assert Request.from_link(page.locator("textarea").input_value()).task == "classification"
    page.close()


def test_where_nothing_may_copy_the_link_is_selected(open_page: Open) -> None:
    page = open_page("Classification")
    page.evaluate(
        "() => { document.execCommand = () => false; navigator.clipboard.writeText = () => Promise.reject(); }"
    )
    button(page, "Copy link").click()
    expect(page.locator(".tk-copied").locator("visible=true")).to_contain_text("C: the text is selected.")
    expect(page.get_by_role("textbox", name="Link").locator("visible=true")).to_be_focused()
    link = page.evaluate("getSelection().toString() || document.activeElement.value")
    assert Request.from_link(link).task == "classification"


def test_files_are_those_of_the_result_on_screen(open_page: Open, address: str) -> None:
    page = open_page("Fill mask", theme="dark")
    explanation = explanation_of(page)
    assert json.loads(explanation.to_json())["request"]["text"] == text_box(page).input_value()
    measured = json.loads(saved(page, "JSON"))["metrics"]
    look = Look(dark=True, link=explanation.link(f"{address}/"), scores=tuple(map(Score.from_fields, measured)))
    for suffix, format_ in FORMATS.items():
        assert saved(page, format_.title) == content(explanation, suffix, look), suffix
    page.get_by_label("pictures without background").locator("visible=true").check()
    clear = content(explanation, ".png", replace(look, transparent=True))
    assert saved(page, "PNG") == clear
    assert saved(page, "PNG") == clear  # a second time, too


def test_a_full_queue_says_so_and_keeps_what_was_typed(open_page: Open) -> None:
    pages = [open_page("Classification") for _ in range(4)]
    for number, page in enumerate(pages):
        typed(page, f"Number {number}: it was a long evening. " * (1 if number else 16))
    listed(pages[0], "Method").select_option("Shapley values")
    explain(pages[0])
    at_work(pages[0])
    explain(pages[1])
    expect(part(pages[1], "status")).to_contain_text("Waiting: you are next")
    explain(pages[2])
    expect(part(pages[2], "status")).to_contain_text("Waiting: 2 before you")
    explain(pages[3])
    expect(part(pages[3], "status")).to_contain_text("The page is busy.")
    assert text_box(pages[3]).input_value().startswith("Number 3")
    button(pages[2], "Stop").click()
    expect(part(pages[2], "status")).to_contain_text("Stopped")
    finished(pages[2])
    button(pages[0], "Stop").click()
    expect(part(pages[1], "tokens").locator(".tk-text")).to_contain_text("Number 1")
    finished(pages[1])
    explain(pages[3])
    expect(part(pages[3], "tokens").locator(".tk-text")).to_contain_text("Number 3")
    finished(pages[3])
