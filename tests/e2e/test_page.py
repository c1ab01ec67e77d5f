"""From typed text to coloured tokens, in a real browser, with the models of the packs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.parts import explain, finished, listed, part, shown_text, text_box, tokens, typed

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]

COLORS = {
    "light": ("rgb(255, 255, 255)", "rgb(28, 28, 31)"),
    "dark": ("rgb(24, 24, 27)", "rgb(244, 244, 245)"),
}
PAPER = """(node) => {
  while (getComputedStyle(node).backgroundColor === "rgba(0, 0, 0, 0)") node = node.parentElement;
  return getComputedStyle(node).backgroundColor;
}"""
TABS = ("Classification", "Next token", "Fill mask")
HOSTILE = "<script>alert(1)</script> ${7*7} {{x}} \\n \\u0041 `tick` <img src=x onerror=alert(2)> שלום 👩‍🚀 你好"


@pytest.mark.parametrize("tab", TABS)
def test_first_result_is_there_before_anything_is_pressed(open_page: Open, tab: str) -> None:
    page = open_page(tab)
    expect(part(page, "said")).to_contain_text("%")
    text = text_box(page).input_value()
    assert shown_text(page) == text
    assert tokens(page).evaluate_all("(all) => all.filter((t) => !t.classList.contains('tk0')).length") > 2
    expect(part(page, "bars").locator("[role=option]").first).to_contain_text("explained")


@pytest.mark.parametrize(
    ("tab", "text", "says"),
    [
        ("Classification", "What a dull, lifeless film.", "negative"),
        ("Next token", "The capital of France is", " Paris"),
        ("Fill mask", "I would [MASK] recommend this film to anyone.", "not"),
    ],
)
def test_typed_text_becomes_coloured_tokens(open_page: Open, tab: str, text: str, says: str) -> None:
    page = open_page(tab)
    typed(page, text)
    explain(page)
    expect(part(page, "said")).to_contain_text(says)
    finished(page)
    assert shown_text(page) == text
    tokens(page).nth(2).hover()
    expect(part(page, "tokens").locator(".tk-tip")).to_contain_text(re.compile(r"rank \d+ of \d+"))
    page.get_by_role("button", name="Ranked tokens").locator("visible=true").click()
    expect(part(page, "table").locator("tbody tr")).to_have_count(tokens(page).count())


def test_picking_a_candidate_explains_it(open_page: Open) -> None:
    page = open_page("Classification")
    part(page, "bars").locator("[role=option]").nth(1).click()
    expect(part(page, "explained")).to_contain_text("Explaining negative (class 0)")
    finished(page)
    expect(part(page, "bars").locator("[role=option]").nth(1)).to_contain_text("explained")


def test_a_typed_word_and_a_contrast(open_page: Open) -> None:
    page = open_page("Next token")
    typed(page, "The capital of France is")
    listed(page, "What to explain").select_option("another word …")
    word = page.get_by_placeholder("Type a word").locator("visible=true")
    word.fill("London")
    word.press("Enter")
    expect(part(page, "explained")).to_contain_text("Typed was “London”; what fits here is “ London”")
    finished(page)
    options = listed(page, "Rather than").locator("option")
    paris = options.filter(has_text="Paris").get_attribute("value")
    listed(page, "Rather than").select_option(paris)
    expect(part(page, "explained")).to_contain_text("rather than “ Paris”")
    finished(page)


def test_hostile_text_stays_text(open_page: Open) -> None:
    page = open_page("Classification")
    typed(page, HOSTILE)
    explain(page)
    expect(part(page, "tokens").locator(".tk-text")).to_contain_text("${7*7}")
    finished(page)
    assert shown_text(page) == HOSTILE
    assert page.locator("main script, main img").count() == 0


def test_stop_stops_and_says_so(open_page: Open) -> None:
    page = open_page("Next token")
    listed(page, "Method").select_option("Integrated gradients")
    explain(page)
    stop = page.get_by_role("button", name="Stop").locator("visible=true")
    expect(stop).to_be_enabled()
    expect(part(page, "status").locator("progress")).to_be_visible()
    stop.click()
    expect(part(page, "status")).to_contain_text("Stopped")
    finished(page)
    typed(page, "The capital of France is")
    listed(page, "Method").select_option("Gradient × input")
    explain(page)
    expect(part(page, "said")).to_contain_text(" Paris")
    finished(page)


@pytest.mark.parametrize(
    ("tab", "text", "message"),
    [
        ("Classification", "   ", "There is no text yet."),
        ("Fill mask", "There is no gap here.", "There is no [MASK] in the text."),
        ("Classification", "word " * 600, "tokens; 512 are the limit here."),
    ],
)
def test_errors_say_what_to_do_and_keep_the_text(open_page: Open, tab: str, text: str, message: str) -> None:
    page = open_page(tab)
    before = part(page, "said").inner_text()
    typed(page, text)
    explain(page)
    error = part(page, "status").locator(".tk-error")
    expect(error).to_contain_text(message)
    assert text_box(page).input_value() == text
    assert part(page, "said").inner_text() == before
    finished(page)
    expect(page.locator(".toast-body")).to_have_count(0)


def test_models_that_are_not_there(open_page: Open) -> None:
    page = open_page("Classification")
    models = listed(page, "Model")
    greyed = models.locator("option[disabled]")
    expect(greyed.first).to_contain_text("not at hand")
    models.select_option("another model …")
    name = page.get_by_placeholder("Hub id, or a folder on this machine").locator("visible=true")
    name.fill("nobody/has-this-one")
    name.press("Enter")
    explain(page)
    expect(part(page, "status")).to_contain_text("the model hub cannot be reached")


def test_a_click_masks_a_word_and_takes_the_mask_back(open_page: Open) -> None:
    page = open_page("Fill mask")
    typed(page, "The film was good and the cast was fine.")
    words = part(page, "words").locator("[data-place]")
    words.filter(has_text="good").click()
    box = text_box(page)
    expect(box).to_have_value("The film was [MASK] and the cast was fine.")
    expect(part(page, "tokens").locator(".tk-mask")).to_have_count(1)
    words.filter(has_text="fine").click()
    expect(box).to_have_value("The film was [MASK] and the cast was [MASK].")
    expect(listed(page, "Which mask").locator("option")).to_have_count(2)
    finished(page)
    words.filter(has_text="[MASK]").last.click()
    expect(box).to_have_value("The film was [MASK] and the cast was fine.")
    finished(page)


def test_heatmap_opens_with_tokens_by_outputs(open_page: Open) -> None:
    page = open_page("Classification")
    typed(page, "A warm and clever film.")
    explain(page)
    expect(part(page, "tokens").locator(".tk-text")).to_contain_text("clever")
    finished(page)
    page.get_by_role("button", name=re.compile("Heatmap")).locator("visible=true").click()
    cells = part(page, "heat").locator("g")
    expect(cells).to_have_count(2 * tokens(page).count())


def test_options_follow_the_method(open_page: Open) -> None:
    page = open_page("Classification")
    page.get_by_role("button", name="Options").locator("visible=true").click()
    expect(part(page, "options").get_by_label("Steps")).to_have_value("64")
    listed(page, "Method").select_option("Occlusion")
    expect(part(page, "options").get_by_label("Window")).to_have_value("1")
    listed(page, "Instead of the token").select_option("unk")
    listed(page, "Explained output").select_option("prob")
    explain(page)
    page.get_by_role("button", name="Figures").locator("visible=true").click()
    expect(part(page, "facts")).to_contain_text("unk")
    expect(part(page, "facts")).to_contain_text("of probability")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_never_scrolls_sideways(open_page: Open, tab: str, theme: str) -> None:
    page = open_page(tab, width=390, theme=theme)
    for fold in ("Ranked tokens", "Heatmap", "Figures", "Options"):
        page.get_by_role("button", name=re.compile(fold)).locator("visible=true").click()
    expect(part(page, "heat").locator("g").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heading = part(page, "said").locator("h2")
    paper = heading.evaluate(PAPER)
    ink = heading.evaluate("(node) => getComputedStyle(node).color")
    assert (paper, ink) == COLORS[theme]


def test_keyboard_goes_as_one_reads(open_page: Open) -> None:
    page = open_page("Classification")
    text_box(page).focus()
    order = []
    for _ in range(40):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate("document.activeElement.closest('[class*=tk-part-]')?.className.match(/tk-part-(\\w+)/)?.[1]")
        )
    stops = [name for name in dict.fromkeys(order) if name]
    expected = ["model", "method", "explain", "bars", "target", "contrast", "tokens"]
    assert [name for name in stops if name in expected] == expected
    first = tokens(page).first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(tokens(page).nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(tokens(page).last).to_be_focused()


def test_a_sentence_is_looked_into_by_keyboard(open_page: Open) -> None:
    page, text = open_page("Classification"), "I love this film. The music is rather dull. Nobody will forget it."
    typed(page, text)
    page.get_by_role("button", name="Options").locator("visible=true").click()
    expect(listed(page, "Baseline")).to_be_visible()
    listed(page, "Method").select_option("Occlusion")
    listed(page, "Players").select_option("sentences")
    explain(page)
    said = part(page, "zoom_said")
    expect(said).to_have_text("Choose a word of the text to look into its sentence.")
    finished(page)
    tokens(page).filter(has_text="music").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("The music is rather dull.")
    for _ in range(3):  # past the choice of tokens or words
        page.keyboard.press("Tab")
        if focused(page) == "Zoom into this sentence":
            break
    page.keyboard.press("Enter")
    expect(said).to_have_text("Only this sentence can be taken away; everything else stays.")
    finished(page)
    pinned = tokens(page).and_(page.locator(".tk-pinned"))
    expect(pinned.nth(1)).to_have_text("I")
    assert pinned.count() > 8
    tokens(page).filter(has_text="love").hover()
    expect(part(page, "tokens").locator(".tk-tip")).to_contain_text("always stays")
    assert (shown_text(page), text_box(page).input_value()) == (text, text)
    page.wait_for_url(re.compile("r="))
    linked = open_page(link=page.url)
    expect(part(linked, "zoom_said")).to_contain_text("Only this sentence can be taken away")
    assert focused(page) == "Back to the whole text"
    page.keyboard.press("Enter")
    expect(said).to_have_text("The music is rather dull.")
    finished(page)
    expect(pinned).to_have_count(0)
    assert focused(page) == "Zoom into this sentence"


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent")).strip()
