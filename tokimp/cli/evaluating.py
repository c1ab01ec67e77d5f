"""Metrics beside chance and sanity checks, of a saved explanation or of one that is computed first."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tokimp.cli import commands
from tokimp.cli.progress import Progress
from tokimp.cli.terminal import harmless
from tokimp.errors import InputError
from tokimp.metrics import METRICS, Setting
from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.numbers import show

_VERDICTS = {True: "better than chance", False: "worse than chance", None: "no better than chance"}


def evaluate(asked: Namespace) -> None:
    """Prints one line a number, or JSON: an array of scores."""
    from tokimp import api, evaluation

    keys = asked.metric or None
    for key in asked.metric:
        METRICS[key]  # an unknown one is told before anything is computed
    setting = Setting(asked.removal, randoms=asked.randoms)
    explanation = _explanation(asked)
    request = explanation.request
    with Progress(sys.stderr) as progress:
        progress.say(f"loading {request.model} …")
        model = api.load(asked.model or request.model, task=request.task, revision=request.revision or None)
        if asked.model:  # the same weights by another name, such as a folder that has moved
            explanation = replace(explanation, request=replace(request, model=model.key))
        scores: list[Score] = []
        if asked.metric or not asked.check:
            scores += evaluation.evaluate(
                model,
                explanation,
                keys,
                removal=setting.removal,
                randoms=setting.randoms,
                seed=asked.seed,
                watch=lambda fraction, _: progress.say(f"{100 * fraction:3.0f} %"),
            )
        for check in dict.fromkeys(asked.check):
            run = getattr(evaluation, check)
            scores += run(model, explanation, watch=lambda fraction, _: progress.say(f"{100 * fraction:3.0f} %"))
    if asked.json:
        text = json.dumps([asdict(score) for score in scores], ensure_ascii=False, allow_nan=False)
    else:
        text = "\n".join(_lines(explanation, scores))
    sys.stdout.write(text + "\n")


def _explanation(asked: Namespace) -> Explanation:
    """The saved explanation that the first argument names or standard input holds, else that of the text."""
    source = asked.text
    if source == "-":
        source = sys.stdin.read().removesuffix("\n")
        if source.lstrip().startswith("{"):
            return commands.read(source)
    elif os.path.isfile(source) and Path(source).suffix == ".json":
        return commands.read(Path(source).read_text(encoding="utf-8", errors="replace"))
    elif Path(source).suffix == ".json" and " " not in source:
        raise InputError(f"There is no file {source}.", "Save one with: tokimp explain … --save result.json")
    request = commands.request_of(asked, source)
    return commands.explained(request, asked.task)


def _lines(explanation: Explanation, scores: Sequence[Score]) -> list[str]:
    """A table: the number, its band of chance, and what follows; below it the notes, each once."""
    rows = [("", "value", "chance, 95 %", "better is", "")]
    for score in scores:
        value = "–" if score.value is None else show(score.value)
        chance, verdict = "–", ""
        if score.chance is not None:
            chance = f"{show(score.chance.low)} to {show(score.chance.high)}"
            verdict = _VERDICTS[score.better_than_chance] if score.higher_is_better is not None else ""
        better = {True: "higher", False: "lower", None: "–"}[score.higher_is_better]
        unit = f" {score.unit}" if score.unit and score.value is not None else ""
        rows.append((score.name, value + unit, chance, better, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = list(dict.fromkeys(note for score in scores for note in score.notes))
    head = f"{explanation.request.method} on {explanation.request.model}, target {explanation.target.label!r}"
    return [harmless(line) for line in [head, "", *table, "", *notes]]
