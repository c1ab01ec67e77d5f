"""What each prompt makes of the answer: the probability of the target, and what the model itself says."""

from __future__ import annotations

from typing import Any

from tokimp.prompt_comparison import PromptComparison, Spread
from tokimp.views.characters import drawable, quoted
from tokimp.views.compare.cells import listed
from tokimp.views.drawing import Node, node
from tokimp.views.inside.axes import WIDTH, chart, heading, short, text
from tokimp.views.numbers import percent

_ROW = 24
_NAME, _ANSWER, _NUMBER = 150.0, 96.0, 52.0
_LETTERS = 19


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
    for row, (explanation, answer) in enumerate(zip(run, comparison.answers, strict=True)):
        y = top + 14 + row * _ROW
        other = answer.index != explanation.target.index
        name = quoted(answer.label) if words else drawable(answer.label)
        share = explanation.probability
        said = f"{row + 1}: {percent(share)}; the model says {name}, {percent(answer.prob)}\n{explanation.request.text}"
        width = max(round((right - left) * min(max(share, 0.0), 1.0), 1), 0.5)
        kind = "tks2" if other else "tks1"
        bar = node("rect", kind=kind, x=left, y=y + 6, width=width, height=11, rx=2, data_kind="prompt", data_index=row)
        label = short(explanation.request.text, _LETTERS)
        content.append(
            node(
                "g",
                [
                    node("title", said),
                    text(f"{row + 1}  {label}", 0, y + 16, "tk-name"),
                    bar,
                    text(percent(share), right + 6, y + 16, "tk-name"),
                    text(short(name, 13), WIDTH, y + 16, "tk-name" if other else "tk-axis", "end"),
                ],
            )
        )
    return chart(content, top + 24 + _ROW * len(run), answers_sentence(comparison))


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
