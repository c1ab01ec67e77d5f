"""Comparisons as pages of their own, as what a notebook shows, and as files."""

from __future__ import annotations

import os
from pathlib import Path

from tokimp.comparison import Comparison
from tokimp.errors import OptionError
from tokimp.prompt_comparison import PromptComparison
from tokimp.views.characters import drawable, escaped, quoted
from tokimp.views.compare.answers import answers_figure
from tokimp.views.compare.cells import method_name
from tokimp.views.compare.columns import columns_html
from tokimp.views.compare.keywords import keywords_payload
from tokimp.views.compare.lines import lines_html
from tokimp.views.compare.matrix import MEASURES, matrix_html, note, title
from tokimp.views.compare.metrics import tables_html
from tokimp.views.compare.sentences import sentences
from tokimp.views.compare.sheet import methods_csv, prompts_csv
from tokimp.views.drawing import markup
from tokimp.views.figure import page_html, part_html
from tokimp.views.page import question

SUFFIXES = (".html", ".csv", ".json")

_LETTERS = 60


def methods_fragment(comparison: Comparison) -> str:
    """For a page of somebody else's: brings its own style, no script."""
    return part_html(methods_body(comparison))


def methods_page(comparison: Comparison) -> str:
    """One self-contained document: no script, no request, light and dark as the reader's system is."""
    return page_html(methods_title(comparison), methods_body(comparison))


def methods_title(comparison: Comparison) -> str:
    """What is compared, in one line."""
    if not comparison.explanations:
        return "Methods compared"
    return f"{question(comparison.explanations[0])} {len(comparison.explanations)} methods compared"


def methods_body(comparison: Comparison) -> str:
    """Sentences, a coloured line a method, agreement and tables, without style."""
    told = "".join(f'<p class="tk-told" dir="auto">{escaped(each)}</p>' for each in sentences(comparison))
    matrices = ""
    if len(comparison.explanations) > 1:
        agreement = comparison.agreement
        others = "".join(
            f"<details><summary>{escaped(title(agreement, each))}</summary>{matrix_html(agreement, each)}</details>"
            for each in MEASURES[1:]
        )
        matrices = f"{matrix_html(agreement)}<p>{escaped(note(agreement))}</p>{others}"
    return (
        f'<section class="tk-root tk-inside">{_heading(methods_title(comparison))}{told}'
        f"{lines_html(comparison)}{matrices}{tables_html(comparison)}</section>"
    )


def prompts_fragment(comparison: PromptComparison) -> str:
    """For a page of somebody else's: brings its own style, no script."""
    return part_html(prompts_body(comparison))


def prompts_page(comparison: PromptComparison) -> str:
    """One self-contained document: no script, no request, light and dark as the reader's system is."""
    return page_html(prompts_title(comparison), prompts_body(comparison))


def prompts_title(comparison: PromptComparison) -> str:
    """What is compared, in one line."""
    count = len(comparison.prompts)
    if not comparison.explanations:
        return "Prompts compared"
    return f"{question(comparison.explanations[0])} {count} prompt{'s' if count != 1 else ''} compared"


def prompts_body(comparison: PromptComparison) -> str:
    """The answers, the aligned tokens by each method, and the keywords, without style."""
    figure = answers_figure(comparison)
    parts = [] if figure is None else [markup(figure)]
    parts += [columns_html(comparison, method) for method in comparison.methods]
    for drawn in keywords_payload(comparison):
        parts.append(markup(drawn["tree"]))
        parts += [f'<p dir="auto">{escaped(sentence)}</p>' for sentence in drawn["sentences"]]
    return (
        f'<section class="tk-root tk-inside">{_heading(prompts_title(comparison))}{_left_out(comparison)}'
        f"{''.join(parts)}</section>"
    )


def save(comparison: Comparison | PromptComparison, path: str | os.PathLike[str]) -> None:
    """Writes .html, .csv or .json, or nothing where it raises.

    Raises:
        OptionError: another suffix.
    """
    file = Path(path)
    file.write_bytes(content(comparison, file.suffix))


def content(comparison: Comparison | PromptComparison, suffix: str) -> bytes:
    """What a file of this suffix holds, in UTF-8.

    Raises:
        OptionError: there is no such format.
    """
    known = checked(suffix)
    if known == ".json":
        written = comparison.to_json()
    elif isinstance(comparison, Comparison):
        written = methods_page(comparison) if known == ".html" else methods_csv(comparison)
    else:
        written = prompts_page(comparison) if known == ".html" else prompts_csv(comparison)
    return written.encode("utf-8", "replace")


def checked(suffix: str) -> str:
    """The suffix in small letters.

    Raises:
        OptionError: there is no such format.
    """
    if suffix.lower() not in SUFFIXES:
        raise OptionError(f"There is no format {suffix!r}.", f"There are: {', '.join(SUFFIXES)}.")
    return suffix.lower()


def _heading(line: str) -> str:
    return f'<h2 class="tk-question" dir="auto">{escaped(line)}</h2>'


def _left_out(comparison: PromptComparison) -> str:
    told = [f"{method_name(key)} is left out: {why}" for key, why in sorted(comparison.unavailable.items())]
    for prompt, why in sorted(comparison.failed.items()):
        cut = prompt if len(prompt) <= _LETTERS else f"{prompt[: _LETTERS - 1]}…"
        told.append(f"{quoted(drawable(cut))} is left out: {why}")
    return "".join(f'<p class="tk-limit" dir="auto">{escaped(each)}</p>' for each in told)
