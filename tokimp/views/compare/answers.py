"""What each prompt makes of the answer: the probability of the target, and what the model itself says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from tokimp.prompt_comparison import PromptComparison, Spread
from tokimp.views.characters import drawable, quoted, shown
from tokimp.views.compare.cells import listed, width_of
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, chart, heading, text
from tokimp.views.numbers import percent

_ROW = 24
_NAME, _ANSWER, _NUMBER = 168.0, 84.0, 52.0
_GAP = 12.0
_CUT = "…"


def answers_payload(comparison: PromptComparison) -> dict[str, Any] | None:
    """What the browser's drawing draws; a bar is picked as "prompt", its number. None without a prompt."""
    figure = answers_figure(comparison)
    return None if figure is None else {"tree": figure}


def answers_figure(comparison: PromptComparison) -> Node | None:
    """A bar from 0 to 100 % a prompt, orange where the model itself says something else."""
    run = comparison.explanations
    if not run:
        return None
    content, top = heading(answers_sentence(comparison))
    left, right = _NAME, WIDTH - _ANSWER - _NUMBER
    content.append(text("its own answer", WIDTH, top + 8, "tk-small", "end"))
    words = run[0].request.task != "classification"
    begin = width_of(f"{len(run)}") + 8
    labels = told_apart([each.request.text for each in run], left - begin - _GAP)
    for row, (explanation, answer) in enumerate(zip(run, comparison.answers, strict=True)):
        y = top + 14 + row * _ROW
        other = answer.index != explanation.target.index
        name = quoted(answer.label) if words else drawable(answer.label)
        share = explanation.probability
        said = f"{row + 1}: {percent(share)}; the model says {name}, {percent(answer.prob)}\n{explanation.request.text}"
        width = max(round((right - left) * min(max(share, 0.0), 1.0), 1), 0.5)
        kind = "tks2" if other else "tks1"
        bar = node("rect", kind=kind, x=left, y=y + 6, width=width, height=11, rx=2, data_kind="prompt", data_index=row)
        content.append(
            node(
                "g",
                [
                    node("title", said),
                    text(str(row + 1), begin - 8, y + 16, "tk-axis", "end"),
                    text(labels[row], begin, y + 16, "tk-name"),
                    bar,
                    text(percent(share), right + 6, y + 16, "tk-name"),
                    text(fitted(name, _ANSWER - _GAP), WIDTH, y + 16, "tk-name" if other else "tk-axis", "end"),
                ],
            )
        )
    return chart(content, top + 24 + _ROW * len(run), answers_sentence(comparison))


def told_apart(texts: Sequence[str], width: float) -> list[str]:
    """The texts on one line in this many pixels; where they begin alike and are too long, from where they differ."""
    words = [shown(each).split() for each in texts]
    alike = sum(1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*words, strict=False)))
    lines = [" ".join(each) for each in words]
    if len(words) > 1 and alike and any(width_of(each) > width for each in lines):
        lines = [_CUT + " ".join(each[alike:]) for each in words]
    return [fitted(each, width) for each in lines]


def fitted(line: str, width: float) -> str:
    """The line, cut where it is wider than this many pixels."""
    if width_of(line) <= width:
        return line
    letters = len(line)
    while letters and width_of(line[:letters] + _CUT) > width:
        letters -= 1
    return line[:letters].rstrip() + _CUT


def answers_sentence(comparison: PromptComparison) -> str:
    """The target's probability over all prompts, with those that stand out."""
    target, found = comparison.explanations[0].target, comparison.probability
    words = comparison.explanations[0].request.task != "classification"
    name = quoted(target.label) if words else drawable(target.label)
    if found is None:
        return f"Probability of {name}."
    if len(comparison.prompts) == 1:
        return f"Probability of {name}: {percent(found.median)}."
    told = f"Probability of {name}: median {percent(found.median)}, {percent(found.low)} to {percent(found.high)}"
    return f"{told}{outliers(found)}."


def outliers(found: Spread) -> str:
    """Which prompts stand out, counted from 1; "" of none."""
    if not found.outliers:
        return ""
    numbers = [str(place + 1) for place in found.outliers]
    return f"; prompt{'s' if len(numbers) > 1 else ''} {listed(numbers)} stand{'' if len(numbers) > 1 else 's'} out"
