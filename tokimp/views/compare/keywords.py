"""Keywords through prompts: a line each, with the prompts that stand out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from tokimp.prompt_comparison import PromptComparison, Track
from tokimp.views.characters import quoted
from tokimp.views.compare.answers import outliers
from tokimp.views.compare.cells import method_name
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, Axis, around, chart, columns, heading, path, rows, short, text
from tokimp.views.numbers import percent, show

By = Literal["score", "share", "rank"]
BY: tuple[By, ...] = get_args(By)

SERIES = 6
"""Lines that one chart holds; further keywords have their sentences and rows of the table."""

_LEFT, _RIGHT, _TALL = 62.0, WIDTH - 10.0, 220
_TITLES: dict[By, str] = {
    "score": "sum of its scores",
    "share": "share of all |scores|",
    "rank": "rank among tokens",
}
_WRITE: dict[By, Callable[[float], str]] = {"score": show, "share": percent, "rank": lambda value: f"{value:.0f}"}


def keywords_payload(comparison: PromptComparison, by: By = "score") -> list[dict[str, Any]]:
    """For each method what the browser's drawing draws; a point is picked as "prompt", its number."""
    found = []
    for method in comparison.methods:
        figure = keywords_figure(comparison, method, by)
        if figure is not None:
            found.append({"method": method, "tree": figure, "sentences": keyword_sentences(comparison, method)})
    return found


def keywords_figure(comparison: PromptComparison, method: str, by: By = "score") -> Node | None:
    """Prompts to the right; a square where a prompt stands out, a gap where it has no such keyword."""
    tracks = [track for track in comparison.keywords if track.method == method][:SERIES]
    values = [_values(track, by) for track in tracks]
    known = [value for line in values for value in line if value is not None]
    if not known:
        return None
    title = f"Keywords by {method_name(method)}"
    content, top = heading(title)
    content += _legend(tracks, top + 8)
    top += 26 + 20 * ((len(tracks) - 1) // 2)
    bottom = top + 18 + _TALL
    count = len(comparison.prompts)
    across = Axis(1, max(count, 2), _LEFT + 10, _RIGHT - 10)
    up = Axis(1, max(*known, 2), top + 22, bottom - 6) if by == "rank" else _upwards(known, by, top + 22, bottom - 6)
    content += [text(_TITLES[by], 0, top + 10, "tk-small"), *rows(up, _LEFT, _RIGHT, _WRITE[by])]
    content += columns(across, bottom, lambda value: f"{value:.0f}" if value == int(value) else "", min(count, 10))
    content.append(text("prompt", (_LEFT + _RIGHT) / 2, bottom + 34, "tk-small", "middle"))
    for place, (track, line) in enumerate(zip(tracks, values, strict=True)):
        content += _line(place, track, line, (across, up), by)
    return chart(content, bottom + 42, f"{title}: {_TITLES[by]}")


def keyword_sentences(comparison: PromptComparison, method: str) -> list[str]:
    """Each keyword's median, spread and outliers."""
    told = []
    for track in comparison.keywords:
        if track.method != method:
            continue
        there, name = sum(each is not None for each in track.hits), quoted(track.keyword)
        if track.score is None or track.share is None:
            told.append(f"{name} is in no prompt.")
            continue
        where = "" if there == len(track.hits) else f" in {there} of {len(track.hits)} prompts"
        score, share = track.score, track.share
        if there == 1:
            told.append(f"{name}{where}: score {show(score.median)}, share {percent(share.median)}.")
            continue
        spread = f"median score {show(score.median)}, {show(score.low)} to {show(score.high)}"
        told.append(f"{name}{where}: {spread}; median share {percent(share.median)}{outliers(score)}.")
    return told


def _values(track: Track, by: By) -> list[float | None]:
    return [None if each is None else float(getattr(each, by)) for each in track.hits]


def _upwards(known: Sequence[float], by: By, top: float, bottom: float) -> Axis:
    low, high = around([*known, 0.0])
    return Axis(0.0, high, bottom, top) if by == "share" else Axis(low, high, bottom, top)


def _line(place: int, track: Track, line: Sequence[float | None], axes: tuple[Axis, Axis], by: By) -> list[Node]:
    kind, drawn = f"tks{place % SERIES + 1}", []
    points = [None if value is None else (axes[0].at(at + 1), axes[1].at(value)) for at, value in enumerate(line)]
    start = 0
    for at in range(len(points) + 1):
        if at == len(points) or points[at] is None:
            whole = [point for point in points[start:at] if point is not None]
            drawn += [node("path", kind=f"{kind} tk-line", d=path(whole))] if len(whole) > 1 else []
            start = at + 1
    odd = () if track.score is None or by != "score" else track.score.outliers
    for at, (point, each) in enumerate(zip(points, track.hits, strict=True)):
        if point is None or each is None:
            continue
        said = (
            f"prompt {at + 1}, {quoted(track.keyword)}: score {show(each.score)}, share {percent(each.share)}, "
            f"rank {each.rank} of {each.among}"
        )
        drawn.append(_dot(kind, point, said, at, at in odd))
    return drawn


def _dot(kind: str, point: tuple[float, float], said: str, prompt: int, odd: bool) -> Node:
    inside = [node("title", said)]
    facts: dict[str, Any] = {"data_kind": "prompt", "data_index": prompt}
    x, y = (round(each, 1) for each in point)
    if odd:
        square = {"x": round(x - 6, 1), "y": round(y - 6, 1), "width": 12, "height": 12}
        return node("rect", inside, kind=f"{kind} tk-picked", **square, **facts)
    return node("circle", inside, kind=f"{kind} tk-dot", cx=x, cy=y, r=4.5, **facts)


def _legend(tracks: Sequence[Track], top: float) -> list[Node]:
    """The keywords with their colours, two on a line."""
    parts = []
    for place, track in enumerate(tracks):
        x, y = place % 2 * WIDTH / 2, top + 20 * (place // 2)
        parts.append(
            node("circle", kind=f"tks{place % SERIES + 1} tk-dot", cx=round(x + 8, 1), cy=round(y + 4, 1), r=4.5)
        )
        parts.append(text(short(track.keyword, 26), x + 20, y + 8.5, "tk-axis"))
    return parts
