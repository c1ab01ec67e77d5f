"""Methods on one text, and prompts side by side."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from tokimp.cli.progress import Progress
from tokimp.cli.terminal import harmless
from tokimp.comparison import Comparison
from tokimp.errors import InputError
from tokimp.prompt_comparison import PromptComparison
from tokimp.types import OUTPUTS, PRECISIONS
from tokimp.views.characters import drawable, quoted
from tokimp.views.compare.answers import answers_sentence
from tokimp.views.compare.cells import method_name, two_digits
from tokimp.views.compare.keywords import keyword_sentences
from tokimp.views.compare.metrics import chance_sentence
from tokimp.views.compare.page import SUFFIXES, checked, methods_title, prompts_title, save
from tokimp.views.compare.sentences import sentences
from tokimp.views.numbers import percent, show

EXAMPLES = """\
examples:
  tokimp compare "The capital of France is" --model smollm2-135m
  tokimp compare "A fine film." --task classification --method occlusion --method attention --evaluate
  tokimp compare "A {how: good|bad|not so bad} film." --prompts --task classification --keyword film
  tokimp compare prompts.csv --column text --prompts --keyword France --save out.html --save out.csv

With --prompts the text has one prompt a line, or slots for all their fillings, or is a .txt or .csv file.
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What is said beside the question itself."""
    several: dict[str, Any] = {"action": "append", "default": []}
    command.add_argument("--method", metavar="KEY", **several, help="may be repeated (default: one set of each family)")
    for name, about in (("target", "what is explained"), ("contrast", "what it is held against")):
        either = command.add_mutually_exclusive_group()
        either.add_argument(f"--{name}", metavar="WORD", help=f"{about}: a label, or a word with its space")
        either.add_argument(f"--{name}-id", type=int, metavar="ID", help="the same by its class or token id")
    command.add_argument("--output", choices=OUTPUTS, default="logit", help="unit of the scores (default: logit)")
    command.add_argument("--seed", type=int, default=0, help="for methods that draw at random (default: 0)")
    command.add_argument("--precision", choices=PRECISIONS, default="fp32", help="default: fp32")
    command.add_argument("--evaluate", action="store_true", help="measure each method against chance")
    command.add_argument("--prompts", action="store_true", help="compare prompts instead of methods")
    command.add_argument("--column", help="of a .csv file: a name of its first row, or a number from 0")
    command.add_argument("--keyword", metavar="WORD", **several, help="followed through prompts; may be repeated")
    command.add_argument("--case", action="store_true", help="keywords: “Paris” is not “paris”")
    command.add_argument("--parts", action="store_true", help="keywords: “art” is in “party”")
    command.add_argument("--save", metavar="FILE", **several, help=f"{' '.join(SUFFIXES)}; may be repeated")


def compare(asked: Namespace) -> None:
    """Compares, saves what is to be saved, and prints sentences and tables, or JSON."""
    for file in asked.save:
        checked(Path(file).suffix)
    found = _prompts(asked) if asked.prompts else _methods(asked)
    for file in asked.save:
        save(found, file)
    if asked.json:
        sys.stdout.write(found.to_json() + "\n")
        return
    lines = prompts_lines(found) if isinstance(found, PromptComparison) else methods_lines(found)
    sys.stdout.write("".join(f"{harmless(line)}\n" for line in lines))


def methods_lines(comparison: Comparison) -> list[str]:
    """Sentences, then Spearman's ρ of every two methods with what each cost."""
    names = [method_name(key) for key in comparison.methods]
    wide = max(map(len, names), default=0)
    head = " ".join(f"{place:>5}" for place in range(1, len(names) + 1))
    lines = [methods_title(comparison), *sentences(comparison), "", f"{'':{wide + 3}} {head}  evaluations"]
    for place, (name, each) in enumerate(zip(names, comparison.explanations, strict=True)):
        numbers = " ".join(f"{two_digits(value):>5}" for value in comparison.agreement.spearman[place])
        lines.append(f"{place + 1:>2} {name:{wide}} {numbers}  {each.evaluations:>11,}")
    for metric, title in {score.metric: score.name for each in comparison.scores.values() for score in each}.items():
        lines += ["", title]
        for key, scores in comparison.scores.items():
            lines += [
                f"   {method_name(key):{wide}} {show(score.value):>8}"
                for score in scores
                if score.metric == metric and score.value is not None
            ]
        lines.append(chance_sentence(comparison, metric))
    return lines


