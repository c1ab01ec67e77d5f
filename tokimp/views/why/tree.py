"""Reasons as one drawing for the browser: sentences that unfold into their numbers, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tokimp.reasons import Part, Reason, Reasons
from tokimp.views.characters import drawable, quoted
from tokimp.views.drawing import Node, node
from tokimp.views.numbers import show
from tokimp.views.why.drawer import TITLES, numbers_tree


def drawer_payload(reasons: Reasons | None, running: str = "", of: str = "") -> dict[str, Any] | None:
    """What the browser's drawing draws; `running` says how far the work is, "" once it is done. None of nothing.

    `of` says which explanation is meant, where several stand side by side.
    """
    if reasons is None:
        return {"tree": node("div", [node("p", running, kind="tk-running")], kind="tk-why")} if running else None
    which = f"{quoted(reasons.text)}, token {reasons.token + 1}" + (f", {of}" if of else "")
    parts = [
        node("p", [_text("span", which)], kind="tk-note"),
        node("p", _told(reasons.headline), kind="tk-headline"),
        *map(_reason, reasons.reasons),
    ]
    cost = f"{reasons.evaluations:,} evaluations, {show(reasons.seconds)} s"
    parts.append(node("p", running, kind="tk-running") if running else node("p", cost, kind="tk-note"))
    return {"tree": node("div", parts, kind="tk-why")}


def _reason(reason: Reason) -> Node:
    title = node("span", f"{TITLES.get(reason.kind, reason.kind)} ", kind="tk-why-title")
    said = [title, *_told(reason.parts)]
    numbers = numbers_tree(reason.numbers)
    inside = [*([numbers] if numbers is not None else []), *(_text("p", note, "tk-note") for note in reason.notes)]
    if not inside:
        return node("p", said, kind="tk-reason")
    return node("details", [node("summary", said), *inside], kind="tk-reason")


def _told(parts: Sequence[Part]) -> list[Node]:
    return [_text("strong" if element else "span", text) for text, element in parts]


def _text(tag: str, text: str, kind: str = "") -> Node:
    return node(tag, drawable(text), **({"kind": kind} if kind else {}))
