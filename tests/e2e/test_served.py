"""The real page with what is served beside it: an embed of its first result, and what a crawler reads of its link."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tokimp.share import LONGEST_CODE, to_code
from tokimp.ui import examples
from tokimp.ui.state import Result

pytestmark = [pytest.mark.e2e, pytest.mark.packs, pytest.mark.timeout(180)]


def got(address: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers, as a program without a browser gets them."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


@pytest.fixture(scope="module")
def first() -> Result:
    result = examples.stored_result("classification")
    assert result is not None
    return result


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_an_embed_waits_for_its_result_and_shows_it(address: str, still: Page, first: Result) -> None:
    code = to_code(first.explanation.request)
    still.goto(f"{address}/e/{code}")
    expect(still.locator(".tk-text")).to_contain_text(first.explanation.request.text, timeout=120_000)
    status, page, headers = got(f"{address}/e/{code}")
    assert status == 200
    assert len(page.encode()) < 17_000  # half of it are the metrics with their bands
    assert "frame-ancestors *" in headers["content-security-policy"]
    assert got(f"{address}/e/1damaged")[0] == 400


def test_a_crawler_reads_of_the_link_and_the_page_stays_whole(address: str, first: Result) -> None:
    code = to_code(first.explanation.request)
    _, plain, _ = got(f"{address}/")
    status, linked, headers = got(f"{address}/?r={code}")
    assert (status, headers["content-length"]) == (200, str(len(linked.encode())))
    head = linked.partition("<script")[0]
    assert re.findall(r'<meta property="og:title" content="(.*?)"', linked.partition("</head>")[0]) == [
        "Why “positive”?"
    ]
    assert "Click to try out the app" not in linked
    assert f"{address}/preview/{code}.png" in head
    assert linked.partition("<script>")[2] == plain.partition("<script>")[2]


def test_the_longest_links_reach_the_page(address: str, first: Result) -> None:
    text = "".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9FFF, 11_200)))
    code = to_code(replace(first.explanation.request, text=text))
    assert 0.99 * LONGEST_CODE < len(code) <= LONGEST_CODE
    status, page, _ = got(f"{address}/?r={code}")
    assert (status, text[:50] in page.partition("</head>")[0]) == (200, True)
    assert got(f"{address}/e/{code}?theme=dark")[0] == 202  # what cannot be known yet


def test_the_address_in_the_head_describes_the_embed(address: str, first: Result) -> None:
    code = to_code(first.explanation.request)
    link = re.search(r'json\+oembed" href="(.*?)"', got(f"{address}/?r={code}")[1])
    assert link is not None
    described = json.loads(got(link[1].replace("&amp;", "&"))[1])
    assert f"{address}/e/{code}" in described["html"]
    assert json.loads(got(f"{address}/healthz")[1])["status"] == "ok"
    assert "tokimp_requests_total" in got(f"{address}/metrics")[1]
