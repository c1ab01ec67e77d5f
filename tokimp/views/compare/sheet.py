"""Comparisons as tables for spreadsheets and scripts, after RFC 4180."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from tokimp.comparison import Comparison
from tokimp.errors import OptionError
from tokimp.prompt_comparison import PromptComparison
from tokimp.types import Explanation
from tokimp.views.spreadsheet import guarded

Table = Literal["tokens", "keywords", "answers"]
TABLES: tuple[Table, ...] = get_args(Table)

_TOKEN = ("token", "position", "id", "start", "end", "score", "stderr")
_METHODS = ("method", *_TOKEN, "rank", "consensus", "spread", "target", "model")
_TOKENS = ("prompt", "column", "method", *_TOKEN, "target", "model", "text")
_KEYWORDS = ("keyword", "method", "prompt", "times", "score", "share", "rank", "among", "stands_out", "text")
_ANSWERS = ("prompt", "target", "probability", "output", "answer", "answer_probability", "stands_out", "text")


def methods_csv(comparison: Comparison) -> str:
    """One row for each token of each method. rank, consensus and spread are empty at special tokens.

    `position` counts from 0. Of texts, what a spreadsheet would compute has an apostrophe in front; numbers have
    all their digits.
    """
    own = {int(place) for place in comparison.places}
    rows = []
    for line, explanation in enumerate(comparison.explanations):
        for place, cells in enumerate(_tokens(explanation)):
            shared = (comparison.ranks[line, place], comparison.consensus[place], comparison.spread[place])
            told = [repr(float(value)) if place in own else "" for value in shared]
            rows.append([explanation.request.method, *cells, *told, *_asked(explanation)])
    return _written(_METHODS, rows)


def prompts_csv(comparison: PromptComparison, table: Table = "tokens") -> str:
    """Of "tokens" one row for each token of each prompt and method, of "keywords" one for each keyword in each
    prompt that has it, of "answers" one a prompt. Prompts count from 1, aligned columns and positions from 0.

    Raises:
        OptionError: no such table.
    """
    if table not in TABLES:
        raise OptionError(f"There is no table {table!r}.", f"There are: {', '.join(TABLES)}.")
    if table == "keywords":
        return _written(_KEYWORDS, _keyword_rows(comparison))
    if table == "answers":
        return _written(_ANSWERS, _answer_rows(comparison))
    return _written(_TOKENS, _token_rows(comparison))


def _token_rows(comparison: PromptComparison) -> Iterable[Sequence[Any]]:
    for method, run in comparison.runs.items():
        for prompt, explanation in enumerate(run):
            columns = {int(at): column for column, at in enumerate(comparison.alignment.positions[prompt]) if at >= 0}
            for place, cells in enumerate(_tokens(explanation)):
                text = guarded(explanation.request.text)
                yield [prompt + 1, columns[place], method, *cells, *_asked(explanation), text]


def _keyword_rows(comparison: PromptComparison) -> Iterable[Sequence[Any]]:
    for track in comparison.keywords:
        outliers = () if track.score is None else track.score.outliers
        for prompt, hit in enumerate(track.hits):
            if hit is not None:
                numbers = [hit.times, repr(hit.score), repr(hit.share), hit.rank, hit.among, int(prompt in outliers)]
                text = guarded(comparison.prompts[prompt])
                yield [guarded(track.keyword), track.method, prompt + 1, *numbers, text]


def _answer_rows(comparison: PromptComparison) -> Iterable[Sequence[Any]]:
    outliers = () if comparison.probability is None else comparison.probability.outliers
    for prompt, (explanation, answer) in enumerate(zip(comparison.explanations, comparison.answers, strict=True)):
        numbers = [repr(explanation.probability), repr(explanation.output)]
        own = [guarded(answer.label), repr(answer.prob), int(prompt in outliers)]
        yield [prompt + 1, guarded(explanation.target.label), *numbers, *own, guarded(explanation.request.text)]


def _tokens(explanation: Explanation) -> Iterable[list[Any]]:
    errors = explanation.stderr
    for place, token in enumerate(explanation.tokens):
        error = "" if errors is None else repr(float(errors[place]))
        score = repr(float(explanation.scores[place]))
        yield [guarded(token.text), place, token.id, token.start, token.end, score, error]


def _asked(explanation: Explanation) -> list[str]:
    target = explanation.target
    rather = "" if target.contrast_label is None else f" rather than {target.contrast_label}"
    return [guarded(target.label + rather), guarded(explanation.request.model)]


def _written(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return table.getvalue()
