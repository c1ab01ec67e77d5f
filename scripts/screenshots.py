"""Photographs the page: the README's picture, or every tab on a desk, on a phone and in the dark.

python -m scripts.screenshots             writes assets/pictures/
python -m scripts.screenshots FOLDER      writes there, in every shape: every tab, the methods side by side,
                                          scores with error bars, and how ReAGent's came to be
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tokimp.ui import examples
from tokimp.ui.serving import serve

PICTURES = Path(__file__).resolve().parent.parent / "assets" / "pictures"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
SHAPES = {"desk": (1280, 800, "light"), "phone": (390, 844, "light"), "dark": (1280, 800, "dark")}
SAMPLED: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    (
        "errors",
        "Classification",
        "The acting is so good that I loved every minute.",
        "Occlusion",
        {"Instead of the token": "random", "Repeats": "20"},
    ),
    ("history", "Next token", "The capital of France is the lovely city of", "ReAGent", {}),
)
PATIENCE = 600_000


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Photographs are taken with Debian's chromium: install it.")
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKIMP_STORE": "off"}
    demo = serve(wait=False, quiet=True, server_name="127.0.0.1")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        if len(sys.argv) > 1:
            every_shape(browser, demo.local_url, Path(sys.argv[1]))
            sampled_results(browser, demo.local_url, Path(sys.argv[1]))
        else:
            readme_picture(browser, demo.local_url)
    demo.close()


def readme_picture(browser: Browser, address: str) -> None:
    """The Next token tab with its first result, a token pointed at."""
    page = opened(browser, address, "Next token", "desk", scale=2)
    page.add_style_tag(content=".tk-notice { display: none }")  # whether a hub was there says nothing to readers
    page.locator(".tk-part-tokens [data-place]").locator("visible=true").filter(has_text="kind").first.hover()
    page.locator(".tk-tip").locator("visible=true").wait_for()
    PICTURES.mkdir(exist_ok=True)
    box = page.locator(".tk-part-limits").locator("visible=true").first.bounding_box()
    assert box is not None
    frame = {"x": 0, "y": 0, "width": 1280, "height": box["y"] + box["height"] + 8}
    page.screenshot(path=PICTURES / "next-token.png", clip=frame, full_page=True)  # type: ignore[arg-type]


def every_shape(browser: Browser, address: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for start in examples.starts():
        for shape in SHAPES:
            page = opened(browser, address, start.title, shape)
            page.screenshot(path=folder / f"{start.task}-{shape}.png", full_page=True)
            for fold in ("Options", "Ranked tokens", "Heatmap", "Figures"):
                page.get_by_role("button", name=re.compile(fold)).locator("visible=true").click()
            page.locator(".tk-part-heat g").locator("visible=true").first.wait_for()
            page.screenshot(path=folder / f"{start.task}-{shape}-open.png", full_page=True)
            page.close()


def sampled_results(browser: Browser, address: str, folder: Path) -> None:
    """The list of methods, then results that a sample was drawn for."""
    for shape in SHAPES:
        page = opened(browser, address, "Classification", shape)
        shown(page.get_by_role("button", name="compare all")).click()
        page.screenshot(path=folder / f"methods-{shape}.png")
        page.close()
        for name, tab, text, method, options in SAMPLED:
            page = opened(browser, address, tab, shape)
            asked(page, text, method, options)
            for fold in ("Ranked tokens", "How it got there"):
                shown(page.get_by_role("button", name=fold)).click()
            shown(page.locator(".tk-story")).wait_for()
            page.screenshot(path=folder / f"{name}-{shape}.png", full_page=True)
            page.close()


def asked(page: Page, text: str, method: str, options: Mapping[str, str]) -> None:
    """Fills in the form, explains, and waits for the result."""
    shown(page.get_by_label("Text", exact=True)).fill(text)
    shown(page.get_by_role("combobox", name="Method", exact=True)).select_option(method)
    shown(page.get_by_role("button", name="Options")).click()
    for name, value in options.items():
        field = shown(page.get_by_role("combobox", name=name).or_(page.get_by_role("spinbutton", name=name)))
        field.wait_for()
        if field.evaluate("(node) => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.blur()
    shown(page.get_by_role("button", name="Options")).click()
    shown(page.get_by_role("button", name="Explain", exact=True)).click()
    shown(page.locator(".tk-part-limits")).filter(has_text=method).wait_for(timeout=PATIENCE)
    shown(page.locator(".tk-part-status progress")).wait_for(state="detached", timeout=PATIENCE)


def shown(found: Locator) -> Locator:
    """Of the tabs' like parts, the one that is on screen."""
    return found.locator("visible=true").first


def opened(browser: Browser, address: str, tab: str, shape: str, scale: float = 1) -> Page:
    """The page at a tab, with its first result drawn."""
    width, height, theme = SHAPES[shape]
    page = browser.new_page(
        viewport={"width": width, "height": height}, device_scale_factor=scale, reduced_motion="reduce"
    )
    page.goto(f"{address}?__theme={theme}")
    page.get_by_role("tab", name=tab, exact=True).click()
    page.locator(".tk-part-tokens .tk-legend").locator("visible=true").wait_for()
    return page


if __name__ == "__main__":
    main()
