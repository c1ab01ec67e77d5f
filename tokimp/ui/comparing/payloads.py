"""Comparisons as payloads of the tabs' parts: the views' own, with what can be switched between in the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tokimp.comparison import Comparison
from tokimp.prompt_comparison import PromptComparison
from tokimp.types import Explanation
from tokimp.ui import sentences
from tokimp.ui.components import Payload
from tokimp.ui.studies import Studied
from tokimp.views.compare.answers import answers_payload
from tokimp.views.compare.cells import method_name
from tokimp.views.compare.columns import columns_payload, drawn_columns
from tokimp.views.compare.keywords import BY, keyword_sentences, keywords_payload
from tokimp.views.compare.lines import lines_payload
from tokimp.views.compare.matrix import MEASURES, matrix_payload
from tokimp.views.compare.metrics import tables_payload
from tokimp.views.compare.sentences import consensus_sentence, failed_sentences, inside_sentence, odds_sentence
from tokimp.views.drawing import Node

COLOURS = (
    "Red pushes towards the answer, blue away from it; green says only how much. "
    "Each line is coloured up to its own largest score."
)
BARS = "The thin line on each bar is where 95\u202f% of random scores end."
_MEASURES = {"spearman": "Spearman’s ρ", "kendall": "Kendall’s τ-b", "overlap": "top tokens"}


def comparison_parts(studied: Studied) -> dict[str, Payload | None]:
    """What the tab that compares methods shows."""
    comparison: Comparison = studied.value
    agreed = [odds_sentence(comparison), inside_sentence(comparison)]
    return {
        "told": _told(studied, comparison.explanations, [consensus_sentence(comparison)], failed_sentences(comparison)),
        "lines": _lines(comparison),
        "agreed": sentences.told(*(sentences.line("note", each) for each in agreed if each)),
        "matrix": _matrix(comparison),
        "tables": _tables(comparison),
    }


def prompts_parts(studied: Studied) -> dict[str, Payload | None]:
    """What the tab that compares prompts shows."""
    comparison: PromptComparison = studied.value
    out = [f"{prompt}: left out. {why}" for prompt, why in comparison.failed.items()]
    out += list(comparison.unavailable.values())
    told = [line for method in comparison.methods for line in _followed(comparison, method)]
    return {
        "told": _told(studied, comparison.explanations, ["The same is explained in every prompt."], out),
        "answers": answers_payload(comparison),
        "columns": _columns(comparison),
        "keywords": _keywords(comparison),
        "followed": sentences.told(*(sentences.line("note", each) for each in told)),
    }


def switched(choices: Mapping[str, Payload], names: Mapping[str, str], label: str) -> Payload | None:
    """Payloads of which the browser shows one at a time, the first one first: what `measured.js` takes."""
    if not choices:
        return None
    first = next(iter(choices))
    facts = {"order": list(choices), "names": dict(names), "choices": dict(choices), "shown": first, "label": label}
    return facts | dict(choices[first])


def _told(
    studied: Studied, explanations: Sequence[Explanation], found: Sequence[str], failed: Sequence[str]
) -> Payload:
    """What is explained, what was found, and what is missing."""
    lines = list(sentences.explained(explanations[0])["lines"]) if explanations else []
    lines += [sentences.line("note", each) for each in found if each]
    lines += [sentences.line("limit", each) for each in failed]
    if studied.stopped:
        lines.append(sentences.line("limit", f"Unfinished: {studied.stopped}"))
    return sentences.told(*lines)


def _lines(comparison: Comparison) -> Payload | None:
    """Each method's line without its words: subwords stand as tokens, so that lines lie under each other."""
    lines = [
        {"method": each["method"], "name": each["name"], "cost": each["cost"], "items": each["view"]["tokens"]["items"]}
        | {"tail": each["view"]["tail"]}
        for each in lines_payload(comparison)
    ]
    return {"lines": lines, "note": COLOURS} if lines else None


def _matrix(comparison: Comparison) -> Payload | None:
    if len(comparison.explanations) < 2:
        return None
    payload = matrix_payload(comparison.agreement)
    choices: dict[str, Payload] = {
        measure: {"tree": payload[measure]["tree"], "about": payload["titles"][measure], "under": payload["note"]}
        for measure in MEASURES
    }
    return switched(choices, _MEASURES, "Measure of agreement")


def _tables(comparison: Comparison) -> Payload | None:
    tables = tables_payload(comparison)
    names = {table["metric"]: table["title"] for table in tables}
    return switched(
        {each["metric"]: {**each, "about": BARS if each["metric"] else ""} for each in tables}, names, "Metric"
    )


def _columns(comparison: PromptComparison) -> Payload | None:
    drawn = {method: columns_payload(comparison, method) for method in comparison.methods}
    choices: dict[str, Any] = {
        method: payload | {"tree": _numbered(payload["tree"], _cells(comparison, method))}
        for method, payload in drawn.items()
        if payload is not None
    }
    return switched(choices, {method: method_name(method) for method in choices}, "Method")


def _cells(comparison: PromptComparison, method: str) -> Iterator[int]:
    """Which cell each drawn one is, counted row by row: prompts × all aligned columns."""
    values = comparison.alignment.values(tuple(each.scores for each in comparison.runs[method]))
    columns = drawn_columns(values)
    for row, column in ((row, column) for row in range(len(values)) for column in columns):
        if not np.isnan(values[row, column]):
            yield row * values.shape[1] + column


def _numbered(tree: Node, numbers: Iterator[int]) -> Node:
    """The drawing whose cells are picked by these numbers, as a click there asks about one token."""
    tag, attributes, content = tree
    if attributes.get("data-kind") == "prompt":
        attributes = {**attributes, "data-index": next(numbers)}
    if not isinstance(content, str):
        content = [_numbered(each, numbers) for each in content]
    return tag, attributes, content


def _keywords(comparison: PromptComparison) -> Payload | None:
    choices, names = {}, {}
    for by in BY:
        for each in keywords_payload(comparison, by):
            name = f"{each['method']} {by}"
            choices[name] = {"tree": each["tree"]}
            names[name] = by if len(comparison.methods) == 1 else f"{by}, {method_name(each['method'])}"
    return switched(choices, names, "Keywords by")


def _followed(comparison: PromptComparison, method: str) -> list[str]:
    told = keyword_sentences(comparison, method)
    if len(comparison.methods) == 1:
        return told
    return [f"{method_name(method)}: {each}" for each in told]
