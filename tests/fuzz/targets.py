"""What must hold whatever comes in. Each target takes drawn values and raises where it does not hold.

The suite draws a few inputs for each, benchmarks/fuzz.py many thousands.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.fuzz import inputs
from tests.test_share_hostile import outcome
from tests.views.examples import explain, tokens_of, with_specials
from tests.views.markup import Markup
from tests.web.desks import FakeDesk, client, dressed
from tokimp.errors import LinkError
from tokimp.share import from_link, to_code
from tokimp.types import Explanation
from tokimp.views.embed import heatmap_embed, tokens_embed
from tokimp.views.files import content
from tokimp.views.table import table_payload
from tokimp.views.text import text_payload

ACTIVE = {"script", "iframe", "object", "embed", "form", "base", "applet", "frame", "animate", "set", "foreignobject"}
LOADS = {"src", "srcset", "srcdoc", "action", "formaction", "background", "data", "poster", "xlink:href"}
STATUSES = {200, 202, 304, 400, 404, 405, 414, 422, 501, 503}
LINK = "https://example.org/?r=1"


@dataclass(frozen=True)
class Target:
    """`holds` takes one value of each strategy."""

    strategies: dict[str, st.SearchStrategy[Any]]
    holds: Callable[..., None]


def a_link_is_a_question_or_an_error(link: str) -> None:
    told = outcome(link)
    if isinstance(told, LinkError):
        assert told.next_step
        assert len(str(told)) < 250
    else:
        assert from_link(to_code(told)) == told


def an_explanation_harms_nobody(text: str, label: str, drawn: list[float], suffix: str) -> None:
    """Its file of any format, the payloads of the page's views, and both embeds."""
    explanation = hostile_explanation(text, label, drawn)
    written = content(explanation, suffix).decode("utf-8")
    CHECKS[suffix](written, explanation)
    for payload in (text_payload(explanation), table_payload(explanation)):
        json.dumps(payload, allow_nan=False).encode("ascii")
    grid = dressed(explanation).grid
    assert grid is not None
    for document in (tokens_embed(explanation), heatmap_embed(explanation, grid.scores, [label, text])):
        check_markup(document.html)


def hostile_explanation(text: str, label: str, drawn: list[float]) -> Explanation:
    """The text and the label wherever a visitor's words can get to, and tokens that hold anything."""
    plain = explain(text, with_specials(tokens_of(text)))
    scored = explain(
        text,
        plain.tokens,
        inputs.scores(plain, drawn),
        target={"contrast": 1, "contrast_label": text[:40]},
        notes=(label,),
    )
    named = replace(scored.target, label=label)
    request = replace(scored.request, model=text[:80], target=label, revision=label)
    return replace(scored, request=request, target=named, versions={"tokimp": label})


def check_markup(page: str) -> None:
    """Well-formed, with nothing that runs or loads."""
    read = Markup(page)
    assert not {tag for tag, _ in read.tags} & ACTIVE
    for tag, attributes in read.tags:
        assert not [name for name in attributes if name.startswith("on") or name in LOADS], (tag, attributes)
        address = attributes.get("href", "")
        assert re.match(r"(https?://|\.\./|#|$)", address), address
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert page.count("<style") == len(styles) <= 1
    assert inputs.CALL not in "".join(styles)


def check_svg(drawing: str, _explanation: Explanation) -> None:
    for element in ElementTree.fromstring(drawing).iter():
        assert element.tag.rpartition("}")[2].lower() not in ACTIVE
        names = {name.rpartition("}")[2].lower() for name in element.attrib}
        assert not {name for name in names if name.startswith("on") or name in LOADS or name == "href"}


def check_csv(table: str, explanation: Explanation) -> None:
    rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == len(explanation.tokens) + 1
    for row in rows[1:]:
        for cell in row:
            assert not re.match(r"[=@\t\r]|[+-](?!\d)", cell), cell


def check_json(written: str, explanation: Explanation) -> None:
    again = Explanation.from_json(written)
    assert again.scores.tolist() == explanation.scores.tolist()
    assert again.request.text == explanation.request.text.encode("utf-8", "replace").decode()


def check_markdown(written: str, _explanation: Explanation) -> None:
    """Outside of its fence, nothing of a text begins a tag, a link, a picture or a cell."""
    fence = re.findall(r"^`{3,}(?=text$)", written, re.MULTILINE)[0]
    head, typed, tail = re.split(rf"^{fence}(?:text)?$", written, flags=re.MULTILINE)
    assert fence not in typed
    outside = head + tail
    assert "<" not in outside
    assert not re.search(r"(?<!\\)(\]\(|!\[|://)", outside)
    rows = [line for line in tail.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def check_latex(written: str, _explanation: Explanation) -> None:
    assert not re.search(
        r"\\(input|write18|csname|catcode|def)\b", written.partition("\\begin{document}")[2] or written
    )
    assert "^^41" not in written


CHECKS: dict[str, Callable[[str, Explanation], None]] = {
    ".html": lambda page, _: check_markup(page),
    ".svg": check_svg,
    ".csv": check_csv,
    ".json": check_json,
    ".md": check_markdown,
    ".tex": check_latex,
}


@cache
def _routes() -> TestClient:
    """The routes beside the page, before a desk that has one hostile result."""
    known = dressed(explain("".join(inputs.FRAGMENTS).encode("utf-8", "replace").decode()))
    return client(FakeDesk(known), raise_server_exceptions=False)


def a_route_answers_calmly(route: str, code: str, query: dict[str, str], headers: dict[str, str]) -> None:
    """No 500, no traceback, nothing that runs, and never without the headers that keep it so."""
    given = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    path = route.replace("*", quote(code.encode("utf-8", "replace"), safe=""))
    answer = _routes().get(path, params=given, headers=headers)
    assert answer.status_code in STATUSES, (answer.status_code, path)
    assert "Traceback" not in answer.text
    # A line end in an address fits no route at all, and Starlette answers.
    if path.startswith(("/e/", "/oembed", "/preview/")) and answer.text not in ("the page's own", "Not Found"):
        assert "content-security-policy" in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.headers.get("content-type", "").startswith("text/html") and not route.startswith("/?"):
        check_markup(answer.text)
    if route.startswith("/?"):
        # The page has a script of its own; a hostile link may add none.
        assert answer.text.count("<script") == 1
        assert f"{inputs.CALL}</script" not in answer.text


TARGETS = {
    "links": Target({"link": inputs.links}, a_link_is_a_question_or_an_error),
    "results": Target(
        {
            "text": inputs.texts,
            "label": inputs.texts,
            "drawn": st.lists(inputs.numbers, min_size=1, max_size=5),
            "suffix": inputs.suffixes,
        },
        an_explanation_harms_nobody,
    ),
    "routes": Target(
        {
            "route": st.sampled_from(
                ["/e/*", "/preview/*.png", "/oembed?url=*", "/?r=*", "/healthz", "/metrics", "/oembed?url=/e/*"]
            ),
            "code": inputs.codes,
            "query": st.dictionaries(
                st.sampled_from(["view", "theme", "format", "maxwidth", "maxheight", "url", "r", "__theme"]),
                inputs.texts,
                max_size=3,
            ),
            "headers": inputs.headers,
        },
        a_route_answers_calmly,
    ),
}
