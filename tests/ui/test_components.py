"""Components: constant templates, and a browser that draws hostile text literally."""

from __future__ import annotations

import base64
import inspect
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.views.examples import HOSTILE
from tokimp.ui.components import CandidateBars, Drawing, Heatmap, RankedTable, TokenView, View
from tokimp.ui.forms import Choice, OptionForm, Share, Status
from tokimp.views.characters import drawable

ROOT = Path(__file__).resolve().parents[2]
VIEWS = [TokenView, CandidateBars, RankedTable, Heatmap, Drawing]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
SAID = "He said <script>alert(1)</script> & ${7*7} {{x}} `tick` \\n \\u0041"


def _scripts() -> list[str]:
    return [path.read_text() for path in sorted((ROOT / "assets").glob("*.js"))]


@pytest.mark.parametrize("view", VIEWS)
def test_templates_hold_nothing_to_fill_in(view: type[View]) -> None:
    component = view({"tokens": "${7*7}"}, render=False)
    assert not re.search(r"\$|\{|`|\\", component.html_template + component.css_template)
    assert component.api_info() == {"type": "string"}


@pytest.mark.parametrize("view", VIEWS)
def test_only_payloads_are_drawn(view: type[View]) -> None:
    component = view(render=False)
    assert component.postprocess(None) is None
    with pytest.raises(TypeError, match="draws a payload"):
        component.postprocess("<b>text</b>")  # type: ignore[arg-type]


