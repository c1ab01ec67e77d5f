"""Hostile bodies for the HTTP API of a page in its own process: each is refused or answered, and none is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st

from tests.fuzz import inputs
from tests.fuzz.drawing import draw
from tests.ui.test_endpoints import QUESTION, Page

WAYS = (
    "call/v2/explain",
    "call/v2/predict",
    "call/explain",
    "call/predict",
    "queue/join",
    "run/explain",
    "api/predict",
)
STATUSES = {200, 400, 404, 405, 413, 422, 429}
MARK = "a-word-of-a-visitor"

field = st.sampled_from(
    [*QUESTION, "target", "contrast", "options", "seed", "mask", "precision", "count", "output", "x"]
)
questions = st.builds(
    lambda changes: QUESTION | {"text": MARK} | changes, st.dictionaries(field, inputs.values, max_size=3)
)
wrapped = st.builds(
    lambda data, extra: {"data": data, "fn_index": 0, "session_hash": MARK} | extra,
    inputs.values | st.lists(inputs.values, max_size=12),
    st.dictionaries(
        st.sampled_from(["fn_index", "session_hash", "trigger_id", "event_data"]), inputs.values, max_size=2
    ),
)
bodies = questions | wrapped | inputs.values | st.binary(max_size=60)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    running = Page(tmp_path_factory.mktemp("page") / "log")
    yield running
    running.close()


def written(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")


def ends(page: Page, way: str, answer: httpx.Response) -> bool:
    """Whether a call that was let in comes to an end that its caller is told."""
    event = answer.json().get("event_id") if way.startswith("call/") else None
    if event is None:
        return True
    told = page.http.get(f"/call/{way.rsplit('/', 1)[1]}/{event}").text
    return "event: complete" in told or "event: error" in told


def test_hostile_bodies(page: Page) -> None:
    seen: set[int] = set()

    def holds(way: str, body: Any) -> None:
        answer = page.http.post(f"/{way}", content=written(body), headers={"Content-Type": "application/json"})
        seen.add(answer.status_code)
        assert answer.status_code in STATUSES, (answer.status_code, way)
        assert "Traceback" not in answer.text
        assert answer.headers["content-type"].startswith("application/json") or answer.status_code in (404, 405)
        if answer.status_code == 200:
            assert ends(page, way, answer)

    draw(holds, {"way": st.sampled_from(WAYS), "body": bodies}, 100)
    assert 422 in seen
    log = page.log.read_text(encoding="utf-8", errors="replace")
    assert MARK not in log
    assert "Traceback" not in log
