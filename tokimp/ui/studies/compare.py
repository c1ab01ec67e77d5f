"""Several methods on one text, as a study: what each says, how far they agree, and whether they beat chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokimp import api
from tokimp.compare.methods import Methods, comparing
from tokimp.comparison import Comparison
from tokimp.errors import OptionError
from tokimp.methods.base import option
from tokimp.models.text_model import TextModel
from tokimp.share import LONGEST_NAME
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.studies.asking import declared, joined, methods_in
from tokimp.ui.studies.base import STUDIES, Studied
from tokimp.ui.trusting import CHOSEN
from tokimp.views.compare.page import methods_body, methods_title
from tokimp.watch import Watch

KEY = "compare"
USUAL = ("attention", "value_zeroing", "gradient_x_input", "integrated_gradients", "attn_lrp", "occlusion")
"""What is known best of those that take a second or two on a short text."""


@dataclass(frozen=True)
class Options:
    """What a link says of a comparison. `methods`: keys between commas."""

    methods: str = option(joined(USUAL), "Methods", "Keys between commas.", kind=str, high=LONGEST_NAME)
    evaluate: bool = option(
        True, "Measure each", "Faithfulness beside random scores, which takes as long again.", choices=(True, False)
    )


@dataclass(frozen=True)
class CompareMethods:
    """The tab that compares methods."""

    title: str = "Compare methods"

    def check(self, request: Request) -> None:
        work.check_length(request.text)
        options: Options = declared(KEY, Options, request)
        methods_in(options.methods)
        if request.method:
            raise OptionError("A comparison has several methods.", "Ask it anew on the page.")

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[Comparison]:
        options: Options = declared(KEY, Options, request)
        question = api.ask(
            model,
            request.text,
            request.target,
            request.contrast,
            request.output,
            request.mask,
            limit=work.MOST_TOKENS[model.task],
        )
        wanted = Methods(methods_in(options.methods), seed=request.seed, evaluate=options.evaluate, metrics=CHOSEN)
        return comparing(question, wanted, watch, watch)

    def heading(self, studied: Studied) -> str:
        return methods_title(studied.value)

    def body(self, studied: Studied) -> str:
        return methods_body(studied.value)


STUDIES.add(KEY, CompareMethods())