def test_scripts_never_parse_markup() -> None:
    for script in _scripts():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script)
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(|https?://(?!www\.w3\.org/2000/svg)", script)


def test_importing_components_writes_no_stub() -> None:
    assert not Path(inspect.getfile(TokenView)).with_suffix(".pyi").exists()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the gallery is served: by a process of its own, as Gradio leaves event loops unclosed."""
    command = [sys.executable, "-m", "tests.ui.gallery"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        opened = browser.new_page(viewport={"width": 390, "height": 900})
        opened.set_default_timeout(60_000)
        outside: list[str] = []
        errors: list[str] = []

        def guard(route: Any) -> None:
            if route.request.url.startswith(address):
                route.continue_()
            else:
                outside.append(route.request.url)
                route.abort()

        opened.route("**/*", guard)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto(address)
        opened.wait_for_selector("#text [data-place]")
        yield opened
        assert not outside
        assert not errors
        browser.close()


@pytest.mark.e2e
def test_hostile_tokens_stay_literal(page: Page) -> None:
    text = page.locator("#text .tk-text").text_content() or ""
    assert text == f"[CLS]{drawable(HOSTILE)}[SEP]"
    assert SAID in text
    expect(page.locator("#bars bdi").nth(1)).to_have_text("“${7*7}<b>”")
    assert "${7*7}" in (page.locator("#heat svg").text_content() or "")
    assert page.locator("#story title").all_text_contents() == ["“<img src=x>”: 1", "“${7*7}”: −2"]
    expect(page.locator("#story .tk-name")).to_have_text(["<img src=x>", "${7*7}"])
    expect(page.locator("#empty .tk-hint")).to_have_text("Type a text, ${7*7}.")


@pytest.mark.e2e
def test_nothing_scrolls_sideways_on_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.e2e
def test_tokens_are_walked_by_keyboard(page: Page) -> None:
    text = page.locator("#text")
    expect(text.locator("[tabindex='0'][data-place]")).to_have_count(1)
    text.locator("[data-place='1']").focus()
    expect(text.locator(".tk-tip")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(text.locator("[data-place='2']")).to_be_focused()
    page.keyboard.press("End")
    expect(text.locator("[data-place]").last).to_be_focused()
    page.keyboard.press("Home")
    expect(text.locator("[data-place='0']")).to_be_focused()
    page.keyboard.press("Escape")
    expect(text.locator(".tk-tip")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#picked textarea")).to_have_value('[1, "He"]')


@pytest.mark.e2e
def test_a_candidate_can_be_chosen(page: Page) -> None:
    page.locator("#bars [role=option]").nth(1).click()
    expect(page.locator("#picked textarea")).to_have_value('[11, "${7*7}<b>"]')
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#picked textarea")).to_have_value('[10, " girl"]')


@pytest.mark.e2e
def test_the_table_sorts(page: Page) -> None:
    rows = page.locator("#table tbody tr")
    heading = page.locator("#table button", has_text="rank")
    expect(rows.first.locator("td").first).to_have_text("1")
    heading.click()
    expect(rows.last.locator("td").first).to_have_text("1")
    expect(page.locator("#table th[aria-sort=descending]")).to_have_text("rank")
    heading.press("Enter")
    expect(rows.first.locator("td").first).to_have_text("1")


@pytest.mark.e2e
def test_bars_carry_their_errors(page: Page) -> None:
    first = page.locator("#table tbody tr").first
    expect(first.locator(".tk-bar rect")).to_have_count(2)
    page.locator("#table button", has_text="error").click()
    expect(page.locator("#table th[aria-sort]")).to_have_text("± error")
    expect(page.locator("#table .tk-doubt")).to_contain_text("one standard error")
    expect(page.locator("#text .tk-foot")).to_contain_text("not distinguishable from 0")


@pytest.mark.e2e
def test_the_heatmap_reads_its_cells(page: Page) -> None:
    page.locator("#heat .tk-heat").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#heat .tk-readout")).to_have_text("${7*7} × yes: −0.2, pushes away")
    page.keyboard.press("End")
    expect(page.locator("#heat .tk-readout")).to_have_text("${7*7} × no: 0.2, pushes towards")


@pytest.mark.e2e
def test_a_new_result_replaces_the_old_one(page: Page) -> None:
    page.locator("#text button", has_text="words").click()
    page.locator("#again").click()
    expect(page.locator("#text .tk-text")).to_have_text("new text")
    expect(page.locator("#text .tk-view")).to_have_attribute("data-state", "ready")
    expect(page.locator("#text [data-place='0']")).to_have_class("tkp10")
    expect(page.locator("#empty .tk-view")).to_have_text("Type a text, ${7*7}.")


@pytest.mark.parametrize("view", [*VIEWS, Choice, OptionForm, Status, Share])
def test_what_the_browser_is_told_is_what_gradio_tells(view: type[View]) -> None:
    first = view({"lines": []}, empty="Nothing yet.", elem_classes="tk-first", render=False)
    second = view(None, state="stale", render=False)
    for component in (first, second, first):
        told = component.get_config()
        assert told == gr.HTML.get_config(component)
        assert {"value", "state", "elem_classes", "js_on_load"} <= set(told)
    assert "Nothing yet." in first.get_config()["js_on_load"]
    with pytest.raises(AttributeError):
        _ = first.no_such_event


def test_a_payload_travels_as_text_and_comes_back() -> None:
    payload = {"tokens": [["<b>", 1.5], [SAID, None]]}
    component = TokenView(render=False)
    sent = component.postprocess(payload)
    assert isinstance(sent, str)
    assert component.preprocess(sent) == payload
    assert [component.preprocess(broken) for broken in ("{", "[1]", "", None, "3")] == [None] * 5
    with pytest.raises(ValueError, match="JSON"):
        component.postprocess({"score": float("nan")})


def test_a_long_payload_travels_packed_and_a_bomb_is_none() -> None:
    payload = {"tokens": [[SAID, place] for place in range(1000)]}
    component = TokenView(render=False)
    sent = component.postprocess(payload)
    assert isinstance(sent, str)
    assert len(sent) < len(json.dumps(payload)) / 5
    assert not sent.startswith("{")
    assert component.preprocess(sent) == payload
    bomb = base64.b64encode(zlib.compress(b'{"tokens": "' + b"x" * 2**25 + b'"}')).decode()
    assert component.preprocess(bomb) is None
    assert component.preprocess(sent[:-8]) is None