def prompts_lines(comparison: PromptComparison) -> list[str]:
    """The answers, one line a prompt, and what became of each keyword."""
    lines = [prompts_title(comparison), answers_sentence(comparison), ""]
    words = comparison.explanations[0].request.task != "classification"
    for place, (each, answer) in enumerate(zip(comparison.explanations, comparison.answers, strict=True)):
        name = quoted(answer.label) if words else drawable(answer.label)
        own = "" if answer.index == each.target.index else f"  (says {name})"
        lines.append(f"{place + 1:>2} {percent(each.probability):>8}  {' '.join(each.request.text.split())}{own}")
    for method in comparison.methods if comparison.keywords else ():
        lines += ["", f"Keywords by {method_name(method)}", *keyword_sentences(comparison, method)]
    told = {**comparison.unavailable, **{quoted(text): why for text, why in comparison.failed.items()}}
    return [*lines, *(f"{name} is left out: {why}" for name, why in told.items())]


def _methods(asked: Namespace) -> Comparison:
    from tokimp.cli.commands import model_of, text_of
    from tokimp.compare.methods import DEFAULT, Methods, comparing
    from tokimp.compare.prompts import Target

    chosen = Methods(tuple(asked.method) or DEFAULT, asked.seed, evaluate=asked.evaluate)
    with Progress(sys.stderr) as progress:
        model = _loaded(asked, progress, model_of(asked))
        question = Target(*_target(asked)).ask(model, text_of(asked.text))
        *_, found = comparing(question, chosen, progress.report, progress.counter)
    return found


def _prompts(asked: Namespace) -> PromptComparison:
    from tokimp.cli.commands import model_of
    from tokimp.compare.keywords import Keywords
    from tokimp.compare.methods import Methods
    from tokimp.compare.prompts import Prompts, Target, comparing_prompts

    if asked.evaluate:
        raise InputError("Methods are measured on one text.", "Leave --evaluate or --prompts away.")
    prompts = tuple(_variations(asked))
    chosen = Methods(tuple(asked.method) or ("integrated_gradients",), asked.seed)
    words = Keywords(tuple(asked.keyword), asked.case, not asked.parts)
    with Progress(sys.stderr) as progress:
        model = _loaded(asked, progress, model_of(asked))
        question = Prompts(model, prompts, Target(*_target(asked)), chosen, words)
        *_, found = comparing_prompts(question, progress.report, progress.counter)
    return found


def _variations(asked: Namespace) -> list[Any]:
    """Of a .csv or .txt file, of standard input, or of the argument itself."""
    from tokimp.cli.commands import text_of
    from tokimp.compare.templates import from_csv, variations

    kind = Path(asked.text).suffix.lower()
    if kind not in (".csv", ".txt") or "\n" in asked.text:
        return variations(text_of(asked.text))
    if not os.path.isfile(asked.text):
        raise InputError(f"There is no file {asked.text}.", "Give one, or write the prompts one a line.")
    table = Path(asked.text).read_text(encoding="utf-8", errors="replace")
    column = asked.column
    if kind == ".csv":
        return from_csv(table, int(column) if column is not None and column.isdecimal() else column)
    return variations(table)


def _loaded(asked: Namespace, progress: Progress, key: str) -> Any:
    from tokimp import api

    progress.say(f"loading {key} …")
    return api.load(key, task=asked.task).computing_in(asked.precision)


def _target(asked: Namespace) -> tuple[Any, ...]:
    target = asked.target if asked.target_id is None else asked.target_id
    contrast = asked.contrast if asked.contrast_id is None else asked.contrast_id
    return target, contrast, asked.output, asked.mask
