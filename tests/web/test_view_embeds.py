"""/e/<code> of every view inside a model: drawings alone, strict and small, and text stays text."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests import models
from tests.views.markup import Markup
from tests.web.desks import FakeDesk, client
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seeing import look
from tokimp.internals.looks.seen import Seen
from tokimp.share import to_code
from tokimp.types import Request, Task
from tokimp.ui.state import Asked

FAMILIES: dict[Task, str] = {"classification": "bert", "next-token": "llama", "seq2seq": "t5"}
FORBIDDEN = {"script", "iframe", "img", "object", "embed", "form", "base", "video", "audio", "foreignobject"}
TEXT = "a film <b>${7*7} {{x}}"
PAIRS = pytest.mark.parametrize(
    ("key", "task"), [(key, task) for key, each in LOOKS.items() for task in FAMILIES if task in each.info.tasks]
)
LARGEST = 100_000


class ViewDesk(FakeDesk):
    """Has seen one thing."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.known = seen

    def seen(self, asked: Asked) -> Seen | None:
        return self.known if asked.view == self.known.request.view else None

    def wanted_look(self, request: Request, visitor: str = "") -> Seen | None:
        assert visitor
        return self.known if request.view == self.known.request.view else None


@cache
def seen_of(key: str, task: Task) -> Seen:
    options = {"other": "second"} if key == "hidden_states" else {}
    answer = (9, 10) if task == "seq2seq" else ()
    return look(models.shared(FAMILIES[task], task), TEXT, key, generated=answer, **options)


@cache
def page_of(key: str, task: Task) -> str:
    seen = seen_of(key, task)
    answer = client(ViewDesk(seen)).get(f"/e/{to_code(seen.request)}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    return answer.text


@PAIRS
def test_a_view_is_drawings_without_script(key: str, task: Task) -> None:
    page = Markup(page_of(key, task))
    tags = {tag for tag, _ in page.tags}
    assert not FORBIDDEN & tags
    assert "svg" in tags
    named = {name for _, found in page.tags for name in found}
    assert not {name for name in named if name.startswith("on") or name in ("style", "src", "xlink:href")}
    links = {found.get("href", "") for tag, found in page.tags if tag == "a"}
    assert all(link.startswith("../?r=") for link in links)
    assert not re.search(r"url\(|@import", page_of(key, task))


@PAIRS
def test_a_view_is_small_and_says_what_it_shows(key: str, task: Task) -> None:
    text = page_of(key, task)
    assert len(text.encode()) < LARGEST
    page = Markup(text)
    assert LOOKS[key].info.title in page.text
    labels = [found["aria-label"] for tag, found in page.tags if tag == "svg"]
    assert all(labels)


def test_a_view_that_nobody_saw_is_waited_for() -> None:
    seen = seen_of("network", "next-token")
    desk = ViewDesk(seen_of("layers", "next-token"))
    answer = client(desk).get(f"/e/{to_code(seen.request)}")
    assert answer.status_code == 202
    assert "refresh" in answer.text
