"""Variations of a prompt, as a study: what each changes, token by token and keyword by keyword."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokimp.compare.keywords import Keywords
from tokimp.compare.methods import Methods
from tokimp.compare.prompts import Prompts, Target, comparing_prompts
from tokimp.compare.templates import variations
from tokimp.methods.base import option
from tokimp.models.text_model import TextModel
from tokimp.prompt_comparison import PromptComparison
from tokimp.share import LONGEST_NAME
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.studies.asking import declared, listed, methods_in
from tokimp.ui.studies.base import STUDIES, Studied
from tokimp.views.compare.page import prompts_body, prompts_title
from tokimp.watch import Watch

KEY = "prompts"


@dataclass(frozen=True)
class Options:
    """What a link says of prompts beside its text, which has one a line, and its method, which may be several."""

    keywords: str = option("", "Keywords", "Words or phrases between commas.", kind=str, high=LONGEST_NAME)
    case: bool = option(False, "Case matters", "“Paris” is not “paris”.", choices=(False, True))
    whole: bool = option(True, "Whole words", "“art” is not in “party”.", choices=(True, False))


@dataclass(frozen=True)
class ComparePrompts:
    """The tab that compares prompts."""

    title: str = "Compare prompts"

    def check(self, request: Request) -> None:
        work.check_length(request.text)
        options: Options = declared(KEY, Options, request)
        _keywords(options)
        methods_in(request.method)
        for prompt in variations(request.text):
            work.check_length(prompt.text)

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[PromptComparison]:
        options: Options = declared(KEY, Options, request)
        asked = Prompts(
            model=model,
            prompts=tuple(variations(request.text)),
            target=Target(request.target, request.contrast, request.output, request.mask),
            methods=Methods(methods_in(request.method), request.seed),
            keywords=_keywords(options),
            limit=work.MOST_TOKENS[model.task],
        )
        return comparing_prompts(asked, watch, watch)

    def heading(self, studied: Studied) -> str:
        return prompts_title(studied.value)

    def body(self, studied: Studied) -> str:
        return prompts_body(studied.value)


def _keywords(options: Options) -> Keywords:
    return Keywords(listed(options.keywords), options.case, options.whole)


STUDIES.add(KEY, ComparePrompts())
