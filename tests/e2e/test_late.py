"""What a visitor does between a question and its answer stays, however late the answer comes; in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.late import late
from tests.e2e.parts import button, explain, finished, listed, part, text_box, tokens, typed

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]


def test_an_option_set_before_the_form_of_another_method_comes_stays(open_page: Open) -> None:
    page = open_page("Classification")
    page.get_by_role("button", name="Options").locator("visible=true").click()
    output = listed(page, "Explained output")
    expect(output).to_have_value("0")
    with late(page) as holding:
        listed(page, "Method").select_option("Occlusion")
        holding.asked()
        output.select_option("prob")
    expect(part(page, "options").get_by_label("Window")).to_have_value("1")
    expect(output.locator("option:checked")).to_have_text("prob")
    typed(page, "A warm film.")
    explain(page)
    expect(part(page, "tokens")).to_contain_text("A warm film")
    finished(page)
    page.get_by_role("button", name="Figures").locator("visible=true").click()
    expect(part(page, "facts")).to_contain_text("of probability")


def test_a_method_chosen_while_another_explains_stays(open_page: Open) -> None:
    page = open_page("Classification")
    listed(page, "Method").select_option("Gradient × input")
    typed(page, "A slow film, but a kind one.")
    with late(page) as holding:
        explain(page)
        holding.asked()
        listed(page, "Method").select_option("Occlusion")
    expect(part(page, "limits")).to_contain_text("Gradient × input")
    finished(page)
    expect(listed(page, "Method").locator("option:checked")).to_have_text("Occlusion")
    explain(page)
    expect(part(page, "limits")).to_contain_text("Occlusion")


def test_a_word_that_is_being_typed_outlasts_a_result(open_page: Open) -> None:
    page = open_page("Next token")
    typed(page, "In the city of Paris, people speak")
    with late(page) as holding:
        explain(page)
        holding.asked()
        listed(page, "Rather than").select_option("another word …")
        word = page.get_by_placeholder("Type a word").locator("visible=true")
        word.press_sequentially("Ger")
    expect(part(page, "tokens")).to_contain_text("people speak")
    finished(page)
    expect(word).to_have_value("Ger")
    word.press_sequentially("man")
    word.press("Enter")
    expect(part(page, "explained")).to_contain_text("rather than “ German”")


def test_a_pick_that_the_question_drops_is_dropped_in_the_form(open_page: Open) -> None:
    page = open_page("Next token")
    listed(page, "What to explain").select_option(index=2)
    expect(part(page, "explained")).not_to_contain_text("waiting")
    finished(page)
    typed(page, "The capital of Italy is")
    with late(page) as holding:
        explain(page)
        holding.asked()
    expect(listed(page, "What to explain")).to_have_value("0")
    expect(part(page, "tokens")).to_contain_text("Italy")
    finished(page)
    expect(listed(page, "What to explain")).to_have_value("0")


def test_what_is_typed_into_an_example_stays(open_page: Open) -> None:
    page = open_page("Classification")
    with late(page) as holding:
        part(page, "text").locator("xpath=ancestor::*[contains(@class, 'tk-ask')]").get_by_role("button").nth(1).click()
        holding.asked()
        example = text_box(page).input_value()
        typed(page, f"{example} Really.")
    finished(page)
    expect(text_box(page)).to_have_value(f"{example} Really.")


def test_a_second_word_that_is_clicked_takes_no_mask_back(open_page: Open) -> None:
    page = open_page("Fill mask")
    typed(page, "The cat sat on the mat.")
    words = part(page, "words").locator("[data-place]")
    expect(words).to_have_count(7)
    with late(page) as holding:
        words.filter(has_text="cat").click()
        holding.asked()
        words.filter(has_text="mat").click()
    expect(text_box(page)).to_have_value("The [MASK] sat on the mat.")
    finished(page)


def test_the_box_of_sinks_stands_as_it_was_clicked_last(open_page: Open) -> None:
    page = open_page("Next token")
    box = page.get_by_label("without attention sinks").locator("visible=true")
    before = tokens(page).evaluate_all("(all) => all.map((each) => each.className)")
    with late(page) as holding:
        box.check()
        holding.asked()
        box.uncheck()
    expect(part(page, "limits")).not_to_contain_text("attention sink")
    expect(box).not_to_be_checked()
    expect(tokens(page)).to_have_class(before)


@pytest.mark.parametrize(
    ("tab", "go", "shown"), [("Compare methods", "Compare", "lines"), ("Inside", "Look inside", "strip")]
)
def test_what_a_tab_asks_when_it_is_opened_takes_no_question_over(
    open_page: Open, tab: str, go: str, shown: str
) -> None:
    page = open_page()
    finished(page)
    with late(page) as holding:
        page.get_by_role("tab", name=tab, exact=True).click()
        holding.asked()
        page.locator(".tk-ask-text textarea").locator("visible=true").fill("A kind seal waves.")
        button(page, go).click()
        holding.asked(2)
        holding.held.reverse()
    expect(part(page, shown)).to_contain_text("seal")
    expect(button(page, "Stop")).to_be_disabled()
    expect(part(page, shown)).to_contain_text("seal")


def test_of_two_quick_questions_the_second_is_answered(open_page: Open) -> None:
    page = open_page("Generation")
    prompt = page.get_by_label("Prompt", exact=True).locator("visible=true")
    page.get_by_role("button", name="Options").locator("visible=true").click()
    tokens_wanted = page.get_by_label("New tokens", exact=True).locator("visible=true")
    with late(page) as holding:
        for text, count in (("The sea is", "3"), ("The sky is", "2")):
            prompt.fill(text)
            tokens_wanted.fill(count)
            tokens_wanted.press("Tab")
            button(page, "Explain the answer").click()
            holding.asked()
        assert len(holding.held) == 1  # the second is asked when the first was heard
    expect(part(page, "explained").locator(".tk-steps-bar b")).to_have_text("Total of all 2 tokens")
    expect(part(page, "explained").locator(".tk-prompt")).to_contain_text("sky")
