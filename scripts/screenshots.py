"""Photographs the page: the README's picture, or every tab on a desk, on a phone and in the dark.

python -m scripts.screenshots             writes assets/pictures/
python -m scripts.screenshots FOLDER      writes every tab in every shape there
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tokimp.ui import examples
from tokimp.ui.serving import serve

PICTURES = Path(__file__).resolve().parent.parent / "assets" / "pictures"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
SHAPES = {"desk": (1280, 800, "light"), "phone": (390, 844, "light"), "dark": (1280, 800, "dark")}


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Photographs are taken with Debian's chromium: install it.")
    os.environ["HF_HUB_OFFLINE"] = "1"
    demo = serve(wait=False, quiet=True, server_name="127.0.0.1")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        if len(sys.argv) > 1:
            every_shape(browser, demo.local_url, Path(sys.argv[1]))
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
