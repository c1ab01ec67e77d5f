"""Methods in a table: what each metric gives them beside the band of chance, and what they cost."""

from __future__ import annotations

import math
from typing import Any

from tokimp.comparison import Comparison
from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.characters import escaped
from tokimp.views.compare.cells import listed, method_name
from tokimp.views.judged import WORTH
from tokimp.views.numbers import NOT_A_NUMBER, show

_COST = [("evaluations", "evaluations"), ("seconds", "seconds")]


def tables_payload(comparison: Comparison) -> list[dict[str, Any]]:
    """One table a metric, which the browser sorts by any column; the best stands first.

    Bars reach from 0 to the value, pale where it is no better than chance; thin lines reach over the band of 95 %
    of random scores. Without metrics it is one table of what each method cost.
    """
    found = [_table(comparison, metric) for metric in _metrics(comparison)]
    return found or ([_table(comparison, None)] if comparison.explanations else [])


def tables_html(comparison: Comparison) -> str:
    """The same without script, in boxes that scroll by themselves."""
    parts = []
    for table in tables_payload(comparison):
        head = "".join(f'<th scope="col">{escaped(title)}</th>' for _, title in table["columns"])
        body = "".join(_row_html(row, [key for key, _ in table["columns"]]) for row in table["rows"])
        name = escaped(table["title"])
        parts.append(
            f"<p>{escaped(' '.join(filter(None, [table['title'] + '.', table['note']])))}</p>"
            f'<div class="tk-wide" tabindex="0" role="group" aria-label="{name}"><table class="tk-table">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
    return "".join(parts)


def chance_sentence(comparison: Comparison, metric: str) -> str:
    """Which methods beat chance by this metric, and which do not."""
    told: dict[bool | None, list[str]] = {True: [], None: [], False: []}
    for key, score in _measured(comparison, metric):
        if score.value is not None and score.chance is not None:
            told[score.better_than_chance].append(method_name(key))
    return " ".join(f"{WORTH[side].capitalize()} than chance: {listed(keys)}." for side, keys in told.items() if keys)


def _metrics(comparison: Comparison) -> list[str]:
    measured = [comparison.scores[key] for key in comparison.methods if key in comparison.scores]
    return list(dict.fromkeys(score.metric for scores in measured for score in scores))


def _measured(comparison: Comparison, metric: str) -> list[tuple[str, Score]]:
    measured = [key for key in comparison.methods if key in comparison.scores]
    return [(key, score) for key in measured for score in comparison.scores[key] if score.metric == metric]


def _table(comparison: Comparison, metric: str | None) -> dict[str, Any]:
    if metric is None:
        rows = [_cost(each, rank) for rank, each in enumerate(comparison.explanations, start=1)]
        columns = [("rank", ""), ("token", "method"), ("bar", ""), *_COST]
        largest = max((each.evaluations for each in comparison.explanations), default=1) or 1
        for row in rows:
            bar = {"class": "tk-bar tku8", "score": [0, round(100 * row["evaluations"] / largest, 1)], "error": None}
            row |= {"bar": bar, "score": row["evaluations"]}
        return {
            "metric": "",
            "title": "What each method cost",
            "columns": columns,
            "rows": rows,
            "totals": [],
            "note": "",
        }
    scores = dict(_measured(comparison, metric))
    one = next(iter(scores.values()))
    order = sorted(scores, key=lambda key: _worth(scores[key]))
    span = _span(list(scores.values()))
    rows = [_cost(comparison[key], rank) | _measure(scores[key], span) for rank, key in enumerate(order, start=1)]
    columns = [("rank", "rank"), ("token", "method"), ("bar", ""), ("number", _headed(one))]
    columns += [("chance", "chance, 95 %"), ("verdict", "than chance"), *_COST]
    note = " ".join(filter(None, [_direction(one), chance_sentence(comparison, metric)]))
    return {"metric": metric, "title": one.name, "columns": columns, "rows": rows, "totals": [], "note": note}


def _cost(explanation: Explanation, rank: int) -> dict[str, Any]:
    name = method_name(explanation.request.method)
    seconds = float(f"{explanation.seconds:.3g}")
    return {"rank": rank, "token": name, "position": rank, "evaluations": explanation.evaluations, "seconds": seconds}


def _measure(score: Score, span: tuple[float, float]) -> dict[str, Any]:
    chance = score.chance
    band = None if chance is None else _part(chance.low, chance.high, span)
    value = score.value
    filled = [0.0, 0.0] if value is None else _part(min(value, 0.0), max(value, 0.0), span)
    side = score.better_than_chance
    known = chance is not None and value is not None and score.higher_is_better is not None
    return {
        "number": NOT_A_NUMBER if value is None else show(value),
        "score": value,
        "chance": "" if chance is None else f"{show(chance.low)} … {show(chance.high)}",
        "verdict": WORTH[side] if known else "",
        "bar": {"class": "tk-bar tku8" if side else "tk-bar tku8 tk-maybe", "score": filled, "error": band},
    }


def _part(low: float, high: float, span: tuple[float, float]) -> list[float]:
    """Start and length in per cent of the box."""
    reach = span[1] - span[0]
    return [round(100 * (low - span[0]) / reach, 1), round(100 * (high - low) / reach, 1)]


def _span(scores: list[Score]) -> tuple[float, float]:
    ends = [0.0, *(score.value for score in scores if score.value is not None)]
    ends += [end for score in scores if score.chance is not None for end in (score.chance.low, score.chance.high)]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low, low + 1.0)


def _worth(score: Score) -> float:
    """Small for what is to stand first."""
    if score.value is None:
        return math.inf
    return score.value if score.higher_is_better is False else -score.value


def _headed(score: Score) -> str:
    return score.unit or "value"


def _direction(score: Score) -> str:
    if score.higher_is_better is None:
        return ""
    return "Higher is better." if score.higher_is_better else "Lower is better."


def _row_html(row: dict[str, Any], keys: list[str]) -> str:
    spans = "".join(
        f'<rect x="{span[0]:g}%" width="{span[1]:g}%"/>' for span in (row["bar"]["score"], row["bar"]["error"]) if span
    )
    cells = {key: escaped(str(row.get(key, ""))) for key in keys}
    cells["bar"] = f'<svg class="{row["bar"]["class"]}">{spans}</svg>'
    cells["evaluations"] = f"{row['evaluations']:,}"
    return f"<tr>{''.join(f'<td>{cells[key]}</td>' for key in keys)}</tr>"
