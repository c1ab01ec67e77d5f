"""A whole answer, token by token: what each owes to the prompt and to what stands before it."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from tokimp.cli.progress import Progress
from tokimp.cli.terminal import harmless
from tokimp.errors import InputError
from tokimp.generation import GenerationExplanation
from tokimp.types import Explanation
from tokimp.views.characters import quoted
from tokimp.views.generation.sheet import SUFFIXES
from tokimp.views.numbers import percent, show

EXAMPLES = """\
examples:
  tokimp generate "The capital of France is" --new-tokens 8
  tokimp generate "The capital of France is" --answer " Paris, of course." --method occlusion
  tokimp generate "Once upon a time" --temperature 0.8 --seed 3 --span 0:4 --save answer.html --save answer.csv
"""
STRONGEST = 3


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What is said beside the question and its method."""
    command.add_argument("--answer", metavar="TEXT", help="explain this answer (default: the model writes one)")
    command.add_argument("--new-tokens", type=int, default=32, metavar="N", help="written at most (default: 32)")
    command.add_argument("--temperature", type=float, default=0.0, help="0 takes the likeliest token (default)")
    command.add_argument("--top-p", type=float, default=1.0, help="draw among the likeliest of this probability")
    command.add_argument("--span", metavar="FROM:TO", help="of the answer's tokens, from 0, without the last named")
    command.add_argument("--given", action="store_true", help="what was written is never taken away")
    several: dict[str, Any] = {"action": "append", "default": []}
    command.add_argument("--save", metavar="FILE", **several, help=f"{' '.join(SUFFIXES)}; may be repeated")


def generate(asked: Namespace) -> None:
    """Explains an answer, saves what is to be saved, and prints a line a token, or JSON."""
    from tokimp import api
    from tokimp.cli.commands import model_of, text_of
    from tokimp.generating.asking import explain_generation

    for file in asked.save:
        if Path(file).suffix.lower() not in SUFFIXES:
            raise InputError(f"There is no format {Path(file).suffix!r}.", f"There are: {', '.join(SUFFIXES)}.")
    span = _span(asked.span)
    with Progress(sys.stderr) as progress:
        key = model_of(asked)
        progress.say(f"loading {key} …")
        found = explain_generation(
            api.load(key, task=asked.task).computing_in(asked.precision),
            text_of(asked.text),
            asked.answer,
            asked.new_tokens,
            span,
            method=asked.method,
            temperature=asked.temperature,
            top_p=asked.top_p,
            earlier=not asked.given,
            seed=asked.seed,
            watch=lambda fraction, _: progress.say(f"{100 * fraction:3.0f} %"),
            **dict(asked.option),
        )
    for file in asked.save:
        found.save(file)
    text = found.to_json() if asked.json else "\n".join(harmless(line) for line in lines(found))
    sys.stdout.write(text + "\n")


def lines(found: GenerationExplanation) -> list[str]:
    """The answer, then each of its tokens with its probability and what speaks most for and against it."""
    answer = "".join(token.text for token in found.answer)
    told = [f"{found.request.method} on {found.request.model}", quoted(answer), ""]
    wide = max(len(quoted(row.target.label)) for row in found.rows)
    for row in found.rows:
        words = f"{quoted(row.target.label):{wide}} {percent(row.probability):>8}"
        told += [f"{words}  {_strongest(row)}"]
    if found.total is not None:
        told += ["", f"All together, {show(found.total.output)} nats: {_strongest(found.total)}"]
    return told


def _strongest(row: Explanation) -> str:
    order = np.argsort(-np.abs(row.scores), kind="stable")[:STRONGEST]
    return ", ".join(
        f"{quoted(row.tokens[place].text)} {row.scores[place]:+.3g}" for place in order if row.scores[place]
    )


def _span(written: str | None) -> tuple[int, int] | None:
    if written is None:
        return None
    first, colon, end = written.partition(":")
    if not colon or not all(part.isdecimal() or not part for part in (first, end)):
        raise InputError(f"{written!r} is not written as FROM:TO.", "Write 0:4 for the first four tokens.")
    return int(first or 0), int(end) if end else -1
