"""A real browser before the real page; every request that is not to this machine is recorded and refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import tokimp

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
PATIENCE = 60_000
PRIMARY = re.compile("^(Explain|Explain the answer|Compare|Look inside)$")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the page is served: by a process of its own, as Gradio leaves event loops unclosed.

    A module's SETTINGS join its environment.
    """
    tokimp.load("smollm2-135m")  # on a new machine its GGUF is converted here, not while a page waits for it
    command = [sys.executable, "-m", "tests.e2e.served"]
    settings = os.environ | {"HF_HUB_OFFLINE": "1", "TOKIMP_ALLOW_ANY_MODEL": "1", "TOKIMP_STORE": "off"}
    settings["OMP_NUM_THREADS"] = "1"  # a page a worker: more threads than cores wait for each other
    settings |= getattr(request.module, "SETTINGS", {})
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=settings, **pipes) as server:
        assert server.stdout
        lines = iter(server.stdout.readline, "")
        found = next((line.strip().rstrip("/") for line in lines if line.startswith("http")), "")
        assert found, "The page did not start: see the output above."
        yield found
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "These tests drive a real browser: install Debian's chromium."
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=FLAGS.split()) as launched,
    ):
        yield launched


@pytest.fixture
def open_page(address: str, browser: Browser) -> Iterator[Open]:
    """Opens the page at a tab, or as a link does; at the end, nothing went to the network and no script failed."""
    outside: list[str] = []
    failures: list[str] = []
    contexts = []

    def guard(route: Any) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def opened(tab: str = "", *, width: int = 1280, theme: str = "light", link: str = "") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.route("**/*", guard)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("dialog", lambda dialog: failures.append(dialog.message))
        page.goto(link or f"{address}/?__theme={theme}")
        if tab:
            page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("button", name=PRIMARY).locator("visible=true")).to_be_visible()
        return page

    expect.set_options(timeout=PATIENCE)
    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert failures == []
