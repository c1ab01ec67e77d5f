"""Thousands of hostile inputs for links, results, routes and the API.

    python -m benchmarks.fuzz                   10,000 inputs a target; writes fuzz.md
    python -m benchmarks.fuzz --inputs 500      a short run that writes nothing
    python -m benchmarks.fuzz --guided          links by coverage instead (pip install atheris)

The browser opens results as pages and as embeds, with scripts allowed, and counts calls of what no text may call.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.setting import setting

INPUTS = 10_000
PAGES = 500
TARGETS = {
    "links": "`share.from_link`: a question that makes the same link again, or a sentence",
    "results": "files of every format, payloads of the page's views, embeds: well-formed, nothing that runs or loads",
    "routes": "`/e/…`, `/preview/…`, `/oembed`, `/?r=…`, `/healthz`, `/metrics`: no 500, no traceback",
    "api": "bodies for `explain` and `predict`, five ways in: no 500, every call ends, nothing logged",
    "browser": "the same results in Chromium, scripts allowed: none runs, nothing is fetched",
}
TEST_OF = {name: f"tests/fuzz/test_fuzz.py::test_hostile_inputs[{name}]" for name in ("links", "results", "routes")}
TEST_OF["api"] = "tests/fuzz/test_api.py"


def tested(name: str, inputs: int) -> tuple[int, bool, str]:
    """The inputs drawn, whether all held, and what pytest printed."""
    environment = os.environ | {"TOKIMP_FUZZ": str(inputs), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", TEST_OF[name]]
    ran = subprocess.run(  # noqa: S603 - our own tests
        command, env=environment, capture_output=True, text=True, check=False
    )
    return inputs, ran.returncode == 0, ran.stdout


def browsed(inputs: int) -> tuple[int, bool, str]:
    """Opens drawn results; any call, dialog or request but for the page itself is a failure."""
    from hypothesis import strategies as st
    from playwright.sync_api import sync_playwright

    from tests.fuzz import inputs as drawn
    from tests.fuzz.drawing import draw
    from tests.fuzz.targets import hostile_explanation
    from tokimp.views.embed import tokens_embed
    from tokimp.views.files import content

    pages, trouble = min(inputs, PAGES), []
    os.environ["TOKIMP_FUZZ"] = str(pages // 2)
    flags = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags) as browser,
    ):
        tab = browser.new_page()
        tab.expose_function("pwned", lambda *_: trouble.append("a call"))
        tab.on("dialog", lambda dialog: (trouble.append("a dialog"), dialog.dismiss()))
        tab.on("request", lambda request: trouble.append(request.url) if request.url != "about:blank" else None)

        tab.set_content("<img src=missing onerror=pwned()>")
        tab.wait_for_function("() => document.images[0].complete")
        if "a call" not in trouble:
            raise SystemExit("The browser does not notice a script that runs.")
        trouble.clear()

        def holds(text: str, label: str) -> None:
            explanation = hostile_explanation(text, label, [1.0, -0.5])
            for page in (content(explanation, ".html").decode(), tokens_embed(explanation).html):
                tab.set_content(page)
                for unfolded in tab.locator("summary").all():
                    unfolded.click()
                assert not trouble, trouble

        try:
            draw(holds, {"text": drawn.texts, "label": st.sampled_from(drawn.FRAGMENTS)}, pages)
        except AssertionError as error:
            return pages, False, str(error)
    return pages, True, ""


def guided(inputs: int) -> None:
    """Lets atheris look for links that reach new code; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tokimp.share"]):
        import tokimp.share  # noqa: F401 - instrumented by being imported here first
    from hypothesis import given, settings

    from tests.fuzz.targets import TARGETS as DRAWN

    links = DRAWN["links"]
    test = settings(database=None, deadline=None)(given(**links.strategies)(links.holds))
    atheris.Setup([sys.argv[0], f"-runs={inputs}", "-max_len=2000", "-len_control=0"], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()


def main() -> int:
    """1 where an input did what none may."""
    parser = argparse.ArgumentParser(description="Many hostile inputs.")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--guided", action="store_true")
    asked = parser.parse_args()
    if asked.guided:
        guided(asked.inputs)
    rows, failed = [], 0
    for name in asked.only:
        start = time.monotonic()
        count, held, told = browsed(asked.inputs) if name == "browser" else tested(name, asked.inputs)
        failed += not held
        rows.append(f"| {name} | {TARGETS[name]} | {count:,} | {'all' if held else '**no**'} | ")
        rows[-1] += f"{time.monotonic() - start:,.0f} |"
        sys.stdout.write(f"{rows[-1]}\n{'' if held else told}")
    head = f"Written by `python -m benchmarks.fuzz`: {setting(1, 1)} Inputs are drawn anew in each run."
    table = ["| target | what must hold | inputs | held | seconds |", "|---|---|---|---|---|", *rows]
    text = "\n".join(["# Hostile inputs", "", head, "", *table, ""])
    if asked.inputs == INPUTS and asked.only == list(TARGETS):
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
