"""Views drawn on canvases and networks followed in the browser: what is seen, picked and read there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE, ROOT
from tests.e2e.inside_views import ANSWER, HABITS, HEADS, TOKENS, attention, edges, habits
from tokimp.views.inside.attention import head_labels
from tokimp.views.inside.network import THRESHOLDS, coloured, network_of
from tokimp.views.numbers import show

pytestmark = pytest.mark.e2e

DRAWN = ("#grid [role=option]", "#map canvas", "#net circle", "#decoder [role=option]", "#across canvas")
"""What shows of each view that it was drawn."""


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.e2e.inside_views"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as server:
        assert server.stdout
        found = server.stdout.readline().strip()
        assert found, "The gallery did not start: see the output above."
        yield found
        server.terminate()


@pytest.fixture(scope="module")
def page(gallery: str, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 390, "height": 900}, reduced_motion="reduce")
    opened.set_default_timeout(PATIENCE)
    outside: list[str] = []
    errors: list[str] = []

    def guard(route: Any) -> None:
        if route.request.url.startswith(gallery):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    opened.route("**/*", guard)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(gallery)
    expect.set_options(timeout=PATIENCE)
    for drawn in DRAWN:
        expect(opened.locator(drawn).first).to_be_visible()
    yield opened
    assert not outside
    assert not errors
    opened.close()


def picked(page: Page, said: str) -> None:
    expect(page.locator("#picked textarea")).to_have_value(said)


def pixel(page: Page, canvas: str, x: int, y: int) -> list[int]:
    script = "(node, [x, y]) => [...node.getContext('2d').getImageData(x, y, 1, 1).data]"
    found: list[int] = page.locator(canvas).first.evaluate(script, [x, y])
    return found


def test_nothing_scrolls_sideways_on_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_head_is_a_picture_with_a_name(page: Page) -> None:
    heads = page.locator("#grid [role=option]")
    said = [head.get_attribute("aria-label") for head in heads.all()]
    assert said == head_labels(habits(), HABITS)
    expect(page.locator("#grid [aria-selected=true]")).to_have_attribute("data-flat", str(HEADS))
    left, top, side = heads.first.evaluate("(node) => [node.offsetLeft, node.offsetTop, node.clientWidth]")
    assert (
        pixel(page, "#grid canvas", left + 1, top + 1)[:3] != pixel(page, "#grid canvas", left + side - 2, top + 1)[:3]
    )


def test_heads_are_walked_and_opened_by_keyboard(page: Page) -> None:
    page.locator("#grid [data-flat='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#grid [data-flat='{HEADS}']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    picked(page, '["head", [1, 1]]')
    expect(page.locator("#grid [aria-selected=true]")).to_have_attribute("data-flat", str(HEADS + 1))
    expect(page.locator(f"#grid [data-flat='{HEADS + 1}']")).to_be_focused()


def test_heads_are_sorted_without_the_server(page: Page) -> None:
    page.locator("#grid button", has_text="first token").click()
    found = [int(head.get_attribute("data-flat") or "") for head in page.locator("#grid [role=option]").all()]
    shares = habits().reshape(-1, len(HABITS))[:, 1]
    assert found == sorted(range(len(shares)), key=lambda place: -shares[place])
    page.locator("#grid button", has_text="layer").click()


def test_means_are_picked_too(page: Page) -> None:
    page.locator("#grid .tk-layer").nth(2).click()
    picked(page, '["layer", 2]')
    page.locator("#grid button", has_text="mean of all").click()
    picked(page, '["head", [null, null]]')


def test_a_map_reads_its_cells(page: Page) -> None:
    values = attention()
    page.locator("#map .tk-map").focus()
    page.keyboard.press("Home")
    expect(page.locator("#map .tk-readout")).to_have_text(f"“{TOKENS[2]}” → “{TOKENS[0]}”: {show(values[2, 0])}")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map .tk-readout")).to_have_text(f"“{TOKENS[1]}” → “{TOKENS[1]}”: {show(values[1, 1])}")
    page.keyboard.press("Enter")
    picked(page, '["cell", [1, 1]]')


def test_a_label_picks_a_row_or_a_column(page: Page) -> None:
    page.locator("#map text[data-key='3']").dispatch_event("click")
    picked(page, '["token", 3]')
    expect(page.locator("#map .tk-band[visibility=visible]")).to_have_count(1)


def test_a_map_of_two_texts_counts_through_both(page: Page) -> None:
    canvas = page.locator("#across canvas")
    assert canvas.evaluate("(node) => [node.width, node.height]") == [len(TOKENS), len(ANSWER)]
    shown = canvas.evaluate("(node) => [node.clientWidth / node.width, node.clientHeight / node.height]")
    assert shown[0] == shown[1] > 1
    page.locator("#across .tk-map").focus()
    page.keyboard.press("End")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#across .tk-readout")).to_contain_text(f"“{ANSWER[-1]}” → “{TOKENS[-1]}”: ")
    page.keyboard.press("Enter")
    picked(page, f'["cell", [{len(TOKENS) + 2}, {len(TOKENS) - 1}]]')
    page.locator("#across text[data-query='1']").dispatch_event("click")
    picked(page, f'["token", {len(TOKENS) + 1}]')


def test_heads_of_a_decoder_count_the_layers_before_them(page: Page) -> None:
    expect(page.locator("#decoder [role=option]").first).to_have_attribute(
        "aria-label", re.compile("^decoder layer 1,")
    )
    page.locator("#decoder [data-flat='3']").click()
    picked(page, '["head", [5, 1]]')
    page.locator("#decoder .tk-layer").nth(2).click()
    picked(page, '["layer", 6]')
    wide, high = page.locator("#decoder [role=option] span").first.evaluate(
        "(node) => [node.clientWidth, node.clientHeight]"
    )
    assert wide > high > 0


def test_hostile_tokens_stay_literal(page: Page) -> None:
    for view in ("#map", "#net", "#across"):
        texts = page.locator(f"{view} svg text").all_text_contents()
        assert {"<img src=x>", "${7*7}", "{{x}}", "⏎"} <= set(texts)


def test_the_browser_follows_paths_as_the_server_does(page: Page) -> None:
    drawn = page.locator("#net g").nth(1).locator("path")
    network = network_of(edges(), len(TOKENS) - 1)
    expect(drawn).to_have_count(len(coloured(network)))
    page.locator("#net input").fill(str(len(THRESHOLDS) - 1))
    expect(drawn).to_have_count(len(coloured(network, THRESHOLDS[-1])))
    expect(page.locator("#net .tk-sorts b")).to_have_text("20\u202f%")


def test_nodes_are_walked_and_picked(page: Page) -> None:
    page.locator("#net .tk-net").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#net .tk-readout")).to_contain_text("layer 2: made of")
    page.keyboard.press("Enter")
    picked(page, f'["token", {len(TOKENS) - 2}]')


def test_canvases_follow_the_theme(page: Page) -> None:
    light = pixel(page, "#map canvas", 5, 0)
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(
        "(old) => document.querySelector('#map canvas').getContext('2d').getImageData(5, 0, 1, 1).data[0] < old / 2",
        arg=light[0],
    )
    page.evaluate("document.body.classList.remove('dark')")


def test_the_largest_map_is_drawn(page: Page) -> None:
    page.locator("#more").click()
    page.wait_for_function("document.querySelector('#map canvas').width === 512")
    assert pixel(page, "#map canvas", 0, 0)[:3] != pixel(page, "#map canvas", 511, 0)[:3]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
