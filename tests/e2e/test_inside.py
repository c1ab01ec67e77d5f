"""The tab Inside in a real browser: every view draws, a click anywhere is followed everywhere, links open views."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import tokimp
from tests.e2e.conftest import Open
from tests.e2e.parts import listed, part, saved
from tests.models import tiny
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen

pytestmark = pytest.mark.packs

DRAWN = {
    "attention": (".tk-part-attention_grid canvas, .tk-part-attention_grid .tk-head", ".tk-part-attention_map canvas"),
    "token_probabilities": (".tk-part-probability_text [data-place]", ".tk-part-probability_bars .tk-bars"),
    "logit_lens": (".tk-part-lens_table [data-row]", ".tk-part-lens_answer circle"),
    "layers": (".tk-part-layer_scores [data-row]", ".tk-part-layer_text [data-place]"),
    "hidden_states": (".tk-part-state_points circle", ".tk-part-state_way circle", ".tk-part-state_similarity svg"),
    "network": (".tk-part-network_paths svg",),
    "inside_outside": (".tk-part-agreement_chart circle",),
}


def fold(page: Page, view: str) -> Locator:
    return page.locator(f".tk-view-{view} > button, .tk-view-{view} button.label-wrap").first


def drawn(page: Page, view: str) -> None:
    for each in DRAWN[view]:
        expect(page.locator(each).first).to_be_visible()
    expect(page.locator(f".tk-view-{view} .tk-view[data-state=stale]")).to_have_count(0)


def opened(page: Page, *views: str) -> None:
    drawn(page, "attention")
    for view in views:
        fold(page, view).click()
        drawn(page, view)


def token(page: Page, place: int) -> Locator:
    return part(page, "strip").locator(f"[data-place='{place}']")


def pointed(page: Page) -> Locator:
    return part(page, "pointed")


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_every_view_draws_once_it_is_opened(open_page: Open) -> None:
    page = open_page("Inside")
    opened(page, *[view for view in LOOKS if view != "attention"])
    assert sideways(page) <= 0


def test_a_click_anywhere_is_followed_everywhere(open_page: Open) -> None:
    page = open_page("Inside")
    opened(page, "hidden_states", "layers", "logit_lens")
    token(page, 3).click()
    expect(pointed(page)).to_contain_text("token")
    way = part(page, "state_way").locator("svg")
    expect(way).to_have_attribute("aria-label", "The way of token 3 through the layers")
    expect(part(page, "attention_map").locator("rect.tk-band").first).to_have_attribute("visibility", "visible")
    page.locator(".tk-part-lens_answer [data-kind=layer][data-index='7']").first.click()
    expect(pointed(page)).to_contain_text("layer 7")
    expect(part(page, "state_points")).to_contain_text("All tokens at layer 7")
    page.locator(".tk-part-attention_grid [data-flat='20']").first.click()
    expect(pointed(page)).to_contain_text("layer 3, head 3")
    expect(part(page, "state_points")).to_contain_text("All tokens at layer 3")
    expect(token(page, 3)).to_have_class("tk0 tk-pointed")


def test_a_link_opens_the_same_view(open_page: Open, address: str) -> None:
    page = open_page("Inside")
    opened(page, "network", "hidden_states")
    token(page, 4).click()
    expect(part(page, "state_way")).to_contain_text("The way of token 4")
    code = part(page, "share").get_by_role("textbox").first.input_value()
    again = open_page(link=code.replace(code.partition("/?")[0], address), width=390)
    drawn(again, "hidden_states")
    expect(part(again, "state_way")).to_contain_text("The way of token 4")
    expect(part(again, "network_paths")).to_have_count(0)
    seen = Seen.from_json(saved(again, "JSON").decode())
    assert seen.request == tokimp.Request.from_link(code)
    assert saved(again, "PNG").startswith(b"\x89PNG")
    part(again, "share").get_by_label("pictures of").select_option("how alike")
    assert "How alike two tokens are" in saved(again, "SVG").decode()
    assert b"<script" not in saved(again, "HTML")
    assert sideways(again) <= 0


def test_a_classifier_says_what_it_cannot_show_and_text_stays_text(open_page: Open) -> None:
    page = open_page("Inside")
    drawn(page, "attention")
    page.get_by_label("Text", exact=True).locator("visible=true").fill("<img src=x onerror=alert(1)> ${7*7} {{x}} שלום")
    listed(page, "Model").select_option(label="minilm-sentiment")
    page.get_by_role("button", name="Look inside", exact=True).click()
    expect(part(page, "strip")).to_contain_text("${7*7}")
    fold(page, "logit_lens").click()
    expect(page.locator(".tk-view-logit_lens")).to_contain_text("A classifier has no words to say at each layer.")
    fold(page, "layers").click()
    drawn(page, "layers")
    assert sideways(page) <= 0


def test_a_model_that_writes_another_text_shows_what_its_answer_looks_at(open_page: Open, tmp_path: Path) -> None:
    model = tiny("t5", "seq2seq")
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    page = open_page("Inside", width=390)
    drawn(page, "attention")
    page.get_by_label("Text", exact=True).locator("visible=true").fill("the film was <img src=x onerror=alert(1)>")
    listed(page, "Model").select_option(label="another model …")
    name = page.get_by_placeholder("Hub id, or a folder on this machine").locator("visible=true")
    name.fill(str(tmp_path))
    name.press("Enter")
    page.get_by_role("button", name="Look inside", exact=True).click()
    expect(part(page, "strip").locator(".tk-written-first")).to_have_count(1)
    drawn(page, "attention")
    said = part(page, "strip").locator(".tk-written").count()
    box = part(page, "attention_map").locator("canvas")
    assert box.evaluate("(node) => node.height") == said
    assert part(page, "attention_grid").locator(".tk-layer").count() == 2
    part(page, "attention_grid").locator("[data-flat='5']").click()
    expect(pointed(page)).to_contain_text("decoder layer 2, head 2")
    part(page, "strip").locator(".tk-written").nth(1).click()
    expect(part(page, "attention_map").locator("rect.tk-band").first).to_have_attribute("visibility", "visible")
    token(page, 0).click()
    expect(part(page, "attention_map").locator("rect.tk-band").nth(1)).to_have_attribute("visibility", "visible")
    page.locator(".tk-view-attention").get_by_label("Whose").select_option(label="encoder")
    expect(part(page, "attention_grid").locator(".tk-layer")).to_have_count(3)
    expect(page.locator(".tk-view-attention")).to_contain_text("this is the mean over all of the encoder’s")
    fold(page, "hidden_states").click()
    expect(page.locator(".tk-view-hidden_states")).to_contain_text("reads one and writes another")
    fold(page, "network").click()
    drawn(page, "network")
    assert sideways(page) <= 0
    seen = Seen.from_json(saved(page, "JSON").decode())
    assert len(seen.request.generated) == said - 1


def test_the_network_under_a_result_is_drawn_once_its_fold_is_opened(open_page: Open) -> None:
    page = open_page(width=390)
    shown = part(page, "network")
    page.get_by_role("button", name="Token network").locator("visible=true").click()
    expect(shown.locator("svg text", has_text="output").first).to_be_visible()
    assert shown.locator("circle").count() > 2
    assert sideways(page) <= 0


def test_an_error_keeps_the_text(open_page: Open) -> None:
    page = open_page("Inside")
    drawn(page, "attention")
    box = page.get_by_label("Text", exact=True).locator("visible=true")
    box.fill("word " * 1500)
    page.get_by_role("button", name="Look inside", exact=True).click()
    expect(part(page, "status")).to_contain_text("512 are the limit here")
    assert box.input_value().startswith("word word")
    expect(part(page, "attention_grid").locator(".tk-view")).to_have_attribute("data-state", "ready")
