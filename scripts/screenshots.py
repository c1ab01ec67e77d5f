"""Takes the pictures of the README and for looking at: assets/pictures, or a folder of your own.

    python -m scripts.screenshots [folder]

Without a folder only the README's picture is taken; with one, every tab at desktop and phone width and in the dark.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "assets" / "pictures"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
TABS = {"classification": "Classification", "next-token": "Next token", "fill-mask": "Fill mask"}
LOOKS = {"desktop": (1280, "light"), "phone": (390, "light"), "dark": (1280, "dark")}


def picture(browser: Browser, address: str, tab: str, look: tuple[int, str], path: Path) -> None:
    """One tab as it is on arrival, the whole page, at twice the pixels."""
    width, theme = look
    page = browser.new_page(viewport={"width": width, "height": 900}, device_scale_factor=2)
    page.goto(f"{address}/?__theme={theme}")
    page.get_by_role("tab", name=tab, exact=True).click()
    page.locator(".tk-part-tokens >> visible=true").first.wait_for()
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path, full_page=True)
    page.close()


def main() -> None:
    """Serves the page on a free port, in a process of its own, and looks at it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    command = [sys.executable, "-m", "tests.e2e.served"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as server, sync_playwright() as playwright:
        assert server.stdout
        address = server.stdout.readline().strip().rstrip("/")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        if folder is None:
            PICTURES.mkdir(exist_ok=True)
            picture(browser, address, "Next token", LOOKS["desktop"], PICTURES / "next-token.png")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            for name, tab in TABS.items():
                for look, settings in LOOKS.items():
                    picture(browser, address, tab, settings, folder / f"{name}-{look}.png")
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
