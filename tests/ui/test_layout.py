"""The page as a whole: private events, nothing from elsewhere, and a first result that is real."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tokimp import api
from tokimp.assets import read_asset
from tokimp.models import catalog
from tokimp.models.packs import INSTALL
from tokimp.types import Task
from tokimp.ui import examples, serving, work
from tokimp.ui.comparing.kinds import COMPARE, PROMPTS
from tokimp.ui.generating.forms import EXAMPLES
from tokimp.ui.inside.tab import chips

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.name for path in (ROOT / "assets").glob("*.js"))


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.ui.described"]
    facts: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return facts


def test_a_tab_for_each_task_that_has_one_in_one_layout(page: dict[str, Any]) -> None:
    assert tuple(start.task for start in examples.starts()) == catalog.TABS
    names = [component["props"].get("component_class_name") for component in page["config"]["components"]]
    counts = {
        view: names.count(view)
        for view in ("TokenView", "CandidateBars", "RankedTable", "Heatmap", "Drawing", "OptionForm", "Share")
    }
    inside = {"TokenView": 2, "CandidateBars": 1, "Drawing": 1, "Share": 1}
    tasks = dict.fromkeys(counts, 3) | {"TokenView": 6, "Drawing": 12, "Share": 6}
    comparing = {"OptionForm": 2, "Share": 4, "Drawing": 3}
    generating = {"OptionForm": 1, "Share": 2, "Drawing": 1}
    others = (comparing, generating, inside)
    assert counts == {view: tasks[view] + sum(each.get(view, 0) for each in others) for view in counts}
    assert names.count("AnswerView") == 1


def test_six_events_are_an_api(page: dict[str, Any]) -> None:
    public = [each["api_name"] for each in page["config"]["dependencies"] if each["api_visibility"] != "private"]
    assert sorted(public) == ["compare", "evaluate", "explain", "generate", "inspect", "predict"]


def test_scripts_of_events_are_constants(page: dict[str, Any]) -> None:
    scripts = {each["js"] for each in page["config"]["dependencies"] if each["js"]}
    texts = [each.text for start in examples.starts() for each in start.examples]
    texts += [each.text for each in (*chips(), *COMPARE.examples, *PROMPTS.examples)]
    filled = [(text,) for text in texts] + [(each.text, each.answer, each.is_chat) for each in EXAMPLES]
    usual = {read_asset("switch_theme.js"), read_asset("address.js")}
    assert scripts == usual | {examples.filling(*values) for values in filled}


def test_model_work_shares_one_queue_and_the_rest_never_waits(page: dict[str, Any]) -> None:
    waiting = [event["line"] for event in page["events"] if event["waits"] and event["computes"]]
    assert waiting == [["model", 1]] * len(waiting)
    assert waiting


def test_no_component_carries_the_page_in_its_config(page: dict[str, Any]) -> None:
    assert len(json.dumps(page["config"])) < 750_000
    assert "functools.partial" not in json.dumps(page["config"])


def test_scripts_never_parse_markup() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\("
    assert [name for name in SCRIPTS if re.search(forbidden, read_asset(name))] == []


def test_sheets_and_fonts_fetch_nothing() -> None:
    assert not re.search(r"@import|url\((?![\"']?data:)", serving.launch_settings()["css"])
    assert serving.theme()._stylesheets == []


def test_nothing_is_recorded() -> None:
    settings = serving.launch_settings()
    names = ("run_history", "enable_monitoring", "pwa", "show_error", "ssr_mode")
    assert {name: settings[name] for name in names} == dict.fromkeys(names, False)


def test_the_page_starts_with_nothing_at_hand(page: dict[str, Any]) -> None:
    bare = json.dumps(page["bare"])
    assert INSTALL in bare
    assert "each token coloured by its score" in bare


@pytest.mark.packs
@pytest.mark.parametrize("task", catalog.TABS)
def test_first_results_are_those_of_the_models_that_are_shipped(task: Task) -> None:
    stored = examples.stored_result(task)
    start = next(start for start in examples.starts() if start.task == task)
    assert stored is not None
    request = stored.explanation.request
    assert request.model == catalog.default_key(task, hub_reachable=False)
    assert request.revision == api.load(request.model).revision
    assert (request.text, request.method) == (start.examples[0].text, start.method)
    question = api.ask(api.load(request.model), request.text)
    assert question.target == stored.explanation.target
    assert question.output == pytest.approx(stored.explanation.output, abs=0.02)
    if task != "next-token":  # its 68 tokens take a minute on one thread
        again = work.answer(stored.asked(), lambda _: None).explanation
        np.testing.assert_allclose(again.scores, stored.explanation.scores, rtol=0, atol=0.02)
